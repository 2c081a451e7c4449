/** Errors of whoever listens: they are seen, and stop nothing. */
export function throwLater(error: unknown): void {
  setTimeout(() => {
    throw error;
  });
}
