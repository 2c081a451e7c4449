/** A whole Parley as `make run` starts it, on a port and in a data folder of its own. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** The first start makes tables and keys; a busy machine takes its time. */
const START_MS = 240_000;

interface RunFile {
  readonly url: string;
  readonly apiUrl: string;
  readonly apiKey: { readonly id: string; readonly secret: string };
}

export interface Parley {
  readonly url: string;
  readonly apiUrl: string;
  /** Makes a meeting; returns its code. */
  createMeeting(title: string, wishes?: object): Promise<string>;
  endMeeting(code: string): Promise<void>;
  /** A call of the API as the tenant's server. */
  call(method: 'GET' | 'POST', path: string, body?: object): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

export async function startParley(
  host = '127.0.0.1',
  settings: Readonly<Record<string, string>> = {},
): Promise<Parley> {
  const data = mkdtempSync(join(tmpdir(), 'parley-e2e-'));
  const child = spawn(join(ROOT, '.venv/bin/python'), ['-m', 'localcloud'], {
    cwd: ROOT,
    env: {
      ...process.env,
      ...settings,
      PARLEY_DATA: data,
      PARLEY_HOST: host,
      PARLEY_PORT: String(await freePort()),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  const gone = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve();
    }),
  );
  const stop = async (): Promise<void> => {
    child.kill('SIGINT');
    await gone;
    rmSync(data, { recursive: true, force: true });
  };
  try {
    const run = await waitForRunFile(join(data, 'run.json'), () => child.exitCode !== null);
    return parleyOf(run, stop);
  } catch (cause) {
    await stop();
    throw new Error(`Parley did not start:\n${output}`, { cause });
  }
}

function parleyOf(run: RunFile, stop: () => Promise<void>): Parley {
  const key = Buffer.from(`${run.apiKey.id}:${run.apiKey.secret}`).toString('base64');
  const call: Parley['call'] = async (method, path, body) => {
    const answer = await fetch(run.apiUrl + path, {
      method,
      headers: { Authorization: `Basic ${key}`, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${String(answer.status)} ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  };
  return {
    url: run.url,
    apiUrl: run.apiUrl,
    createMeeting: async (title, wishes = {}) =>
      String((await call('POST', '/meetings', { title, guests: true, ...wishes }))['code']),
    endMeeting: async (code) => {
      await call('POST', `/meetings/${code}/end`, {});
    },
    call,
    stop,
  };
}

async function waitForRunFile(path: string, isGone: () => boolean): Promise<RunFile> {
  const deadline = performance.now() + START_MS;
  while (!existsSync(path)) {
    if (isGone()) throw new Error('the process ended');
    if (performance.now() > deadline) throw new Error('no run.json came in time');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return JSON.parse(readFileSync(path, 'utf8')) as RunFile;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('no free port'));
      });
    });
  });
}
