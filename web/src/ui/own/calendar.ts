/**
 * A meeting as a file that calendars take. Pure.
 * Source: RFC 5545 sections 3.1 (folding), 3.3.11 (escapes), 3.6.1 (VEVENT); RFC 7986 section 5.11 is left out, as
 * few calendars know CONFERENCE.
 */
import type { OwnMeeting } from './meetings.ts';

const HOUR_MS = 3_600_000;
const LONGEST_LINE_OCTETS = 75;

/** `text` is the invitation; `now` when the file was made. A meeting without times is one of the next hour. */
export function calendarOf(meeting: OwnMeeting, title: string, text: string, now: number): string {
  const start = meeting.startsAt === null ? now : Date.parse(meeting.startsAt);
  const end = meeting.endsAt === null ? start + HOUR_MS : Date.parse(meeting.endsAt);
  const host = new URL(meeting.link).hostname;
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Parley//Parley//EN',
    'METHOD:PUBLISH',
    'BEGIN:VEVENT',
    // The same for the same meeting: another download takes the place of the one before.
    `UID:${meeting.id}@${host}`,
    `DTSTAMP:${stampOf(now)}`,
    `SEQUENCE:${Math.max(0, Math.floor((now - Date.parse(meeting.createdAt)) / 1000))}`,
    `DTSTART:${stampOf(start)}`,
    `DTEND:${stampOf(end)}`,
    `SUMMARY:${escaped(title)}`,
    `DESCRIPTION:${escaped(text)}`,
    `LOCATION:${escaped(meeting.link)}`,
    `URL:${meeting.link}`,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ]
    .map(folded)
    .join('\r\n');
}

function stampOf(at: number): string {
  return new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function escaped(text: string): string {
  // Others than the line's own controls have no place in a calendar.
  // eslint-disable-next-line no-control-regex -- They are what is taken out.
  const plain = text.replace(/\r\n?/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
  return plain.replace(/[\\;,]/g, '\\$&').replace(/\n/g, '\\n');
}

/** Lines of at most 75 octets, each next one after a space; no character is cut through. */
function folded(line: string): string {
  const encoder = new TextEncoder();
  let octets = 0;
  let text = '';
  for (const character of line) {
    const size = encoder.encode(character).length;
    if (octets + size > LONGEST_LINE_OCTETS) {
      text += '\r\n ';
      octets = 1;
    }
    text += character;
    octets += size;
  }
  return text;
}
