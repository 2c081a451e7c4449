/** A browser's sound that is only noted. */
import { vi } from 'vitest';

export interface Heard {
  readonly hertz: number[];
  readonly sinks: string[];
  closed: number;
}

/** What a browser's sound would do, as far as it is told. */
export function stubSound(heard: Heard, isActive: boolean): void {
  class FakeContext {
    readonly currentTime = 0;
    readonly destination = {};
    setSinkId(id: string): Promise<void> {
      heard.sinks.push(id);
      return Promise.reject(new DOMException('gone', 'NotFoundError'));
    }
    createOscillator() {
      const frequency = { value: 0 };
      return { frequency, connect: vi.fn(), stop: vi.fn(), start: () => heard.hertz.push(frequency.value) };
    }
    createGain() {
      return { gain: { value: 1, setTargetAtTime: vi.fn() }, connect: vi.fn() };
    }
    close(): Promise<void> {
      heard.closed += 1;
      return Promise.resolve();
    }
  }
  vi.stubGlobal('AudioContext', FakeContext);
  Object.defineProperty(navigator, 'userActivation', {
    configurable: true,
    value: { hasBeenActive: isActive },
  });
}
