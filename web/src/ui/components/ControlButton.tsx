import type { ReactNode } from 'react';
import { Button, Tooltip, TooltipTrigger } from 'react-aria-components';
import type { ShortcutId } from '../shortcuts.ts';
import { useShortcutName } from '../useShortcut.ts';

interface ControlButtonProps {
  /** Says what a press does. */
  readonly label: string;
  readonly icon: ReactNode;
  /** Left out inside a DialogTrigger, which opens its dialog. */
  readonly onPress?: () => void;
  /** Shown as off, in red: microphone and camera. */
  readonly isOff?: boolean;
  /** Shown as on: a raised hand, a running share. */
  readonly isActive?: boolean;
  /** For buttons that show and hide a panel. */
  readonly isExpanded?: boolean;
  readonly className?: string;
  /** A number of things not seen yet. */
  readonly badge?: number;
  readonly shortcut?: ShortcutId;
}

/** More unread messages than this are many. */
const MOST = 9;

/** A button with a name that shows on hover and focus. */
export function ControlButton(props: ControlButtonProps): ReactNode {
  const { label, icon, isOff = false, isActive = false, isExpanded, className = '', badge = 0 } = props;
  const { onPress, shortcut } = props;
  const isLit = isActive || isExpanded === true;
  return (
    <TooltipTrigger delay={400} closeDelay={80}>
      <Button
        aria-label={label}
        className={`control ${isOff ? 'off' : ''} ${isLit ? 'active' : ''} ${className}`}
        {...(isExpanded === undefined ? {} : { 'aria-expanded': isExpanded })}
        {...(onPress === undefined ? {} : { onPress })}
      >
        {icon}
        {badge > 0 && <span className="badge">{badge > MOST ? `${String(MOST)}+` : badge}</span>}
      </Button>
      <Tooltip className="tooltip" offset={8}>
        {label}
        {shortcut !== undefined && <ShortcutKeys id={shortcut} />}
      </Tooltip>
    </TooltipTrigger>
  );
}

function ShortcutKeys({ id }: { readonly id: ShortcutId }): ReactNode {
  return <kbd dir="auto">{useShortcutName(id)}</kbd>;
}
