import { lazy, useState, type ComponentType, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { loadAreas } from './languages/areas.ts';

/** A component that may still have to be loaded. */
export interface LazyPart<Props> {
  (props: Props): ReactNode;
  /** Loads it ahead of its first showing; where that fails, showing it tries again. */
  readonly load: () => Promise<void>;
}

/**
 * A part of the app that is loaded when it is first shown. Where that fails the meeting goes on, and a note says so.
 * One that is loaded by then shows at once: React keeps what it had to wait for from sight for 300 ms.
 */
export function lazyPart<Props extends object>(
  load: () => Promise<{ readonly default: ComponentType<Props> }>,
): LazyPart<Props> {
  let loaded: ComponentType<Props> | null = null;
  const fetchPart = async (): Promise<{ default: ComponentType<Props> }> => {
    const part = await load();
    // Only now is known which words it has.
    await loadAreas();
    loaded = part.default;
    return part;
  };
  const Awaited = lazy(() => fetchPart().catch(notLoaded<Props>));

  function Part(props: Props): ReactNode {
    // Chosen once: another component in its place would begin with no state.
    const [Shown] = useState<ComponentType<Props>>(() => loaded ?? Awaited);
    return <Shown {...props} />;
  }
  Part.load = async (): Promise<void> => {
    if (loaded === null) await fetchPart().catch(() => undefined);
  };
  return Part;
}

function notLoaded<Props>(error: unknown): { default: ComponentType<Props> } {
  // Offline, or a page that is older than what the server has now.
  console.warn('a part of the app could not be loaded', error);
  return { default: NotLoaded };
}

function NotLoaded(): ReactNode {
  const { t } = useTranslation();
  return (
    <p className="not-loaded" role="alert">
      {t('meeting.notLoaded')}
    </p>
  );
}
