/** A link as any other, with middle click and address, that leaves this page standing. */
import type { MouseEvent, ReactNode } from 'react';
import { pathOf, type Route } from '../route.ts';

interface PageLinkProps {
  readonly to: Route;
  readonly onGo: (route: Route) => void;
  readonly className?: string;
  readonly label?: string;
  readonly isCurrent?: boolean;
  readonly children: ReactNode;
}

export function PageLink({ to, onGo, className, label, isCurrent, children }: PageLinkProps): ReactNode {
  const go = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return;
    event.preventDefault();
    onGo(to);
  };
  return (
    <a
      href={pathOf(to)}
      onClick={go}
      className={className}
      aria-label={label}
      aria-current={isCurrent === true ? 'page' : undefined}
    >
      {children}
    </a>
  );
}
