/**
 * Pictures of the reactions, so that they look the same everywhere: fonts differ, and some machines have none.
 * Drawn for Parley. A reaction that another client sends, and that has no picture here, is shown as the text that it is.
 */
import type { ReactNode } from 'react';

const SKIN = '#ffcc4d';
const SHADE = '#e8a33d';
const DARK = '#5c3b12';
const TEAR = '#56b4f0';
const RED = '#dd3248';

const FACE = <circle cx="18" cy="18" r="16" fill={SKIN} />;
/** A hand from the side, fingers up. */
const PALM = (
  <path d="M4 20c0-3 1-6 2-8 1-3 4-2 4 0l-1 4 3-11c1-3 5-2 4 1l-2 7 3-8c1-3 5-2 4 1l-3 8 3-5c1-3 5-1 4 1l-5 13a8 8 0 0 1-16-3z" />
);

/** What a font would show it with: in colour, and of which skin. Pictures have a look of their own. */
const LOOKS = /\uFE0F|[\u{1F3FB}-\u{1F3FF}]/gu;

/** Without any of those. */
const PICTURES: Readonly<Record<string, ReactNode>> = {
  '👍': (
    <>
      <path
        fill={SKIN}
        d="M11 16 17 4c3-1 5 1 5 4l-1 5h9a3 3 0 0 1 3 4l-3 12a4 4 0 0 1-4 3H15a4 4 0 0 1-4-4z"
      />
      <path stroke={SHADE} strokeWidth="1.6" d="M25 18.500h7M24.5 23h6.500M24 27.500h6" />
      <rect x="3" y="15" width="8" height="17" rx="2" fill="#2b7fc4" />
    </>
  ),
  '👏': (
    <>
      <g fill={SHADE} transform="translate(8 3) rotate(14 16 18)">
        {PALM}
      </g>
      <g fill={SKIN} transform="translate(-1 7) rotate(14 16 18)">
        {PALM}
      </g>
      <path stroke={SHADE} strokeWidth="2.4" strokeLinecap="round" d="M7 11 4 8M11.5 7 10 3M17 5.5 17.5 2" />
    </>
  ),
  '❤': (
    <path
      fill={RED}
      d="M18 32C8 25 3 19 3 12.5 3 7.5 6.5 4.5 10.5 4.500c3 0 6 2 7.5 5 1.5-3 4.5-5 7.5-5 4 0 7.5 3 7.5 8C33 19 28 25 18 32z"
    />
  ),
  '😂': (
    <>
      {FACE}
      <path fill={DARK} d="M9 18.500h18c0 6-4 10-9 10s-9-4-9-10z" />
      <path fill="#fff" d="M10.5 18.500h15v3h-15z" />
      <path
        fill="none"
        stroke={DARK}
        strokeWidth="2.2"
        strokeLinecap="round"
        d="M8.5 13.500c1-3 5-3 6 0M21.5 13.500c1-3 5-3 6 0"
      />
      <path
        fill={TEAR}
        d="M8 15c-4 1-7 4-7 6.500S6 25 7.5 22C8.5 20 8.5 17 8 15zM28 15c4 1 7 4 7 6.500S30 25 28.5 22c-1-2-1-5-.5-7z"
      />
    </>
  ),
  '😮': (
    <>
      {FACE}
      <ellipse cx="18" cy="25.5" rx="4.5" ry="5.5" fill={DARK} />
      <ellipse cx="12" cy="15" rx="2.2" ry="3" fill={DARK} />
      <ellipse cx="24" cy="15" rx="2.2" ry="3" fill={DARK} />
      <path
        fill="none"
        stroke={DARK}
        strokeWidth="1.8"
        strokeLinecap="round"
        d="M9 9.500c1-1.5 3-2 4.5-1.500M27 9.500c-1-1.5-3-2-4.5-1.5"
      />
    </>
  ),
  '🎉': (
    <>
      <path fill={SKIN} d="m3 33 8-20 12 12z" />
      <path stroke={SHADE} strokeWidth="2.4" d="m8.5 19.5 8 8M6 25.500l4.5 4.5" />
      <path
        fill="none"
        stroke={RED}
        strokeWidth="2.2"
        strokeLinecap="round"
        d="M15 11c3-2 1-5 3-8M25 21c2-3 5-1 8-3"
      />
      <path fill="none" stroke={TEAR} strokeWidth="2.2" strokeLinecap="round" d="M19 16c4-1 2-6 7-6" />
      <g fill="#3fae7a">
        <circle cx="29" cy="5" r="2" />
        <circle cx="11" cy="6" r="1.6" />
        <circle cx="30" cy="27" r="1.6" />
      </g>
      <path fill={RED} d="m24 3 2.5 2-2.5 2z" />
    </>
  ),
};

/** The name that screen readers know it by is the reaction itself, in the language of whoever listens. */
export function ReactionPicture({ reaction }: { readonly reaction: string }): ReactNode {
  const plain = reaction.replace(LOOKS, '');
  const picture = Object.hasOwn(PICTURES, plain) ? PICTURES[plain] : undefined;
  if (picture === undefined) return reaction;
  return (
    <svg className="reaction-picture" viewBox="0 0 36 36" role="img" aria-label={reaction}>
      {picture}
    </svg>
  );
}
