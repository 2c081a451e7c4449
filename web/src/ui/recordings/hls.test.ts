import { describe, expect, it } from 'vitest';
import { parseList, parseMaster, pieceWanted } from './hls.ts';

const MASTER = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-STREAM-INF:BANDWIDTH=3128000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=25.000
media.m3u8
`;
const LIST = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init.mp4"
#EXTINF:4.000,
#EXT-X-BYTERANGE:700@0
00000.m4s
#EXTINF:3.920,
#EXT-X-BYTERANGE:500@700
00000.m4s
#EXTINF:4.000,
#EXT-X-BYTERANGE:600@0
00001.m4s
`;

describe('the playlists of a film that grows', () => {
  it('say what it is and where its pieces lie', () => {
    expect(parseMaster(MASTER)).toEqual({
      type: 'video/mp4; codecs="avc1.64001f,mp4a.40.2"',
      playlist: 'media.m3u8',
    });
    expect(parseList(LIST)).toEqual({
      header: 'init.mp4',
      pieces: [
        { from: 0, to: 4, name: '00000.m4s', offset: 0, bytes: 700 },
        { from: 4, to: 7.92, name: '00000.m4s', offset: 700, bytes: 500 },
        { from: 7.92, to: 11.92, name: '00001.m4s', offset: 0, bytes: 600 },
      ],
    });
  });

  it.each([
    ['nothing', ''],
    ['no header', LIST.replace(/#EXT-X-MAP.*\n/, '')],
    ['a piece without its bytes', LIST.replace('#EXT-X-BYTERANGE:600@0\n', '')],
    ['a piece without its length', LIST.replace('#EXTINF:3.920,\n', '')],
    ['a page', '<!doctype html>'],
  ])('are refused with %s', (_, text) => {
    expect(() => parseList(text)).toThrow(SyntaxError);
    expect(() => parseMaster(text)).toThrow(SyntaxError);
  });
});

describe('the piece that is read next', () => {
  const { pieces } = parseList(LIST);
  const none = (): boolean => false;

  it('is the first from where one watches that is not there', () => {
    expect(pieceWanted(pieces, 0, 30, none)?.offset).toBe(0);
    expect(pieceWanted(pieces, 5, 30, none)?.from).toBe(4);
    expect(pieceWanted(pieces, 0, 30, (seconds) => seconds < 7.9)?.name).toBe('00001.m4s');
  });

  it('is none where enough is there, and behind the end', () => {
    expect(pieceWanted(pieces, 0, 7, (seconds) => seconds < 7.9)).toBeNull();
    expect(pieceWanted(pieces, 11.92, 30, none)).toBeNull();
  });
});
