/** A display without a screen: Firefox shares nothing where it has no display at all. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';

const XVFB = '/usr/bin/Xvfb';

/** Why there is no display; undefined where there is one. */
export function whyNoDisplay(): string | undefined {
  return existsSync(XVFB) ? undefined : `${XVFB} is not there (Debian: apt install xvfb)`;
}

export class Display {
  readonly #process: ChildProcess;
  readonly name: string;

  private constructor(process: ChildProcess, name: string) {
    this.#process = process;
    this.name = name;
  }

  /** The server takes the first free number and writes it to descriptor 3. */
  static async open(): Promise<Display> {
    const process = spawn(XVFB, ['-displayfd', '3', '-nolisten', 'tcp', '-screen', '0', '1280x720x24'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const numbers = process.stdio[3] as Readable;
    const number = await new Promise<string>((resolve, reject) => {
      numbers.once('data', (chunk: Buffer) => {
        resolve(chunk.toString().trim());
      });
      process.once('exit', (code) => {
        reject(new Error(`Xvfb ended with ${String(code)}`));
      });
    });
    return new Display(process, `:${number}`);
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    await gone;
  }
}
