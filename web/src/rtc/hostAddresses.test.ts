import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hostAddresses, readPath } from './hostAddresses.ts';

function report(local: Record<string, unknown>, pair: Record<string, unknown> = {}): Map<string, unknown> {
  return new Map<string, unknown>([
    ['T', { type: 'transport', selectedCandidatePairId: 'P' }],
    [
      'P',
      { type: 'candidate-pair', localCandidateId: 'L', packetsReceived: 7, responsesReceived: 2, ...pair },
    ],
    ['L', { type: 'local-candidate', ...local }],
  ]);
}

describe('the path of a report', () => {
  it('begins at the address of a host candidate, or at the one behind a NAT', () => {
    const host = { candidateType: 'host', address: '192.0.2.7' };
    expect(readPath(report(host))).toEqual({ packets: 9, silentMs: 0, address: '192.0.2.7' });
    const mapped = { candidateType: 'prflx', address: '203.0.113.1', relatedAddress: '10.0.0.5' };
    expect(readPath(report(mapped))?.address).toBe('10.0.0.5');
  });

  it('tells for how long nothing has come', () => {
    const pair = { timestamp: 5_000, lastPacketReceivedTimestamp: 4_200 };
    expect(readPath(report({}, pair))?.silentMs).toBe(800);
  });

  it.each(['0a1b.local', '', '0.0.0.0'])('has no address where %j stands for it', (address) => {
    expect(readPath(report({ candidateType: 'host', address }))?.address).toBeNull();
  });

  it('is none before there is one', () => {
    expect(readPath(new Map([['T', { type: 'transport' }]]))).toBeNull();
  });
});

class Gathering {
  onicecandidate: ((event: { candidate: { address: string; protocol: string } | null }) => void) | null =
    null;
  isClosed = false;
  createDataChannel = vi.fn();
  setLocalDescription = (): Promise<void> => Promise.resolve();
  close(): void {
    this.isClosed = true;
  }
  find(protocol: 'udp' | 'tcp', ...addresses: readonly string[]): void {
    for (const address of addresses) this.onicecandidate?.({ candidate: { address, protocol } });
  }
  end(): void {
    this.onicecandidate?.({ candidate: null });
  }
}

describe('the addresses of a machine', () => {
  let gathering: Gathering;
  const addresses = () => hostAddresses(() => gathering as unknown as RTCPeerConnection);

  beforeEach(() => {
    vi.useFakeTimers();
    gathering = new Gathering();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are those that browsers name', async () => {
    const found = addresses();
    gathering.find('udp', '192.0.2.7', '0a1b.local', 'fd00::2');
    gathering.end();
    expect([...(await found)]).toEqual(['192.0.2.7', 'fd00::2']);
    expect(gathering.isClosed).toBe(true);
  });

  it('are known as soon as the browser hears of another one, also where it never ends looking for the one before', async () => {
    let isOver = false;
    const found = addresses().finally(() => (isOver = true));
    gathering.find('tcp', '192.0.2.7');
    await vi.advanceTimersByTimeAsync(1_900);
    expect(isOver).toBe(false);
    gathering.find('udp', '192.0.2.8');
    await vi.advanceTimersByTimeAsync(100);
    gathering.find('udp', 'fd00::2');
    await vi.advanceTimersByTimeAsync(150);
    expect([...(await found)]).toEqual(['192.0.2.8', 'fd00::2']);
  });

  it('are unknown where no socket could be opened at any', async () => {
    const found = addresses();
    gathering.find('tcp', '192.0.2.7');
    await vi.advanceTimersByTimeAsync(4_000);
    expect((await found).size).toBe(0);
    expect(gathering.isClosed).toBe(true);
  });
});
