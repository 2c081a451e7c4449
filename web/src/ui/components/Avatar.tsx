import type { CSSProperties, ReactNode } from 'react';
import { hueOf, initialsOf } from '../layout.ts';

export function Avatar({ id, name }: { readonly id: string; readonly name: string }): ReactNode {
  return (
    <span className="avatar" style={{ '--hue': hueOf(id) } as CSSProperties} aria-hidden>
      {initialsOf(name)}
    </span>
  );
}
