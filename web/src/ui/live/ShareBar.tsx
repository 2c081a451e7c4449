/** While one shares: what it is taken for, one's own word on that, something else, and the end. */
import { MonitorX, RefreshCw } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button, Label, RadioButton, RadioField, RadioGroup } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { MeetingClient, ShareContent, ShareSnapshot } from '../../meeting/index.ts';
import { useShare } from './useShare.ts';
import { LIVE } from './words.ts';

const CONTENTS = ['auto', 'text', 'motion'] as const satisfies readonly ShareContent[];

interface ShareBarProps {
  readonly meeting: MeetingClient;
  readonly share: ShareSnapshot;
}

export function ShareBar({ meeting, share }: ShareBarProps): ReactNode {
  const { t } = useTranslation(LIVE);
  const { t: common } = useTranslation();
  const shareOther = useShare(meeting);
  return (
    <div className="share-bar">
      <RadioGroup
        className="choice"
        value={share.chosen}
        onChange={(content) => {
          meeting.setShareContent(content as ShareContent);
        }}
      >
        <Label>{t('content.title')}</Label>
        <div className="choice-options">
          {CONTENTS.map((content) => (
            <RadioField key={content} value={content}>
              <RadioButton className="choice-option">{t(`content.${content}`)}</RadioButton>
            </RadioField>
          ))}
        </div>
      </RadioGroup>
      <p className="share-note">
        {t('content.hint')} {share.chosen === 'auto' && t(`takenFor.${share.content}`)}
      </p>
      <div className="share-actions">
        <Button
          className="button"
          onPress={() => {
            shareOther();
          }}
        >
          <RefreshCw aria-hidden /> {t('shareOther')}
        </Button>
        <Button
          className="button"
          onPress={() => {
            meeting.stopShare();
          }}
        >
          <MonitorX aria-hidden /> {common('meeting.stopShare')}
        </Button>
      </div>
    </div>
  );
}
