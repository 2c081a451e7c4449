/** Keeps react-aria from loading the browser's tables of calendars, languages and units while the page starts. */
import type { Plugin } from 'vite';

/**
 * What react-aria asks at its start, and what is asked in its place.
 *
 * Whether the browser's language is a language at all: it asks the formatter of dates, which then reads all that it knows,
 * 30 ms on a laptop and four times that on a phone. `getCanonicalLocales` throws for the same names and reads nothing.
 * Whether it is written from the right: it asks the table of all languages, 10 ms, before its own list of those that are.
 * Whether numbers can be written with a sign but for zero: it makes a formatter, the first of which reads the tables of
 * currencies and units, 12 ms. Every browser that the app is built for can.
 */
const REPLACED = [
  {
    module: /react-aria\/dist\/private\/i18n\/useDefaultLocale\.mjs$/,
    asked: /Intl\.DateTimeFormat\.supportedLocalesOf\(/,
    instead: 'Intl.getCanonicalLocales(',
  },
  {
    module: /react-aria\/dist\/private\/i18n\/utils\.mjs$/,
    asked: /if \(Intl\.Locale\) \{/,
    instead: 'if (false) {',
  },
  {
    module: /@internationalized\/number\/dist\/private\/NumberFormatter\.mjs$/,
    asked:
      /new Intl\.NumberFormat\('de-DE', \{\s*signDisplay: 'exceptZero'\s*\}\)\.resolvedOptions\(\)\.signDisplay === 'exceptZero'/,
    instead: 'true',
  },
] as const;

export function lightLocale(): Plugin {
  return {
    name: 'light-locale',
    apply: 'build',
    transform: {
      filter: { id: REPLACED.map(({ module }) => module) },
      handler(code, id) {
        const replaced = REPLACED.find(({ module }) => module.test(id));
        if (replaced === undefined) return null;
        if (!replaced.asked.test(code)) this.error(`${id} asks in another way now: see vite.locale.ts`);
        return { code: code.replace(replaced.asked, replaced.instead), map: null };
      },
    },
  };
}
