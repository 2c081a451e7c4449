import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ContentClassifier, type Content } from './ContentClassifier.ts';
import { CELLS, COLUMNS, SAMPLE_HEIGHT, SAMPLE_WIDTH, changedCells, lumaOf } from './frameChange.ts';

const TICK_MS = 100;
let classifier: ContentClassifier;
let now: number;

beforeEach(() => {
  now = 0;
  classifier = new ContentClassifier(now);
});

/** Changes of a block of cells from the upper left corner. */
function block(columns: number, rows: number): Uint8Array {
  return new Uint8Array(CELLS).map((_, cell) =>
    cell % COLUMNS < columns && Math.floor(cell / COLUMNS) < rows ? 1 : 0,
  );
}

const NOTHING = block(0, 0);
const LINE = block(3, 1);
const FILM = block(5, 4);
const PAGE = block(16, 8);

function show(changes: (tick: number) => Uint8Array, ms: number): Content {
  for (let tick = 0; tick < ms / TICK_MS; tick += 1) {
    now += TICK_MS;
    classifier.handleSample(changes(tick), now);
  }
  return classifier.content;
}

describe('ContentClassifier', () => {
  it('takes a share for text until it knows better', () => {
    expect(classifier.content).toBe('text');
  });

  it('calls a picture that rests static, and text again as soon as somebody types', () => {
    expect(show(() => NOTHING, 3_900)).toBe('text');
    expect(show(() => NOTHING, 200)).toBe('static');
    expect(show(() => LINE, TICK_MS)).toBe('text');
  });

  it('leaves a picture static in which only a cursor blinks', () => {
    show(() => NOTHING, 5_000);
    expect(show((tick) => (tick % 5 === 0 ? block(1, 1) : NOTHING), 10_000)).toBe('static');
  });

  it('knows a small film in a page within three seconds', () => {
    expect(show(() => FILM, 3_000)).toBe('motion');
  });

  it('knows a film of 12 frames a second', () => {
    expect(show((tick) => (tick % 6 === 5 ? NOTHING : FILM), 4_000)).toBe('motion');
  });

  it('takes typing for text however long it goes on', () => {
    expect(show((tick) => (tick % 3 === 0 ? LINE : NOTHING), 60_000)).toBe('text');
  });

  it('takes a flick through a page for text', () => {
    expect(show(() => PAGE, 1_400)).toBe('text');
    expect(show(() => NOTHING, 1_000)).toBe('text');
  });

  it('stays with a film through a still shot, and ends it when it stops', () => {
    show(() => FILM, 3_000);
    expect(show(() => NOTHING, 2_500)).toBe('motion');
    show(() => FILM, 2_000);
    expect(show(() => NOTHING, 3_700)).toBe('text');
    expect(show(() => NOTHING, 4_000)).toBe('static');
  });

  it('says when a whole new picture came after a rest, once', () => {
    show(() => NOTHING, 2_000);
    expect(classifier.handleSample(PAGE, 2_100).isNewPicture).toBe(true);
    expect(classifier.handleSample(PAGE, 2_200).isNewPicture).toBe(false);
  });

  it('tells how much changes and how fast', () => {
    show(() => FILM, 3_000);
    const { region } = classifier.handleSample(FILM, now + TICK_MS);
    expect(region?.area).toBe(20 / CELLS);
    expect(region?.hz).toBeGreaterThan(9);
    show(() => NOTHING, 5_000);
    expect(classifier.handleSample(NOTHING, now + TICK_MS).region).toBeNull();
  });

  it('takes two small places far from each other for little', () => {
    const corners = new Uint8Array(CELLS);
    corners[0] = corners[CELLS - 1] = 1;
    expect(classifier.handleSample(corners, TICK_MS).region?.area).toBe(2 / CELLS);
  });

  it('begins anew when another surface is shared', () => {
    show(() => FILM, 3_000);
    classifier.reset(now);
    expect(classifier.content).toBe('text');
  });

  it('never switches to or from a film twice within its patience, whatever is shown', () => {
    const picture = fc.constantFrom(NOTHING, LINE, FILM, PAGE);
    fc.assert(
      fc.property(fc.array(fc.tuple(picture, fc.integer({ min: 1, max: 60 })), { maxLength: 40 }), (plan) => {
        const subject = new ContentClassifier(0);
        let [at, before, switchedAt] = [0, subject.content, -Infinity];
        for (const [changes, ticks] of plan) {
          for (let tick = 0; tick < ticks; tick += 1) {
            at += TICK_MS;
            const { content } = subject.handleSample(changes, at);
            if ((content === 'motion') !== (before === 'motion')) {
              expect(at - switchedAt).toBeGreaterThanOrEqual(1_500);
              switchedAt = at;
            }
            before = content;
          }
        }
      }),
    );
  });
});

describe('changedCells', () => {
  const grey = (value: number) => new Uint8Array(SAMPLE_WIDTH * SAMPLE_HEIGHT).fill(value);

  it('finds the cell in which a cursor appeared, and nothing else', () => {
    const after = grey(255);
    after[25 * SAMPLE_WIDTH + 31] = 0;
    after[26 * SAMPLE_WIDTH + 31] = 0;
    const changes = changedCells(grey(255), after);
    expect([...changes.entries()].filter(([, changed]) => changed === 1)).toEqual([[2 * COLUMNS + 3, 1]]);
  });

  it('overlooks the noise of scaling', () => {
    expect(changedCells(grey(100), grey(109)).every((changed) => changed === 0)).toBe(true);
  });

  it('sees white as bright and black as dark', () => {
    const rgba = new Uint8ClampedArray(4 * SAMPLE_WIDTH * SAMPLE_HEIGHT).fill(255);
    expect(lumaOf(rgba)[0]).toBe(255);
    expect(lumaOf(new Uint8ClampedArray(rgba.length))[0]).toBe(0);
  });
});
