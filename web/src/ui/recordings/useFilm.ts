/**
 * The links of a film and what its side files say.
 *
 * Links end five minutes after they were given: `renew` asks for new ones, and the player goes on where it was.
 */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { RecordingMedia } from '../../meeting/index.ts';
import { parseCues, parseThumbnails, type Cue, type Thumbnail } from './vtt.ts';
import type { RecordingsClient } from './RecordingsPage.tsx';

export interface Film {
  readonly media: RecordingMedia;
  readonly chapters: readonly Cue[];
  readonly thumbnails: readonly Thumbnail[];
  readonly sprite: string | null;
}

type Loading =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'loaded'; readonly film: Film };

/** A link that ends within this long is not begun with. */
const MARGIN_MS = 5_000;

/** @param isWhole Whether there is a film to ask for yet. */
export function useFilm(id: string, recordings: RecordingsClient, isWhole: boolean) {
  const [loading, setLoading] = useState<Loading>({ kind: 'loading' });
  const isAsking = useRef(false);

  const renew = useCallback(() => {
    if (isAsking.current) return;
    isAsking.current = true;
    readFilm(id, recordings)
      .then(
        (film) => {
          setLoading({ kind: 'loaded', film });
        },
        () => {
          setLoading({ kind: 'failed' });
        },
      )
      .finally(() => {
        isAsking.current = false;
      });
  }, [id, recordings]);

  useEffect(() => {
    if (isWhole) renew();
  }, [isWhole, renew]);
  return { loading, renew };
}

export function isOver(media: Pick<RecordingMedia, 'expiresAt'>, now: number): boolean {
  return now > Date.parse(media.expiresAt) - MARGIN_MS;
}

async function readFilm(id: string, recordings: RecordingsClient): Promise<Film> {
  const media = await recordings.media(id);
  const [chapters, thumbnails] = await Promise.all([
    readText(media.chapters?.url),
    readText(media.thumbnails?.url),
  ]);
  return {
    media,
    chapters: parseCues(chapters),
    thumbnails: parseThumbnails(thumbnails),
    sprite: media.thumbnails?.sprite ?? null,
  };
}

/** A film without its chapters and thumbnails is still a film. */
async function readText(url: string | undefined): Promise<string> {
  if (url === undefined) return '';
  try {
    const answer = await fetch(url);
    return answer.ok ? await answer.text() : '';
  } catch {
    return '';
  }
}
