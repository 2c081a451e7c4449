import { lazy, type ComponentType, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { loadAreas } from './languages/areas.ts';

/** A part of the app that is loaded when it is first shown. Where that fails the meeting goes on, and a note says so. */
export function lazyPart<Props extends object>(
  load: () => Promise<{ readonly default: ComponentType<Props> }>,
): ComponentType<Props> {
  return lazy(async (): Promise<{ default: ComponentType<Props> }> => {
    try {
      const part = await load();
      await loadAreas();
      return part;
    } catch (error) {
      // Offline, or a page that is older than what the server has now.
      console.warn('a part of the app could not be loaded', error);
      return { default: NotLoaded };
    }
  });
}

function NotLoaded(): ReactNode {
  const { t } = useTranslation();
  return (
    <p className="not-loaded" role="alert">
      {t('meeting.notLoaded')}
    </p>
  );
}
