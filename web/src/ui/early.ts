/** What public/early.js asked the API before the app had arrived. Taken once: who tries again asks anew. */

interface Early {
  /** As an Api would ask for it, such as `/v1/meetings/abc-defg-hij`. */
  readonly url: string;
  readonly answer: Promise<Response>;
}

declare global {
  interface Window {
    parleyEarly?: Early;
  }
}

/** As `fetch`, and answers at once what was asked already. */
export const fetchOrTake: typeof fetch = (input, init) => {
  const early = window.parleyEarly;
  if (early === undefined || early.url !== input) return fetch(input, init);
  delete window.parleyEarly;
  return orAborted(early.answer, init?.signal ?? null);
};

function orAborted(answer: Promise<Response>, signal: AbortSignal | null): Promise<Response> {
  if (signal === null) return answer;
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
  return Promise.race([answer, aborted]);
}
