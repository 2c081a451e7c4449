/**
 * Firefox as it is installed, driven over WebDriver BiDi, which it speaks without a driver beside it.
 *
 * Playwright's own Firefox is a build of theirs, and its way to a stock one asks for commands that ESR does not know.
 * Source: https://w3c.github.io/webdriver-bidi/
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { Display } from './display.ts';

export const FIREFOX = process.env['FIREFOX'] ?? '/usr/bin/firefox-esr';

/** Why there is no Firefox to test with; undefined where there is one. */
export function whyNoFirefox(): string | undefined {
  return existsSync(FIREFOX) ? undefined : `${FIREFOX} is not there (Debian: apt install firefox-esr)`;
}

/** Devices that need no hardware and no answer, and nothing that calls home. */
const PREFERENCES = {
  'media.navigator.permission.disabled': true,
  'media.navigator.streams.fake': true,
  'media.getusermedia.insecure.enabled': true,
  'media.devices.insecure.enabled': true,
  'media.autoplay.default': 0,
  'media.gmp-manager.updateEnabled': false,
  'app.update.auto': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.server': 'data:,',
};
const START_MS = 60_000;

type Answer = Readonly<Record<string, unknown>>;

export class Firefox {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<
    number,
    { resolve: (answer: Answer) => void; reject: (error: Error) => void }
  >();
  #lastId = 0;

  private constructor(child: ChildProcess, profile: string, socket: WebSocket) {
    this.#process = child;
    this.#profile = profile;
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      this.#handleAnswer(JSON.parse(data.toString()) as Answer);
    });
  }

  /** Without a display it has no window and no screen to share. */
  static async launch(display: Display | null = null): Promise<Firefox> {
    const profile = mkdtempSync(join(tmpdir(), 'parley-firefox-'));
    const lines = Object.entries(PREFERENCES).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
    );
    writeFileSync(join(profile, 'user.js'), lines.join('\n'));
    const screen = display === null ? ['--headless'] : [];
    const child = spawn(
      FIREFOX,
      [...screen, '--no-remote', '--profile', profile, '--remote-debugging-port', '0'],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: display === null ? process.env : { ...process.env, DISPLAY: display.name },
      },
    );
    const socket = new WebSocket(`${await addressOf(child)}/session`);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    const firefox = new Firefox(child, profile, socket);
    await firefox.#call('session.new', { capabilities: {} });
    return firefox;
  }

  /** Runs in every page before its own scripts. */
  async prepare(script: () => void): Promise<void> {
    await this.#call('script.addPreloadScript', { functionDeclaration: script.toString() });
  }

  async open(url: string): Promise<FirefoxPage> {
    const { context } = await this.#call('browsingContext.create', { type: 'tab' });
    await this.#call('browsingContext.navigate', { context, url, wait: 'complete' });
    return new FirefoxPage((method, parameters) => this.#call(method, parameters), String(context));
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#socket.close();
    this.#process.kill('SIGTERM');
    await gone;
    rmSync(this.#profile, { recursive: true, force: true });
  }

  #call(method: string, parameters: object): Promise<Answer> {
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params: parameters }));
    });
  }

  #handleAnswer(answer: Answer): void {
    const waiting = this.#waiting.get(Number(answer['id']));
    if (waiting === undefined) return;
    this.#waiting.delete(Number(answer['id']));
    if (answer['type'] === 'error')
      waiting.reject(new Error(`${String(answer['error'])}: ${String(answer['message'])}`));
    else waiting.resolve(answer['result'] as Answer);
  }
}

export class FirefoxPage {
  readonly #call: (method: string, parameters: object) => Promise<Answer>;
  readonly #context: string;

  constructor(call: (method: string, parameters: object) => Promise<Answer>, context: string) {
    this.#call = call;
    this.#context = context;
  }

  /** As a person's own doing: browsers open a dialog for nothing else. */
  async evaluate<Result>(
    script: (argument: string) => Result | Promise<Result>,
    argument = '',
  ): Promise<Result> {
    const answer = await this.#call('script.evaluate', {
      expression: `Promise.resolve((${script.toString()})(${JSON.stringify(argument)})).then((value) => JSON.stringify(value))`,
      target: { context: this.#context },
      awaitPromise: true,
      userActivation: true,
    });
    if (answer['type'] === 'exception') throw new Error(JSON.stringify(answer['exceptionDetails']));
    const { value } = answer['result'] as { readonly value?: string };
    return (value === undefined ? undefined : JSON.parse(value)) as Result;
  }

  async type(text: string): Promise<void> {
    const actions = Array.from(text).flatMap((value) => [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ]);
    await this.#call('input.performActions', {
      context: this.#context,
      actions: [{ type: 'key', id: 'keyboard', actions }],
    });
  }

  /** Presses a button, or the label of a choice, by its name, as a mouse would. */
  async press(name: string): Promise<void> {
    const place = await this.evaluate(async (wanted) => {
      const deadline = performance.now() + 15_000;
      while (performance.now() < deadline) {
        const button = [...document.querySelectorAll('button:enabled, label')].find(
          (one) => (one.getAttribute('aria-label') ?? one.textContent).trim() === wanted,
        );
        if (button !== undefined) {
          const { left, top, width, height } = button.getBoundingClientRect();
          return { x: Math.round(left + width / 2), y: Math.round(top + height / 2) };
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`there is no button ${wanted} to press`);
    }, name);
    await this.#call('input.performActions', {
      context: this.#context,
      actions: [
        {
          type: 'pointer',
          id: 'mouse',
          actions: [
            { type: 'pointerMove', ...place },
            { type: 'pointerDown', button: 0 },
            { type: 'pointerUp', button: 0 },
          ],
        },
      ],
    });
  }
}

/** Firefox says on stderr where it listens. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => {
      reject(new Error(`Firefox does not listen:\n${said}`));
    }, START_MS);
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const address = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(said)?.[1];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`Firefox ended with ${String(code)}:\n${said}`));
    });
  });
}
