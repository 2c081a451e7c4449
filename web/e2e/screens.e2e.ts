/** Every kind of screen, from fixtures, in a real browser: nothing that WCAG 2.2 AA forbids, no words out of order, nothing below the controls. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Each layout once, large and light or small and dark, and those that a phone on its side or the smallest one changes; the script takes all sizes and themes when asked. */
const LARGE =
  'start|join-denied|meeting-2|share|people|reconnecting|settings|people-host|share-rtl|people-rtl|pins|share-own|test-weak|statistics|paused-people';
const SMALL =
  'settings-rtl|left-rtl|chat-unsent-rtl|join|join-not-found|meeting-12|chat|blocked|left|speaker|shortcuts|captions|test-running|paused-down|paused-node';
const TINY = 'meeting-de|settings|share-own|test-blocked';
const LYING = 'join|share|share-own|captions-rtl';
const SCREENS = `^((${LARGE})-desktop-light|(${SMALL})-phone-dark|(${LYING})-landscape-light|(${TINY})-small-light)$`;

it('has no accessibility finding on any screen, large and light or small and dark', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-screens-'));
  const child = spawn(process.execPath, ['scripts/screenshots.mjs', folder, SCREENS, '--axe'], { cwd: ROOT });
  let findings = '';
  child.stderr.on('data', (chunk: Buffer) => (findings += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  rmSync(folder, { recursive: true, force: true });
  expect({ code, findings }).toEqual({ code: 0, findings: '' });
}, 600_000);
