/** A bad link between a Chromium in a network namespace of its own and everything else on this machine. */
import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CHROMIUM } from './browser.ts';

const PLANE = fileURLToPath(new URL('../../../packet_plane', import.meta.url));

/** What one direction does to packets; without a rate it has no bottleneck. */
export interface Direction {
  readonly lossPercent?: number;
  readonly delayMs?: number;
  readonly jitterMs?: number;
  /** Whether no packet overtakes another by its jitter. */
  readonly keepsOrder?: boolean;
  /** Spans in which all packets are held, to be let go at once: the least and the most of how long, and how far apart. */
  readonly pauses?: {
    readonly lastMs: readonly [number, number];
    readonly apartMs: readonly [number, number];
  };
  readonly rateBps?: number;
  readonly queueMs?: number;
}

/** Why there can be no such link here; nothing when there can. */
export function whyNoLink(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun';
  try {
    execFileSync('ip', ['netns', 'list'], { stdio: 'ignore' });
  } catch {
    return 'iproute2 with namespaces is not installed';
  }
  return undefined;
}

export class BadLink {
  /** Where the namespace finds everything else. */
  readonly host: string;
  /** Starts a Chromium inside. */
  readonly chromium: string;
  readonly #namespace: string;
  readonly #network: string;
  /** The end of the link inside. */
  readonly #far: string;
  /** The last part of the address that the Chromium has. */
  #place = 2;
  readonly #folder: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  private constructor(
    network: string,
    namespace: string,
    far: string,
    child: ChildProcessByStdio<Writable, Readable, null>,
    lines: Interface,
  ) {
    this.host = `${network}.1`;
    this.#network = network;
    this.#namespace = namespace;
    this.#far = far;
    this.#child = child;
    this.#answers = lines[Symbol.asyncIterator]();
    this.#folder = mkdtempSync(join(tmpdir(), 'parley-link-'));
    this.chromium = join(this.#folder, 'chromium');
    writeFileSync(this.chromium, `#!/bin/sh\nexec ip netns exec ${namespace} ${CHROMIUM} "$@"\n`);
    chmodSync(this.chromium, 0o755);
  }

  static async open(seed = 1): Promise<BadLink> {
    const number = process.pid % 250;
    const [network, namespace] = [`10.199.${String(number)}`, `parley-${String(number)}`];
    const [near, far] = [`pnear${String(number)}`, `pfar${String(number)}`];
    execFileSync('cargo', ['build', '--quiet', '--locked', '-p', 'packet-plane-tunlink'], { cwd: PLANE });
    const child = spawn(join(PLANE, 'target/debug/packet-plane-tunlink'), [near, far, String(seed)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const link = new BadLink(network, namespace, far, child, createInterface({ input: child.stdout }));
    await link.#answer('ready');
    const ip = (...words: string[]) => execFileSync('ip', words);
    ip('netns', 'add', namespace);
    ip('link', 'set', far, 'netns', namespace);
    ip('address', 'add', `${network}.1/24`, 'dev', near);
    ip('link', 'set', near, 'up');
    ip('-n', namespace, 'address', 'add', `${network}.2/24`, 'dev', far);
    ip('-n', namespace, 'link', 'set', far, 'up');
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
    return link;
  }

  /** What the link does from now on; up is what the Chromium sends. */
  async set(up: Direction, down: Direction = up): Promise<void> {
    this.#child.stdin.write(`${JSON.stringify({ up, down })}\n`);
    await this.#answer('set');
  }

  /** Gives the Chromium another address, as another Wi-Fi does: the one before is gone at once. */
  changeAddress(): void {
    const ip = (verb: string, place: number): void => {
      const address = `${this.#network}.${String(place)}/24`;
      execFileSync('ip', ['-n', this.#namespace, 'address', verb, address, 'dev', this.#far]);
    };
    ip('delete', this.#place);
    this.#place += 1;
    ip('add', this.#place);
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin.end();
    await gone;
    execFileSync('ip', ['netns', 'delete', this.#namespace]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #answer(expected: string): Promise<void> {
    const answer = (await this.#answers.next()) as IteratorResult<string, undefined>;
    if (answer.value !== expected) throw new Error(`the link said: ${String(answer.value)}`);
  }
}
