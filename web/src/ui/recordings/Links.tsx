/** Links for people without an account: made for an hour, a day or a week, shown once, taken back at any time. */
import { Copy, X } from 'lucide-react';
import { useEffect, useId, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { WatchLink } from '../../meeting/index.ts';
import { momentOf } from '../frame/when.ts';
import type { RecordingsClient } from './RecordingsPage.tsx';
import { WORDS } from './words.ts';

const LENGTHS = { hour: 3_600, day: 86_400, week: 604_800 } as const;
type Length = keyof typeof LENGTHS;

interface LinksProps {
  readonly id: string;
  readonly recordings: RecordingsClient;
}

export function Links({ id, recordings }: LinksProps): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const [links, setLinks] = useState<readonly WatchLink[]>([]);
  const [made, setMade] = useState<{ readonly id: string; readonly url: string } | null>(null);
  const [isFailed, setFailed] = useState(false);

  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setFailed(false);
    try {
      await work();
      setLinks(await recordings.links(id));
    } catch {
      setFailed(true);
    }
  };
  useEffect(() => {
    let isWanted = true;
    recordings.links(id).then(
      (found) => {
        if (isWanted) setLinks(found);
      },
      () => undefined,
    );
    return () => {
      isWanted = false;
    };
  }, [id, recordings]);

  return (
    <fieldset className="recordings-sharing">
      <legend>{t('links')}</legend>
      <p>{t('linksHint')}</p>
      <LengthForm
        onMake={(length) => {
          void attempt(async () => {
            setMade(await recordings.makeLink(id, LENGTHS[length]));
          });
        }}
      />
      {made !== null && <Made url={made.url} />}
      {links.length > 0 && (
        <ul aria-label={t('linksMade')}>
          {links.map((link) => {
            const until = momentOf(link.expiresAt, i18n.language);
            return (
              <li key={link.id}>
                <bdi>{t('linkUntil', { until })}</bdi>
                <Button
                  className="button quiet"
                  aria-label={t('linkTakeBack', { until })}
                  onPress={() => {
                    void attempt(async () => {
                      await recordings.takeBack(id, link.id);
                      if (made?.id === link.id) setMade(null);
                    });
                  }}
                >
                  <X aria-hidden />
                </Button>
              </li>
            );
          })}
        </ul>
      )}
      {isFailed && <p role="alert">{t('changeFailed')}</p>}
    </fieldset>
  );
}

function LengthForm({ onMake }: { readonly onMake: (length: Length) => void }): ReactNode {
  const { t } = useTranslation(WORDS);
  const [length, setLength] = useState<Length>('day');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onMake(length);
      }}
    >
      <label>
        {t('linkLasts')}
        <select
          value={length}
          onChange={(event) => {
            setLength(event.target.value as Length);
          }}
        >
          {(Object.keys(LENGTHS) as Length[]).map((one) => (
            <option key={one} value={one} dir="auto">
              {t(`lengths.${one}`)}
            </option>
          ))}
        </select>
      </label>
      <Button type="submit" className="button">
        {t('linkMake')}
      </Button>
    </form>
  );
}

/** The address, which is shown this once: to copy by hand where the browser copies nothing. */
function Made({ url }: { readonly url: string }): ReactNode {
  const { t } = useTranslation(WORDS);
  const field = useId();
  const [said, setSaid] = useState<'' | 'linkCopied' | 'copyFailed'>('');
  return (
    <div className="recordings-link">
      <label htmlFor={field}>{t('linkMade')}</label>
      <input
        id={field}
        readOnly
        dir="ltr"
        value={url}
        onFocus={(event) => {
          event.target.select();
        }}
      />
      <Button
        className="button"
        onPress={() => {
          Promise.resolve()
            .then(() => navigator.clipboard.writeText(url))
            .then(
              () => {
                setSaid('linkCopied');
              },
              () => {
                setSaid('copyFailed');
              },
            );
        }}
      >
        <Copy aria-hidden /> {t('linkCopy')}
      </Button>
      <span role="status">{said === '' ? '' : t(said)}</span>
    </div>
  );
}
