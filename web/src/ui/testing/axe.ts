/** What WCAG and good practice forbid of a page's structure; colours and sizes take a real browser. */
import axe from 'axe-core';

export async function findingsIn(container: Element): Promise<readonly string[]> {
  const { violations } = await axe.run(container, {
    runOnly: {
      type: 'tag',
      values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    },
    rules: { 'color-contrast': { enabled: false } },
  });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
