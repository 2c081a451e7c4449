import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const sheets = readdirSync(FOLDER).filter((name) => name.endsWith('.css'));

/** Sides of the screen where a side of the text is meant: it would stay there when people write from the right. */
const SIDED =
  /^\s*(left|right|(margin|padding|border)-(left|right)[\w-]*|border-(top|bottom)-(left|right)-radius)\s*:|text-align:\s*(left|right)|float:\s*(left|right)/;

describe.each(sheets)('%s', (name) => {
  const lines = readFileSync(FOLDER + name, 'utf8').split('\n');

  it('names no left and no right', () => {
    expect(lines.filter((line) => SIDED.test(line))).toEqual([]);
  });

  it('loads nothing from elsewhere', () => {
    expect(lines.filter((line) => /url\(|@import/.test(line))).toEqual([]);
  });
});
