import { describe, expect, it } from 'vitest';
import { calendarOf } from './calendar.ts';
import { aMeeting } from './testing.ts';

const NOW = Date.parse('2026-11-29T15:10:00Z');

/** What a calendar reads: folded lines joined, escapes undone. */
function read(file: string): ReadonlyMap<string, string> {
  const lines = file.replaceAll('\r\n ', '').split('\r\n');
  return new Map(
    lines
      .filter((line) => line !== '')
      .map((line) => {
        const [name = '', ...rest] = line.split(':');
        const text = rest.join(':').replace(/\\([\\;,n])/g, (_, one: string) => (one === 'n' ? '\n' : one));
        return [name, text] as const;
      }),
  );
}

describe('a calendar file', () => {
  it('says when, what and where', () => {
    const meeting = aMeeting({ startsAt: '2026-12-01T09:00:00.000Z', endsAt: '2026-12-01T10:30:00.000Z' });
    const fields = read(calendarOf(meeting, 'Weekly', 'Join: there', NOW));
    expect(Object.fromEntries(fields)).toMatchObject({
      VERSION: '2.0',
      UID: `${meeting.id}@parley.test`,
      DTSTAMP: '20261129T151000Z',
      DTSTART: '20261201T090000Z',
      DTEND: '20261201T103000Z',
      SUMMARY: 'Weekly',
      DESCRIPTION: 'Join: there',
      LOCATION: meeting.link,
    });
  });

  it('takes an hour from now on where nothing was said', () => {
    const fields = read(calendarOf(aMeeting(), 'Weekly', '', NOW));
    expect([fields.get('DTSTART'), fields.get('DTEND')]).toEqual(['20261129T151000Z', '20261129T161000Z']);
  });

  it('keeps any title whole, in lines that every calendar takes', () => {
    const title = `Ümläute; commas, back\\slash ${'😀 long '.repeat(30)}`.trim();
    const text = 'first\r\nsecond\nthird\u0007\nEND:VEVENT';
    const file = calendarOf(aMeeting(), title, text, NOW);
    for (const line of file.split('\r\n'))
      expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
    const fields = read(file);
    expect(fields.get('SUMMARY')).toBe(title);
    expect(fields.get('DESCRIPTION')).toBe('first\nsecond\nthird\nEND:VEVENT');
    expect(file.split('\r\n').filter((line) => line === 'END:VEVENT')).toHaveLength(1);
  });
});
