import type { WordsLike } from '../areas.ts';
import type { en } from './en.ts';

export const es: WordsLike<typeof en> = {
  home: 'Parley, página de inicio',
  ways: 'Páginas',
  to: {
    meetings: 'Reuniones',
    recordings: 'Grabaciones',
    settings: 'Ajustes',
    admin: 'Administración',
  },
  loading: 'Cargando…',
  stale: 'Ahora no hay respuesta. Ves cómo estaba hace un momento; Parley sigue preguntando.',
  retry: 'Reintentar',
  more: 'Mostrar más',
  back: 'Volver',
  named: '{{what}}: {{name}}',
  signIn: 'Inicia sesión para ver esta página.',
  signInNow: 'Iniciar sesión',
  signInFailed: 'Ahora no se puede empezar a iniciar sesión. Vuelve a intentarlo en un momento.',
  failure: {
    offline: 'No hubo respuesta. Revisa tu red y vuelve a intentarlo.',
    signedOut: 'Tu sesión ha terminado. Inicia sesión de nuevo desde la página de inicio.',
    forbidden: 'Esto no está abierto para ti.',
    missing: 'No existe, o ya no.',
    conflict: 'Eso no encaja con cómo están las cosas. Míralo de nuevo y vuelve a intentarlo.',
    gone: 'Ya ha terminado.',
    changed: 'Alguien lo cambió mientras tanto. Míralo de nuevo y vuelve a intentarlo.',
    wrong: 'Algo de lo que escribiste no es posible.',
    tooMany: 'Fue demasiado a la vez. Espera un momento y vuelve a intentarlo.',
    away: 'Parley no puede responder ahora. Vuelve a intentarlo en un momento.',
    other: 'No funcionó. Vuelve a intentarlo en un momento.',
  },
};
