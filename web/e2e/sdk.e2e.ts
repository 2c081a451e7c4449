/** The example of the SDK's README, against the published package and a whole Parley. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, openSdkPage, servePages, type PageServer } from './support/browser.ts';
import { startParley, type Parley } from './support/parley.ts';
import { Person, eventually } from './support/person.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const example = /```ts\n([^]*?)```/.exec(readFileSync(join(ROOT, 'sdk/README.md'), 'utf8'))?.[1] ?? '';

let browser: Browser;
let parley: Parley;
let server: PageServer;

beforeAll(async () => {
  execFileSync('node', ['scripts/build-sdk.mjs'], { cwd: ROOT });
  parley = await startParley();
  server = await servePages(new URL(parley.apiUrl).origin);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  await server.close();
  await parley.stop();
});

describe('the example of the README', () => {
  it('is sound to a strict compiler that sees the package alone', () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-sdk-'));
    mkdirSync(join(folder, 'node_modules/@parley'), { recursive: true });
    symlinkSync(join(ROOT, 'dist-sdk'), join(folder, 'node_modules/@parley/sdk'));
    writeFileSync(join(folder, 'example.ts'), example);
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    const flags =
      '--noEmit --strict --target es2022 --module nodenext --moduleResolution nodenext --lib es2022,dom';
    try {
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
      execFileSync('node', [tsc, ...flags.split(' '), 'example.ts'], { cwd: folder, encoding: 'utf8' });
    } catch (error) {
      expect((error as { stdout?: string }).stdout).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('meets somebody', async () => {
    const code = await parley.createMeeting('Example');
    const bob = await Person.open(browser, server.url, 'Bob');
    await bob.join(code);
    const { page, errors } = await openSdkPage(browser, server.url);
    await page.setContent('<h1></h1><video autoplay muted></video><button>Join</button>');
    const { outputText } = ts.transpileModule(example, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    const content = outputText
      .replace("'@parley/sdk'", "'/dist-sdk/index.js'")
      .replace('https://parley.example/v1', '/v1')
      .replace('abc-defg-hij', code);
    await page.addScriptTag({ type: 'module', content: `${content}\nwindow.isReady = true;` });
    await page.waitForFunction(() => 'isReady' in window);
    await page.getByRole('button').click();
    await eventually(
      () => page.locator('h1').textContent(),
      (names) => names === 'Bob',
    );
    await eventually(
      () => page.evaluate(() => document.querySelector('video')?.videoHeight ?? 0),
      (height) => height > 0,
    );
    expect(errors).toEqual([]);
  });
});
