/** A guest who uses the web app as people do: opens a link, types a name, clicks. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { en } from '../../src/ui/en.ts';
import { Outside } from './outside.ts';

declare global {
  interface Window {
    openSockets: WebSocket[];
    openConnections: RTCPeerConnection[];
  }
}

/** Slow machines draw four pages of moving pictures without a GPU for a quarter of a minute before one answers. */
const WAIT_MS = 45_000;
/** Camera, connection and first page of a meeting at once are what a busy machine is slowest at. */
const JOIN_MS = 120_000;

/** A small one, upright, with the bars of the browser around the page. */
const PHONE = { hasTouch: true, isMobile: true, viewport: { width: 390, height: 664 } };

export class Guest {
  readonly page: Page;
  readonly name: string;
  readonly errors: string[] = [];
  /** What the page did that it must not. */
  readonly outside: Outside;

  readonly #hasCamera: boolean;

  private constructor(page: Page, name: string, outside: Outside, hasCamera: boolean) {
    this.page = page;
    this.name = name;
    this.outside = outside;
    this.#hasCamera = hasCamera;
    page.on('pageerror', (error) => this.errors.push(error.message));
  }

  static arrive(
    browser: Browser,
    link: string,
    name: string,
    ...initScripts: readonly (() => void)[]
  ): Promise<Guest> {
    return Guest.#arriveWith({}, browser, link, name, initScripts);
  }

  /** With a finger for a pointer, and little room. */
  static arriveByPhone(
    browser: Browser,
    link: string,
    name: string,
    ...initScripts: readonly (() => void)[]
  ): Promise<Guest> {
    return Guest.#arriveWith(PHONE, browser, link, name, initScripts);
  }

  static async #arriveWith(
    options: BrowserContextOptions,
    browser: Browser,
    link: string,
    name: string,
    initScripts: readonly (() => void)[],
  ): Promise<Guest> {
    const context = await browser.newContext({
      ...options,
      permissions: ['camera', 'microphone'],
      // Requests in the moment in which a worker takes the page over reach the API past a test's own answers.
      serviceWorkers: 'block',
    });
    const outside = await Outside.watch(context);
    // What takes longer than this does not come: a test that waits for it would keep all others waiting.
    context.setDefaultTimeout(WAIT_MS);
    const page = await context.newPage();
    for (const script of [watchConnections, ...initScripts]) await page.addInitScript(script);
    const guest = new Guest(page, name, outside, !initScripts.includes(quietly));
    await page.goto(link);
    return guest;
  }

  /** Signs in on the start page, starts a meeting and comes to its door; `code` is in the address. */
  static async start(
    browser: Browser,
    url: string,
    name: string,
    ...initScripts: readonly (() => void)[]
  ): Promise<Guest> {
    const host = await Guest.arrive(browser, url, name, ...initScripts);
    await host.press(en.start.signIn);
    await host.page.getByRole('button', { name: 'Ada Lovelace' }).click();
    await host.press(en.start.new);
    await host.page.waitForURL(/\/m\/[a-z]{3}-[a-z]{4}-[a-z]{3}$/);
    return host;
  }

  /** From the join page into the meeting. */
  async join(): Promise<void> {
    await this.page.getByLabel(en.join.nameLabel).fill(this.name);
    if (this.#hasCamera) await this.page.getByLabel(en.join.previewLabel).waitFor();
    await this.page.getByRole('button', { name: en.join.go }).click();
    await this.page.getByRole('button', { name: en.meeting.leave }).waitFor({ timeout: JOIN_MS });
  }

  press(name: string): Promise<void> {
    return this.page.getByRole('button', { name, exact: true }).click();
  }

  /** The tile of somebody else. */
  tileOf(name: string): ReturnType<Page['locator']> {
    return this.page.getByRole('article').filter({ hasText: name });
  }

  /** Frames decoded and sound energy over all slots of the connection of now. */
  received(): Promise<{ readonly frames: number; readonly energy: number }> {
    return this.page.evaluate(async () => {
      const report = (await window.openConnections.at(-1)?.getStats()) as
        ReadonlyMap<string, Record<string, unknown>> | undefined;
      const sum = (name: string): number =>
        [...(report?.values() ?? [])]
          .filter((entry) => entry['type'] === 'inbound-rtp')
          .reduce((total, entry) => total + Number(entry[name] ?? 0), 0);
      return { frames: sum('framesDecoded'), energy: sum('totalAudioEnergy') };
    });
  }

  /** What the media goes over: `udp` or `tcp`. */
  protocol(): Promise<unknown> {
    return this.page.evaluate(async () => {
      const report = (await window.openConnections.at(-1)?.getStats()) as
        ReadonlyMap<string, Record<string, unknown>> | undefined;
      const entries = [...(report?.values() ?? [])];
      const transport = entries.find((entry) => entry['type'] === 'transport');
      const pair = report?.get(String(transport?.['selectedCandidatePairId']));
      return report?.get(String(pair?.['remoteCandidateId']))?.['protocol'];
    });
  }

  leave(): Promise<void> {
    return this.page.context().close();
  }
}

/** Runs in the page, before the app: whoever comes was in the last meeting with nothing on. */
export function quietly(): void {
  localStorage.setItem('parley.door', JSON.stringify({ microphoneMuted: true, cameraWanted: false }));
}

/** Runs in the page, before the app: the browser hears of no address that it could reach over UDP. */
export function withoutUdp(): void {
  window.RTCPeerConnection = class extends RTCPeerConnection {
    override setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      const sdp = description.sdp?.replace(/a=candidate:\S+ 1 udp .*\r\n/g, '') ?? '';
      return super.setRemoteDescription({ ...description, sdp });
    }
  };
}

/** Runs in the page, before the app. Connections that are never answered only find out the machine's addresses. */
function watchConnections(): void {
  window.openSockets = [];
  window.openConnections = [];
  window.WebSocket = class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      window.openSockets.push(this);
    }
  };
  window.RTCPeerConnection = class extends RTCPeerConnection {
    override setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      if (!window.openConnections.includes(this)) window.openConnections.push(this);
      return super.setRemoteDescription(description);
    }
  };
}
