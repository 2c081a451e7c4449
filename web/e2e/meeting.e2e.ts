/** Two people in two browser contexts meet through a stand-in node: real sockets, real media, no packet plane. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, servePages, type PageServer } from './support/browser.ts';
import { Person, eventually } from './support/person.ts';
import { startStandIn, type StandIn } from './support/standIn.ts';

let browser: Browser;
let api: StandIn;
let pages: PageServer;
let server: PageServer;
let ada: Person;
let bob: Person;

beforeAll(async () => {
  browser = await launchChromium();
  pages = await servePages('http://127.0.0.1:9');
  api = await startStandIn(browser, pages.url.replace('sdk.html', 'node.html'));
  server = await servePages(api.apiUrl);
  ada = await Person.open(browser, server.url, 'Ada');
  bob = await Person.open(browser, server.url, 'Bob');
  await ada.join(api.code);
  await bob.join(api.code);
});

afterAll(async () => {
  await api.close();
  await browser.close();
  await server.close();
  await pages.close();
});

/** More picture and more sound than at this moment. */
async function flows(person: Person): Promise<void> {
  const before = await person.received();
  await eventually(
    () => person.received(),
    ({ frames, energy }) => frames > before.frames + 5 && energy > before.energy,
  );
}

describe('two people', () => {
  it('see and hear each other', async () => {
    await flows(ada);
    await flows(bob);
    expect((await ada.others()).map(({ name, tracks }) => [name, tracks['camera']?.hasPicture])).toEqual([
      ['Bob', true],
    ]);
    expect([await ada.state(), await bob.state()]).toEqual(['connected', 'connected']);
  });

  it('see when the other is muted and switches the camera off', async () => {
    await bob.page.evaluate(async () => {
      window.meeting.setMuted('microphone', true);
      await window.meeting.setCamera(null);
    });
    await eventually(
      () => ada.others(),
      ([seen]) => seen?.tracks['microphone']?.muted === true && seen.tracks['camera'] === undefined,
    );
  });

  it('come back on a new socket while sound and picture go on', async () => {
    const frames = () => bob.received().then((received) => received.frames);
    await bob.page.evaluate(() => {
      // As a network would: the page hears of it, and nobody said goodbye.
      window.sockets.at(-1)?.close(4900);
    });
    await eventually(
      () => bob.page.evaluate(() => window.sockets.length),
      (sockets) => sockets === 2,
    );
    await eventually(
      () => bob.state(),
      (state) => state === 'connected',
    );
    const before = await frames();
    await eventually(frames, (now) => now > before);
    expect(await bob.page.evaluate(() => window.peerConnections.length)).toBe(1);
  });

  it('talk after a resume', async () => {
    await bob.page.evaluate(() => {
      window.meeting.sendMessage('still here');
    });
    await eventually(
      () => ada.page.evaluate(() => window.meeting.getSnapshot().messages.map(({ text }) => text)),
      (texts) => texts.includes('still here'),
    );
  });

  it('rejoin as the same participant when the node forgot the session', async () => {
    const id = await bob.participantId();
    await api.forget(id ?? '');
    await eventually(
      () => bob.page.evaluate(() => window.peerConnections.length),
      (connections) => connections === 2,
    );
    await eventually(
      () => bob.state(),
      (state) => state === 'connected',
    );
    await eventually(
      () => bob.received(),
      ({ frames }) => frames > 5,
    );
    expect(await bob.participantId()).toBe(id);
  });

  it('are the same participant after a reload', async () => {
    const id = await bob.participantId();
    await bob.page.reload();
    await bob.join(api.code);
    expect(await bob.participantId()).toBe(id);
    await flows(ada);
    await flows(bob);
    expect(await ada.others()).toHaveLength(1);
  });

  it('are gone for the other when they leave, and when the meeting ends', async () => {
    await bob.page.evaluate(() => window.meeting.leave());
    await eventually(
      () => ada.others(),
      (others) => others.length === 0,
    );
    api.end();
    await eventually(
      () => ada.page.evaluate(() => window.meeting.state),
      (state) => state.kind === 'ended' && state.reason === 'ended',
    );
    expect([...ada.errors, ...bob.errors]).toEqual([]);
  });
});
