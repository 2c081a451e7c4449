/** A camera is sent in what everybody in the meeting decodes, through a real node, as people come and go. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, servePages, type PageServer } from './support/browser.ts';
import { pretendChip, withoutDecoder } from './support/codecs.ts';
import { startParley, type Parley } from './support/parley.ts';
import { Person, eventually } from './support/person.ts';

let browser: Browser;
let parley: Parley;
let server: PageServer;

beforeAll(async () => {
  parley = await startParley();
  server = await servePages(new URL(parley.apiUrl).origin);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  await server.close();
  await parley.stop();
});

describe('a camera with a chip for H.264', () => {
  it('sends H.264 while everybody decodes it, VP8 while somebody does not, and H.264 again', async () => {
    const code = await parley.createMeeting('Codecs');
    const ada = await Person.open(browser, server.url, 'Ada');
    const bob = await Person.open(browser, server.url, 'Bob');
    await ada.page.evaluate(pretendChip);
    await ada.join(code, null);
    await bob.join(code);
    await sees(bob, 'Ada', 'video/H264');

    const cleo = await Person.open(browser, server.url, 'Cleo');
    await cleo.page.evaluate(withoutDecoder);
    await cleo.join(code);
    await sees(bob, 'Ada', 'video/VP8');
    await sees(cleo, 'Ada', 'video/VP8');

    await cleo.page.evaluate(() => window.meeting.leave());
    await sees(bob, 'Ada', 'video/H264');
    expect([...ada.errors, ...bob.errors, ...cleo.errors]).toEqual([]);
    for (const person of [ada, bob, cleo]) await person.close();
  });
});

/** Frames of this person's camera go on in this codec. */
async function sees(viewer: Person, name: string, codec: string): Promise<void> {
  await eventually(
    () => viewer.others(),
    (others) => others.some((other) => other.name === name && other.tracks['camera'] !== undefined),
  );
  await viewer.showOnly(name, 360);
  const first = await eventually(
    () => viewer.newest(),
    (seen) => seen.codec === codec,
    40_000,
  );
  await eventually(
    () => viewer.newest(),
    (seen) => seen.codec === codec && seen.frames > first.frames + 20,
  );
}
