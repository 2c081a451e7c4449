/** Fields of the forms around meetings: label, hint and what is wrong are tied to each. */
import { useId, type HTMLInputTypeAttribute, type ReactNode } from 'react';

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: string;
  readonly problem?: string | null;
  readonly type?: HTMLInputTypeAttribute;
  readonly maxLength?: number;
  readonly min?: string;
  readonly autoComplete?: string;
  readonly inputMode?: 'numeric' | 'url';
}

export function Field(props: FieldProps): ReactNode {
  const { label, value, onChange, hint, problem = null, type = 'text' } = props;
  const id = useId();
  const said = [hint === undefined ? '' : `${id}-hint`, problem === null ? '' : `${id}-problem`];
  const described = said.filter((one) => one !== '').join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type={type}
        value={value}
        maxLength={props.maxLength}
        min={props.min}
        autoComplete={props.autoComplete ?? 'off'}
        inputMode={props.inputMode}
        aria-invalid={problem !== null}
        aria-describedby={described === '' ? undefined : described}
        data-invalid={problem === null ? undefined : true}
        onChange={(event) => {
          onChange(event.target.value);
        }}
      />
      {hint !== undefined && (
        <p id={`${id}-hint`} className="form-hint">
          <bdi>{hint}</bdi>
        </p>
      )}
      {problem !== null && (
        <p id={`${id}-problem`} className="form-problem">
          {problem}
        </p>
      )}
    </div>
  );
}

interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly { readonly id: string; readonly name: string }[];
  readonly onChange: (id: string) => void;
}

export function Select({ label, value, options, onChange }: SelectProps): ReactNode {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={(event) => {
          onChange(event.target.value);
        }}
      >
        {options.map((option) => (
          <option key={option.id} value={option.id} dir="auto">
            {option.name}
          </option>
        ))}
      </select>
    </div>
  );
}

interface CheckProps {
  readonly label: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}

export function Check({ label, isOn, onChange }: CheckProps): ReactNode {
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={isOn}
        onChange={(event) => {
          onChange(event.target.checked);
        }}
      />
      {label}
    </label>
  );
}
