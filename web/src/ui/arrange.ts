/**
 * Arrange: who stands where on the stage: large, in the strip beside it, floating in a corner, or on another page. Pure.
 *
 * Large are, in this order of right: a shared screen, pinned tiles, the speaker (layout `speaker`), everyone (layout `grid`).
 */
export type LayoutChoice = 'auto' | 'grid' | 'speaker';

export const LAYOUT_CHOICES: readonly LayoutChoice[] = ['auto', 'grid', 'speaker'];

export const MAX_PINS = 4;

/** Above this, `auto` shows who speaks rather than everyone. */
const AUTO_GRID = 16;

export interface Scene {
  /** In the order in which tiles stand, oneself included. */
  readonly ids: readonly string[];
  readonly self: string | null;
  readonly sharer: string | null;
  readonly pins: readonly string[];
  readonly activeSpeaker: string | null;
  readonly choice: LayoutChoice;
  readonly isSelfHidden: boolean;
}

export interface Arrangement {
  readonly kind: 'alone' | 'duo' | 'grid' | 'speaker' | 'pinned' | 'share';
  /** Large tiles. Empty while a screen is shared: the screen is large then. */
  readonly main: readonly string[];
  /** Small tiles beside the large ones. */
  readonly strip: readonly string[];
  /** Oneself in a corner. */
  readonly floating: string | null;
}

export function arrange(scene: Scene): Arrangement {
  const { ids, self, sharer, isSelfHidden } = scene;
  const others = ids.filter((id) => id !== self);
  const shownSelf = self === null || (isSelfHidden && others.length > 0) ? null : self;
  const all = ids.filter((id) => id !== self || id === shownSelf);
  if (sharer !== null) return arrangeShare(scene, all);
  if (others.length === 0) return { kind: 'alone', main: all, strip: [], floating: null };
  const pins = scene.pins.filter((id) => all.includes(id)).slice(0, MAX_PINS);
  if (pins.length > 0) return beside('pinned', pins, others, shownSelf);
  if (others.length === 1) return { kind: 'duo', main: others, strip: [], floating: shownSelf };
  if (scene.choice === 'speaker' || (scene.choice === 'auto' && ids.length > AUTO_GRID)) {
    const speaker = others.find((id) => id === scene.activeSpeaker) ?? others[0];
    return beside('speaker', speaker === undefined ? [] : [speaker], others, shownSelf);
  }
  return { kind: 'grid', main: all, strip: [], floating: null };
}

/** The presenter's face is beside the screen, then who is pinned, then who speaks stays where they stand. */
function arrangeShare({ sharer, pins }: Scene, all: readonly string[]): Arrangement {
  const first = [sharer, ...pins].filter((id) => id !== null && all.includes(id)) as string[];
  const strip = [...new Set([...first, ...all])];
  return { kind: 'share', main: [], strip, floating: null };
}

function beside(
  kind: 'pinned' | 'speaker',
  main: readonly string[],
  others: readonly string[],
  self: string | null,
): Arrangement {
  const isLarge = self !== null && main.includes(self);
  return {
    kind,
    main,
    strip: others.filter((id) => !main.includes(id)),
    floating: isLarge ? null : self,
  };
}

/** A pin more than fit takes the place of the oldest. */
export function togglePin(pins: readonly string[], id: string): readonly string[] {
  return pins.includes(id) ? pins.filter((other) => other !== id) : [...pins, id].slice(-MAX_PINS);
}

export type Corner = 'top-start' | 'top-end' | 'bottom-start' | 'bottom-end';

export const CORNERS: readonly Corner[] = ['bottom-end', 'bottom-start', 'top-start', 'top-end'];

/** The corner nearest to a point of the stage. `start` is left, or right where people write from the right. */
export function cornerAt(
  point: { readonly x: number; readonly y: number },
  stage: { readonly width: number; readonly height: number },
  isRightToLeft: boolean,
): Corner {
  const isLeft = point.x < stage.width / 2;
  const vertical = point.y < stage.height / 2 ? 'top' : 'bottom';
  return `${vertical}-${isLeft === isRightToLeft ? 'end' : 'start'}`;
}

/** Where an arrow key takes a corner. Null when the key is none of the four or leads nowhere. */
export function cornerBeyond(corner: Corner, key: string, isRightToLeft: boolean): Corner | null {
  const [vertical, horizontal] = corner.split('-') as ['top' | 'bottom', 'start' | 'end'];
  const left = isRightToLeft ? 'end' : 'start';
  const right = isRightToLeft ? 'start' : 'end';
  const next: Partial<Record<string, Corner>> = {
    ArrowUp: `top-${horizontal}`,
    ArrowDown: `bottom-${horizontal}`,
    ArrowLeft: `${vertical}-${left}`,
    ArrowRight: `${vertical}-${right}`,
  };
  const found = next[key] ?? null;
  return found === corner ? null : found;
}
