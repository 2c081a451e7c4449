/** What the only page of a Chromium holds: its renderer's memory as the system counts it, and what scripts keep alive. */
import { readFileSync } from 'node:fs';

/** What a meeting could forget to let go of, by class. */
const KEPT = [
  'RTCPeerConnection',
  'RTCRtpTransceiver',
  'MediaStreamTrack',
  'MediaStream',
  'HTMLVideoElement',
  'HTMLAudioElement',
  'AudioContext',
  'AudioNode',
];

/** @param browser one with a single page, so that its largest renderer is that page's. */
export async function watchMemory(browser, page) {
  const system = await browser.newBrowserCDPSession();
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  return async () => {
    for (let turn = 0; turn < 3; turn += 1) await session.send('HeapProfiler.collectGarbage');
    const kept = await countKept(session);
    const { metrics } = await session.send('Performance.getMetrics');
    const valueOf = (wanted) => metrics.find(({ name }) => name === wanted).value;
    return {
      ...(await largestRenderer(system)),
      heapBytes: valueOf('JSHeapUsedSize'),
      kept: {
        ...kept,
        Node: valueOf('Nodes'),
        EventListener: valueOf('JSEventListeners'),
      },
    };
  };
}

/** `anonymousBytes` leaves out the program's own pages and pictures shared with other processes. */
async function largestRenderer(system) {
  const { processInfo } = await system.send('SystemInfo.getProcessInfo');
  const sizes = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => residentOf(id));
  return sizes.reduce((largest, size) => (size.residentBytes > largest.residentBytes ? size : largest));
}

function residentOf(id) {
  const status = readFileSync(`/proc/${id}/status`, 'utf8');
  const bytesOf = (field) => Number(status.match(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm'))[1]) * 1_024;
  return {
    residentBytes: bytesOf('VmRSS'),
    anonymousBytes: bytesOf('RssAnon'),
  };
}

/** Objects that are alive after a collection, not those that were ever made. */
async function countKept(session) {
  const counts = {};
  for (const name of KEPT) {
    const { result } = await session.send('Runtime.evaluate', {
      expression: `${name}.prototype`,
      objectGroup: 'kept',
    });
    const { objects } = await session.send('Runtime.queryObjects', {
      prototypeObjectId: result.objectId,
      objectGroup: 'kept',
    });
    const counted = await session.send('Runtime.callFunctionOn', {
      objectId: objects.objectId,
      functionDeclaration: 'function () { return this.length; }',
      returnByValue: true,
    });
    counts[name] = counted.result.value;
    await session.send('Runtime.releaseObjectGroup', { objectGroup: 'kept' });
  }
  return counts;
}
