/**
 * What the HLS playlists of a film that is being made say: its codecs, its header, and each piece that is done.
 *
 * Pure; reads what docs/recording.md ("The film") says that composers write, and throws at anything else.
 * Source: RFC 8216, sections 4.3.2 and 4.3.4.2.
 */
export interface Rendition {
  /** As `addSourceBuffer` takes it. */
  readonly type: string;
  readonly playlist: string;
}

/** A fragment: some seconds of the film, as bytes of an object. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface GrowingList {
  readonly header: string;
  readonly pieces: readonly Piece[];
}

/** @throws SyntaxError where it names no rendition. */
export function parseMaster(text: string): Rendition {
  const lines = linesOf(text);
  const at = lines.findIndex((line) => line.startsWith('#EXT-X-STREAM-INF:'));
  const codecs = /CODECS="([^"]+)"/.exec(lines[at] ?? '')?.[1];
  const playlist = lines[at + 1];
  if (codecs === undefined || playlist === undefined) throw new SyntaxError('no rendition with its codecs');
  return { type: `video/mp4; codecs="${codecs}"`, playlist };
}

/** @throws SyntaxError where a header is missing, or bytes or seconds of a piece. */
export function parseList(text: string): GrowingList {
  const lines = linesOf(text);
  const header = lines.map((line) => /^#EXT-X-MAP:URI="([^"]+)"$/.exec(line)?.[1]).find(Boolean);
  if (header === undefined) throw new SyntaxError('no header');
  const pieces: Piece[] = [];
  let [seconds, bytes, offset] = [NaN, NaN, NaN];
  for (const line of lines) {
    if (line.startsWith('#EXTINF:')) seconds = Number.parseFloat(line.slice('#EXTINF:'.length));
    const range = /^#EXT-X-BYTERANGE:(\d+)@(\d+)$/.exec(line);
    if (range !== null) [bytes, offset] = [Number(range[1]), Number(range[2])];
    if (line.startsWith('#')) continue;
    if (!(seconds > 0) || !(bytes > 0)) throw new SyntaxError(`no length of ${line}`);
    const from = pieces.at(-1)?.to ?? 0;
    pieces.push({ from, to: from + seconds, name: line, offset, bytes });
    [seconds, bytes, offset] = [NaN, NaN, NaN];
  }
  return { header, pieces };
}

/**
 * The first piece from a moment on that is not there yet; null where enough is.
 *
 * @param ahead How many seconds behind the moment are wanted.
 * @param isThere Whether the browser holds the film at a moment.
 */
export function pieceWanted(
  pieces: readonly Piece[],
  now: number,
  ahead: number,
  isThere: (seconds: number) => boolean,
): Piece | null {
  const wanted = pieces.find(({ from, to }) => to > now && from < now + ahead && !isThere((from + to) / 2));
  return wanted ?? null;
}

function linesOf(text: string): readonly string[] {
  return text.split(/\r?\n/).filter((line) => line !== '');
}
