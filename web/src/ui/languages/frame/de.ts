import type { WordsLike } from '../areas.ts';
import type { en } from './en.ts';

export const de: WordsLike<typeof en> = {
  home: 'Parley, Startseite',
  ways: 'Seiten',
  to: {
    meetings: 'Treffen',
    recordings: 'Aufzeichnungen',
    settings: 'Einstellungen',
    admin: 'Verwaltung',
  },
  loading: 'Wird geladen …',
  stale: 'Gerade kommt keine Antwort. Du siehst den Stand von eben; Parley fragt weiter.',
  retry: 'Erneut versuchen',
  more: 'Mehr zeigen',
  back: 'Zurück',
  named: '{{what}}: {{name}}',
  signIn: 'Melde dich an, um diese Seite zu sehen.',
  signInNow: 'Anmelden',
  signInFailed: 'Die Anmeldung lässt sich gerade nicht beginnen. Versuch es gleich noch einmal.',
  failure: {
    offline: 'Es kam keine Antwort. Prüfe dein Netz und versuch es noch einmal.',
    signedOut: 'Du bist nicht mehr angemeldet. Melde dich auf der Startseite neu an.',
    forbidden: 'Das steht dir nicht offen.',
    missing: 'Das gibt es nicht, oder nicht mehr.',
    conflict: 'Das passt nicht dazu, wie es gerade steht. Sieh nach und versuch es noch einmal.',
    gone: 'Das ist schon vorbei.',
    changed: 'Jemand hat es inzwischen geändert. Sieh nach und versuch es noch einmal.',
    wrong: 'Etwas von deinen Angaben ist nicht möglich.',
    tooMany: 'Das war zu viel auf einmal. Warte einen Moment.',
    away: 'Parley kann gerade nicht antworten. Versuch es gleich noch einmal.',
    other: 'Das hat nicht geklappt. Versuch es gleich noch einmal.',
  },
};
