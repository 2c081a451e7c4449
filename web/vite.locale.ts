/** Keeps react-aria from loading the browser's table of calendars while the page starts. */
import type { Plugin } from 'vite';

const MODULE = /react-aria\/dist\/private\/i18n\/useDefaultLocale\.mjs$/;
const CHECK = /Intl\.DateTimeFormat\.supportedLocalesOf\(/;

/**
 * react-aria asks at its start whether the browser's language is a language at all, and asks the formatter of dates,
 * which then reads all that it knows: 30 ms on a laptop, four times that on a phone. `getCanonicalLocales` throws for the
 * same names and reads nothing.
 */
export function lightLocale(): Plugin {
  return {
    name: 'light-locale',
    apply: 'build',
    transform: {
      filter: { id: MODULE },
      handler(code) {
        if (!CHECK.test(code)) this.error('react-aria checks locales in another way now: see vite.locale.ts');
        return { code: code.replace(CHECK, 'Intl.getCanonicalLocales('), map: null };
      },
    },
  };
}
