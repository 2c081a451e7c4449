/** A banner that wants an answer: a line of words, what one would do about it first, and how one would rather not. */
import type { ReactNode } from 'react';
import { Button } from 'react-aria-components';

interface Answer {
  readonly label: string;
  readonly icon?: ReactNode;
  readonly onPress: () => void;
  readonly autoFocus?: boolean;
}

interface AskingBannerProps {
  readonly text: string;
  readonly yes?: Answer | undefined;
  readonly no?: Answer;
}

export function AskingBanner({ text, yes, no }: AskingBannerProps): ReactNode {
  return (
    <p className="banner">
      <span dir="auto">{text}</span>
      {yes !== undefined && <AnswerButton {...yes} isFirst />}
      {no !== undefined && <AnswerButton {...no} />}
    </p>
  );
}

function AnswerButton(props: Answer & { readonly isFirst?: boolean }): ReactNode {
  const { label, icon, onPress, autoFocus = false, isFirst = false } = props;
  return (
    <Button
      className={`button ${isFirst ? 'primary' : ''}`}
      autoFocus={autoFocus}
      onPress={() => {
        onPress();
      }}
    >
      {icon} {label}
    </Button>
  );
}
