/**
 * ResumeTokens: lets a reloaded page come back as the same participant.
 *
 * Kept per tab (sessionStorage), because two tabs are two participants. Broken storage costs the comfort only.
 */
const PREFIX = 'parley.resume.';

export class ResumeTokens {
  readonly #storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null;

  constructor(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null) {
    this.#storage = storage;
  }

  load(meeting: string): string | null {
    try {
      return this.#storage?.getItem(PREFIX + meeting) ?? null;
    } catch {
      // Storage forbidden by policy: a reload then joins as somebody new.
      return null;
    }
  }

  save(meeting: string, token: string): void {
    try {
      this.#storage?.setItem(PREFIX + meeting, token);
    } catch {
      // As above.
    }
  }

  forget(meeting: string): void {
    try {
      this.#storage?.removeItem(PREFIX + meeting);
    } catch {
      // As above.
    }
  }
}

/** Reading `sessionStorage` itself throws where storage is forbidden. */
export function tabStorage(): Storage | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}
