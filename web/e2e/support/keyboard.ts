/** Somebody without a pointer: walks by Tab and arrows to what is called so, and says where the focus is. */
import type { Page } from 'playwright-core';

declare global {
  interface Window {
    pointerUses: string[];
  }
}

/** More stops than any screen has: who has not come by then goes in circles. */
const MOST_STEPS = 80;

/** Where the focus is, as a screen reader says it: `button Share screen`. */
export interface Focus {
  readonly role: string;
  readonly name: string;
}

export class Keyboard {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** What a pointer did since the page was loaded, or since this was asked last. */
  takePointerUses(): Promise<readonly string[]> {
    return this.#page.evaluate(() => window.pointerUses.splice(0));
  }

  press(...keys: readonly string[]): Promise<void> {
    return keys.reduce((before, key) => before.then(() => this.#page.keyboard.press(key)), Promise.resolve());
  }

  type(text: string): Promise<void> {
    return this.#page.keyboard.type(text);
  }

  /** Of the element with the focus, by the browser's own accessibility tree; the page itself has no role. */
  async focus(): Promise<Focus> {
    const session = await this.#page.context().newCDPSession(this.#page);
    try {
      const { result } = await session.send('Runtime.evaluate', { expression: 'document.activeElement' });
      if (result.objectId === undefined) return { role: '', name: '' };
      const { nodes } = await session.send('Accessibility.getPartialAXTree', {
        objectId: result.objectId,
        fetchRelatives: false,
      });
      const [node] = nodes;
      const said = (value: { readonly value?: unknown } | undefined): string =>
        typeof value?.value === 'string' ? value.value : '';
      const role = said(node?.role);
      return role === 'RootWebArea' || node?.ignored === true
        ? { role: '', name: '' }
        : { role, name: said(node?.name) };
    } finally {
      await session.detach();
    }
  }

  /** Waits until the focus is on what is called so. */
  async arrive(role: string, name: string | RegExp, limitMs = 30_000): Promise<void> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const at = await this.focus();
      if (fits(at, role, name)) return;
      if (performance.now() > deadline)
        throw new Error(`the focus is on ${spoken(at)}, not on ${role} ${String(name)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Presses a key until the focus is on what is called so. */
  async walk(key: string, role: string, name: string | RegExp): Promise<void> {
    const passed: string[] = [];
    for (let step = 0; step <= MOST_STEPS; step += 1) {
      const at = await this.focus();
      if (fits(at, role, name)) return;
      passed.push(spoken(at));
      await this.press(key);
    }
    throw new Error(
      `${key} does not lead to ${role} ${String(name)}, but over ${[...new Set(passed)].join(' → ')}`,
    );
  }
}

/** Runs in the page, before the app. */
export function watchPointer(): void {
  window.pointerUses = [];
  for (const kind of ['pointerdown', 'mousedown', 'touchstart'])
    addEventListener(kind, ({ type }) => window.pointerUses.push(type), { capture: true });
}

function fits(at: Focus, role: string, name: string | RegExp): boolean {
  return at.role === role && (typeof name === 'string' ? at.name === name : name.test(at.name));
}

function spoken({ role, name }: Focus): string {
  return role === '' ? 'nothing' : `${role} “${name}”`;
}
