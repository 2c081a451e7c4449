import type { ReactNode } from 'react';
import { ToggleButton, Tooltip, TooltipTrigger } from 'react-aria-components';

interface ControlButtonProps {
  /** Says what a press does. */
  readonly label: string;
  readonly icon: ReactNode;
  readonly onPress: () => void;
  /** Shown as off, in red: microphone and camera. */
  readonly isOff?: boolean;
  /** Shown as on: an open panel, a raised hand. */
  readonly isActive?: boolean;
  readonly className?: string;
  readonly badge?: boolean;
}

/** A round button with a name that shows on hover and focus. */
export function ControlButton(props: ControlButtonProps): ReactNode {
  const { label, icon, onPress, isOff = false, isActive = false, className = '', badge = false } = props;
  return (
    <TooltipTrigger delay={400}>
      <ToggleButton
        aria-label={label}
        isSelected={isOff || isActive}
        onPress={onPress}
        className={`control ${isOff ? 'off' : ''} ${isActive ? 'active' : ''} ${className}`}
      >
        {icon}
        {badge && <span className="badge" />}
      </ToggleButton>
      <Tooltip className="tooltip" offset={8}>
        {label}
      </Tooltip>
    </TooltipTrigger>
  );
}
