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
  /** How many tiles a page of the grid holds, and how many faces the strip. */
  readonly places: Places;
}

export interface Places {
  readonly grid: number;
  readonly strip: number;
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
  if (others.length === 1 && scene.choice !== 'grid') {
    return { kind: 'duo', main: others, strip: [], floating: shownSelf };
  }
  if (scene.choice === 'speaker' || (scene.choice === 'auto' && ids.length > AUTO_GRID)) {
    const speaker = others.find((id) => id === scene.activeSpeaker) ?? others[0];
    return beside('speaker', speaker === undefined ? [] : [speaker], others, shownSelf);
  }
  return { kind: 'grid', main: all, strip: [], floating: null };
}

/**
 * The presenter's face is beside the screen, then who is pinned, then the others where they stand. In a strip that these
 * fill, the presenter makes room for who speaks, and oneself for the others.
 */
function arrangeShare(scene: Scene, all: readonly string[]): Arrangement {
  const { sharer, activeSpeaker, pins, self, places } = scene;
  const held = heldIn(all, [sharer, ...pins]);
  const speaks = held.length >= places.strip && activeSpeaker !== self ? activeSpeaker : null;
  const isUnseen = speaks !== null && all.includes(speaks) && !held.includes(speaks);
  const first = isUnseen ? heldIn(all, [speaks, ...pins, sharer]) : held;
  const isCrowded = all.length > places.strip && held.length + 1 >= places.strip;
  const others = isCrowded ? all.filter((id) => id !== self) : all;
  return { kind: 'share', main: [], strip: [...new Set([...first, ...others, ...all])], floating: null };
}

function heldIn(all: readonly string[], wanted: readonly (string | null)[]): readonly string[] {
  return wanted.filter((id) => id !== null && all.includes(id)) as string[];
}

/** Who is seen without turning a page, as long as nobody speaks. */
export function shownFirst(scene: Scene): readonly string[] {
  const { main, strip } = arrange({ ...scene, activeSpeaker: null });
  return strip.length > 0
    ? [...main, ...strip.slice(0, scene.places.strip)]
    : main.slice(0, scene.places.grid);
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
