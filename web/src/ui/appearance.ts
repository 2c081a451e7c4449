/** Gives the page the colours and the language of the settings, now and whenever they change. */
import i18next from 'i18next';
import { loadAreas } from './languages/areas.ts';
import { LANGUAGES, directionOf, languageOf } from './languages/index.ts';
import { useSettings, type Theme } from './settings.ts';

/** Until it is called the page follows the system, in English. */
export function followSettings(): void {
  void apply();
  useSettings.subscribe(() => void apply());
  // The browser's own list of languages may change while the page is open.
  addEventListener('languagechange', () => void apply());
}

async function apply(): Promise<void> {
  const { theme, language } = useSettings.getState();
  const page = document.documentElement;
  // A rule of the style sheet, not a style: what builds the sheet writes light-dark() out for older browsers.
  if (theme === 'system') delete page.dataset['theme'];
  else page.dataset['theme'] = theme;
  paintFrame(theme);
  const wanted = languageOf(language, navigator.languages);
  if (wanted !== i18next.language && !(await speak(wanted))) return;
  page.lang = wanted;
  page.dir = directionOf(wanted);
}

/** What the browser draws around the page, as phones and installed apps do, has the chosen colours too. */
function paintFrame(theme: Theme): void {
  for (const colour of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const of = colour.dataset['of'] ?? '';
    if (theme === 'system') colour.media = `(prefers-color-scheme: ${of})`;
    else colour.media = theme === of ? 'all' : 'not all';
  }
}

/** False when the words could not be loaded, or another language was chosen meanwhile: the page keeps what it has. */
async function speak(wanted: string): Promise<boolean> {
  const load = LANGUAGES[wanted]?.load ?? null;
  try {
    if (load !== null && !i18next.hasResourceBundle(wanted, 'translation')) {
      i18next.addResourceBundle(wanted, 'translation', await load());
    }
  } catch (error) {
    // A chunk that cannot be fetched: offline, or a page that is older than the server.
    console.warn('the language could not be loaded', error);
    return false;
  }
  await loadAreas(wanted);
  if (languageOf(useSettings.getState().language, navigator.languages) !== wanted) return false;
  await i18next.changeLanguage(wanted);
  return true;
}
