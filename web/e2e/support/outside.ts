/** What a page must not do: ask anybody but its own server, or break the content security policy. */
import type { BrowserContext } from 'playwright-core';

export class Outside {
  /** Addresses on other hosts that were asked for, sockets too. */
  readonly foreign: string[] = [];
  readonly violations: string[] = [];
  /** Boxes that only a script opens: nothing in the app does. */
  readonly boxes: string[] = [];

  /** Call before the first page opens. */
  static async watch(context: BrowserContext): Promise<Outside> {
    const outside = new Outside();
    context.on('request', (request) => {
      outside.#note(request.url());
    });
    context.on('page', (page) => {
      page.on('websocket', (socket) => {
        outside.#note(socket.url());
      });
      page.on('dialog', (dialog) => {
        outside.boxes.push(dialog.message());
        void dialog.dismiss();
      });
    });
    await context.exposeFunction('reportViolation', (text: string) => outside.violations.push(text));
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) => {
        const { reportViolation } = window as unknown as { reportViolation: (text: string) => void };
        reportViolation(`${violatedDirective}: ${blockedURI} ${sample}`);
      });
    });
    return outside;
  }

  /** Nothing of all that has happened. */
  get findings(): readonly string[] {
    return [...this.foreign, ...this.violations, ...this.boxes];
  }

  #note(address: string): void {
    const { protocol, hostname } = new URL(address);
    const isOwn = hostname === '127.0.0.1' || hostname === 'localhost';
    if (!['data:', 'blob:'].includes(protocol) && !isOwn) this.foreign.push(address);
  }
}
