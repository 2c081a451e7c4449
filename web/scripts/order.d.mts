/** Texts of a language from left to right that a page from right to left shows in another order. Runs in the page. */
export function turnedWords(): readonly string[];
