/* global document, NodeFilter -- Runs in the page. */
/**
 * Texts of a language from left to right that a page from right to left shows in another order: `MB 3.2`, `AM 10:01`,
 * `.Not sent`.
 *
 * Runs in the page, on what has a place there.
 */
export function turnedWords() {
  const found = [];
  const range = document.createRange();
  const placeOf = (node, index) => {
    range.setStart(node, index);
    range.setEnd(node, index + 1);
    return range.getBoundingClientRect();
  };
  /** Texts that follow each other without an element between them are read as one. */
  const runs = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const last = runs.at(-1);
    if (last !== undefined && last.at(-1).nextSibling === node) last.push(node);
    else runs.push([node]);
  }
  /** Where the last letter of a sentence is, and what ends it. */
  const endOf = (run) => {
    const node = run.findLast(({ data }) => data.trim() !== '');
    if (node === undefined) return [];
    const end = /[\p{L}\p{N}][.!?…:]\s*$/u.exec(node.data)?.index;
    return end === undefined ? [] : [placeOf(node, end), placeOf(node, end + 1)];
  };
  for (const run of runs) {
    const words = run.flatMap((node) =>
      [...node.data.matchAll(/\S*[\p{L}\p{N}%–×]\S*/gu)].map((word) => placeOf(node, word.index)),
    );
    const seen = [...words, ...endOf(run)].filter(({ width, height }) => width > 0 && height > 0);
    const isTurned = seen.some((place, index) => {
      const before = seen[index - 1];
      return before !== undefined && Math.abs(before.top - place.top) < 2 && place.left < before.left;
    });
    if (isTurned)
      found.push(
        run
          .map((node) => node.data)
          .join('')
          .trim(),
      );
  }
  return found;
}
