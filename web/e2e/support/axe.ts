/** What WCAG 2.2 AA and good practice forbid on a page as it stands, and words that are out of their order there. */
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { turnedWords } from '../../scripts/order.mjs';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface Finding {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string }[];
}

declare global {
  var axe: { run: (on: object, options: object) => Promise<{ readonly violations: readonly Finding[] }> };
}

export async function findingsOf(page: Page): Promise<readonly string[]> {
  // The policy of a real page lets no script be added: it is run as the browser's own.
  await page.evaluate(await (await import('node:fs/promises')).readFile(AXE, 'utf8'));
  const { violations } = await page.evaluate(
    // React Aria's announcer keeps for seven seconds what it read aloud, by the id of what may be gone since.
    (values) =>
      globalThis.axe.run({ exclude: ['[data-live-announcer]'] }, { runOnly: { type: 'tag', values } }),
    TAGS,
  );
  const turned = await page.evaluate(turnedWords);
  return [
    ...violations.map(({ id, help, nodes }) => `${id}: ${help} ${nodes.map(({ html }) => html).join(' ')}`),
    ...turned.map((text) => `in another order: ${text}`),
  ];
}
