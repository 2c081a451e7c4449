/** What is made here and has a secret: the form that makes it, folded away, and the secret this once. */
import { useState, type ReactNode } from 'react';
import { Button, Form } from 'react-aria-components';
import type { WithSecret } from './operation.ts';
import { SecretOnce } from './SecretOnce.tsx';
import { useAction } from './useAction.ts';

interface MakerProps {
  readonly title: string;
  readonly verb: string;
  /** Whether what was entered can be made. */
  readonly isSound: boolean;
  readonly onMake: () => Promise<void>;
  /** The fields; what is wrong with them is said once somebody tried. */
  readonly children: (isTried: boolean) => ReactNode;
}

export function Maker({ title, verb, isSound, onMake, children }: MakerProps): ReactNode {
  const [isTried, setTried] = useState(false);
  const { isBusy, problem, run } = useAction();
  return (
    <details className="account-more">
      <summary>{title}</summary>
      <Form
        className="account-form"
        validationBehavior="aria"
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (isSound) {
            run(onMake, () => {
              setTried(false);
            });
          }
        }}
      >
        {children(isTried)}
        {problem !== null && <p role="alert">{problem}</p>}
        <Button className="button primary" type="submit" isDisabled={isBusy}>
          {verb}
        </Button>
      </Form>
    </details>
  );
}

/** The dialog of a secret while it is shown, and what shows it; the list is asked for again. */
export function useSecretOnce(again: () => void): readonly [ReactNode, (made: WithSecret) => void] {
  const [made, setMade] = useState<WithSecret | null>(null);
  const dialog = made !== null && (
    <SecretOnce
      made={made}
      onClose={() => {
        setMade(null);
      }}
    />
  );
  const show = (next: WithSecret): void => {
    setMade(next);
    again();
  };
  return [dialog, show];
}
