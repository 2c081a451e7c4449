/**
 * WebKit as Debian builds it, driven by its own WebDriver: the engine of Safari, without WebRTC.
 *
 * Its devices are WebKit's mock ones. Source: https://www.w3.org/TR/webdriver2/
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Display, whyNoDisplay } from './display.ts';
import { freePort } from './parley.ts';

const DRIVER = '/usr/bin/WebKitWebDriver';
const ARGUMENTS = ['--automation', '--enable-media-stream=true', '--enable-mock-capture-devices=true'];
const START_MS = 60_000;
const WAIT_MS = 30_000;
/** The name of an element's id in answers. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** Why there is no WebKit to test with; undefined where there is one. */
export function whyNoWebKit(): string | undefined {
  return existsSync(DRIVER)
    ? whyNoDisplay()
    : `${DRIVER} is not there (Debian: apt install webkit2gtk-driver)`;
}

export class WebKit {
  readonly #driver: ChildProcess;
  readonly #display: Display;
  readonly #session: string;

  private constructor(driver: ChildProcess, display: Display, session: string) {
    this.#driver = driver;
    this.#display = display;
    this.#session = session;
  }

  static async launch(): Promise<WebKit> {
    const display = await Display.open();
    const port = await freePort();
    const driver = spawn(DRIVER, [`--port=${String(port)}`], {
      stdio: 'ignore',
      env: { ...process.env, DISPLAY: display.name },
    });
    const url = `http://127.0.0.1:${String(port)}`;
    const options = { 'webkitgtk:browserOptions': { args: ARGUMENTS } };
    await answering(url);
    const { sessionId } = (await call('POST', `${url}/session`, {
      capabilities: { alwaysMatch: options },
    })) as { readonly sessionId: string };
    return new WebKit(driver, display, `${url}/session/${sessionId}`);
  }

  async open(url: string): Promise<void> {
    await call('POST', `${this.#session}/url`, { url });
    await this.evaluate(keepErrors);
  }

  /** What the page has had of them since it was loaded; nothing runs in a page before its own scripts. */
  errors(): Promise<readonly string[]> {
    return this.evaluate(() => window.seenErrors);
  }

  /** Goes to another page of the app as its links do. */
  async goTo(path: string): Promise<void> {
    await this.evaluate((to) => {
      history.pushState(null, '', to);
      dispatchEvent(new PopStateEvent('popstate'));
    }, path);
  }

  async resize(width: number, height: number): Promise<void> {
    await call('POST', `${this.#session}/window/rect`, { width, height });
  }

  async evaluate<Result>(
    script: (argument: string) => Result | Promise<Result>,
    argument = '',
  ): Promise<Result> {
    const answer = (await call('POST', `${this.#session}/execute/async`, {
      script: `const done = arguments[1];
        Promise.resolve((${script.toString()})(arguments[0]))
          .then((value) => done({ value }), (error) => done({ error: String(error) }));`,
      args: [argument],
    })) as { readonly value: Result; readonly error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.value;
  }

  /** Presses a button or a link by its name, once it is there. */
  async press(name: string): Promise<void> {
    const script = `return [...document.querySelectorAll('button:enabled, a, input[type=submit]')]
      .find((one) => (one.getAttribute('aria-label') ?? one.textContent).trim() === arguments[0]) ?? null;`;
    const find = () => call('POST', `${this.#session}/execute/sync`, { script, args: [name] });
    const element = await eventuallyThere(find, `a button ${name}`);
    const id = (element as Readonly<Record<string, string>>)[ELEMENT] ?? '';
    await call('POST', `${this.#session}/element/${id}/click`, {});
  }

  /** Waits for words that are shown. */
  async reads(text: string): Promise<void> {
    const find = () => this.evaluate((wanted) => document.body.innerText.includes(wanted) || null, text);
    await eventuallyThere(find, text);
  }

  async close(): Promise<void> {
    await call('DELETE', this.#session);
    const gone = new Promise((resolve) => this.#driver.once('exit', resolve));
    this.#driver.kill('SIGTERM');
    await gone;
    await this.#display.close();
  }
}

declare global {
  interface Window {
    seenErrors: string[];
  }
}

/** Runs in the page. */
function keepErrors(): void {
  window.seenErrors = [];
  addEventListener('error', ({ message }) => window.seenErrors.push(message));
  addEventListener('unhandledrejection', ({ reason }) => window.seenErrors.push(String(reason)));
  console.error = (...words: unknown[]) => window.seenErrors.push(words.map(String).join(' '));
}

async function call(method: string, url: string, body?: object): Promise<unknown> {
  const answer = await fetch(url, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const { value } = (await answer.json()) as { readonly value: unknown };
  if (!answer.ok) throw new Error(`${method} ${url}: ${JSON.stringify(value)}`);
  return value;
}

async function answering(url: string): Promise<void> {
  const deadline = performance.now() + START_MS;
  for (;;) {
    try {
      await call('GET', `${url}/status`);
      return;
    } catch (cause) {
      if (performance.now() > deadline) throw new Error(`${DRIVER} does not answer`, { cause });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function eventuallyThere(find: () => Promise<unknown>, what: string): Promise<unknown> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const found = await find();
    if (found !== null) return found;
    if (performance.now() > deadline) throw new Error(`there is not ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
