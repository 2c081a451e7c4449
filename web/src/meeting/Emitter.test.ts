import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Emitter } from './Emitter.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('tells all who listen, although one of them throws, and lets that be seen', () => {
  const events = new Emitter<{ said: string }>();
  const heard: string[] = [];
  events.on('said', () => {
    throw new Error('of the listener');
  });
  const end = events.on('said', (words) => heard.push(words));
  events.emit('said', 'one');
  end();
  events.emit('said', 'two');
  expect(heard).toEqual(['one']);
  expect(() => vi.runAllTimers()).toThrow('of the listener');
  vi.clearAllTimers();
});
