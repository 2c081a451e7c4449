import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countUnread, partsOf } from './chat.ts';

const links = (text: string) =>
  partsOf(text).flatMap((part) => (part.kind === 'link' ? [[part.text, part.href]] : []));

describe('links in the chat', () => {
  it.each([
    ['see https://example.org/a?b=c#d.', [['https://example.org/a?b=c#d', 'https://example.org/a?b=c#d']]],
    ['(https://example.org/x)', [['https://example.org/x', 'https://example.org/x']]],
    [
      'https://en.example.org/Tea_(drink)!',
      [['https://en.example.org/Tea_(drink)', 'https://en.example.org/Tea_(drink)']],
    ],
    ['HTTP://EXAMPLE.ORG', [['HTTP://EXAMPLE.ORG', 'http://example.org/']]],
    [
      'two http://a.org and http://b.org',
      [
        ['http://a.org', 'http://a.org/'],
        ['http://b.org', 'http://b.org/'],
      ],
    ],
  ])('are found in %j', (text, expected) => {
    expect(links(text)).toEqual(expected);
  });

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)//https',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'https://bank.example@evil.example/',
    'https://',
    'http://[',
    'no link at all',
  ])('are none in %j', (text) => {
    expect(links(text)).toEqual([]);
  });

  it('lose no letter of what was written, and lead to the web alone', () => {
    const pieces = fc.array(
      fc.oneof(fc.string(), fc.webUrl(), fc.constantFrom('https://', 'javascript:', ')', '.', '@', '\u202e')),
    );
    fc.assert(
      fc.property(pieces, (drawn) => {
        const text = drawn.join('');
        const parts = partsOf(text);
        expect(parts.map((part) => part.text).join('')).toBe(text);
        for (const part of parts) if (part.kind === 'link') expect(part.href).toMatch(/^https?:\/\/[^@]*/);
      }),
    );
  });
});

describe('what was not read', () => {
  const message = (id: string, from: string) => ({ id, from, displayName: '', text: '', at: '' });

  it('is what others wrote after the last one that was seen', () => {
    const messages = [message('1', 'bob'), message('2', 'me'), message('3', 'bob')];
    expect(countUnread(messages, null, 'me')).toBe(2);
    expect(countUnread(messages, '1', 'me')).toBe(1);
    expect(countUnread(messages, '3', 'me')).toBe(0);
    expect(countUnread([], '3', 'me')).toBe(0);
  });
});
