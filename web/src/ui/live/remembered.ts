/** What is kept on this device under one key. A forbidden storage remembers nothing, and costs nothing else. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // It holds for this visit.
  }
}

/** The JSON of a storage, whatever somebody wrote into it; null for what is none. */
export function parseKept(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}
