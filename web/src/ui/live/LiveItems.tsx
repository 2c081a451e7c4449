/** Entries of the menu "More": captions, the small window, the other camera. */
import type { ReactNode } from 'react';
import { MenuItem } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { LocalMediaClient } from '../../meeting/index.ts';
import { useSnapshot } from '../useSnapshot.ts';
import { usePictureInPicture } from './pictureInPicture.ts';
import { usePreferences } from './preferences.ts';
import { LIVE } from './words.ts';

export function LiveItems({ media }: { readonly media: LocalMediaClient }): ReactNode {
  const { t } = useTranslation(LIVE);
  const { areCaptionsShown, change } = usePreferences();
  const { canFlipCamera } = useSnapshot(media);
  const { isSupported, isOpen, toggle } = usePictureInPicture();
  return (
    <>
      {canFlipCamera && (
        <MenuItem className="menu-item" onAction={() => void media.flipCamera()}>
          {t('flip')}
        </MenuItem>
      )}
      <MenuItem
        className="menu-item"
        onAction={() => {
          change({ areCaptionsShown: !areCaptionsShown });
        }}
      >
        {t(areCaptionsShown ? 'captions.hide' : 'captions.show')}
      </MenuItem>
      {isSupported && (
        <MenuItem className="menu-item" onAction={toggle}>
          {t(isOpen ? 'pip.close' : 'pip.open')}
        </MenuItem>
      )}
    </>
  );
}
