import type { WordsLike } from '../areas.ts';
import type { en } from './en.ts';

export const fr: WordsLike<typeof en> = {
  home: 'Parley, page d’accueil',
  ways: 'Pages',
  to: {
    meetings: 'Réunions',
    recordings: 'Enregistrements',
    settings: 'Réglages',
    admin: 'Administration',
  },
  loading: 'Chargement…',
  stale: 'Pas de réponse à l’instant. Vous voyez l’état d’il y a un moment ; Parley redemande.',
  retry: 'Réessayer',
  more: 'Afficher plus',
  back: 'Retour',
  named: '{{what}} : {{name}}',
  signIn: 'Connectez-vous pour voir cette page.',
  signInNow: 'Se connecter',
  signInFailed: 'La connexion ne peut pas commencer pour l’instant. Réessayez dans un moment.',
  failure: {
    offline: 'Aucune réponse. Vérifiez votre réseau, puis réessayez.',
    signedOut: 'Vous n’êtes plus connecté. Reconnectez-vous depuis la page d’accueil.',
    forbidden: 'Cela ne vous est pas ouvert.',
    missing: 'Cela n’existe pas, ou plus.',
    conflict: 'Cela ne va pas avec l’état actuel. Regardez à nouveau, puis réessayez.',
    gone: 'C’est déjà terminé.',
    changed: 'Quelqu’un l’a modifié entre-temps. Regardez à nouveau, puis réessayez.',
    wrong: 'Une partie de votre saisie n’est pas possible.',
    tooMany: 'C’était trop à la fois. Attendez un moment, puis réessayez.',
    away: 'Parley ne peut pas répondre pour l’instant. Réessayez dans un moment.',
    other: 'Cela n’a pas fonctionné. Réessayez dans un moment.',
  },
};
