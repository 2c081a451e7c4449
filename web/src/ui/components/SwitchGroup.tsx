import { useId, type ReactNode } from 'react';
import { SwitchButton, SwitchField } from 'react-aria-components';

interface SwitchGroupProps {
  readonly title: string;
  readonly hint: string;
  readonly label: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}

/** One choice of yes or no, with what it is about. */
export function SwitchGroup({ title, hint, label, isOn, onChange }: SwitchGroupProps): ReactNode {
  const heading = useId();
  return (
    <div role="group" aria-labelledby={heading} className="host-controls">
      <h3 id={heading}>{title}</h3>
      <p className="lead">{hint}</p>
      <Switch label={label} isOn={isOn} onChange={onChange} />
    </div>
  );
}

type SwitchProps = Pick<SwitchGroupProps, 'label' | 'isOn' | 'onChange'>;

/** One of several choices of yes or no. */
export function Switch({ label, isOn, onChange }: SwitchProps): ReactNode {
  return (
    <SwitchField isSelected={isOn} onChange={onChange}>
      <SwitchButton className="switch">
        <span className="switch-track" aria-hidden />
        {label}
      </SwitchButton>
    </SwitchField>
  );
}
