// @vitest-environment jsdom
import { act, render, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import '../components/ChatPanel.tsx';
import '../components/PeoplePanel.tsx';
import { FakeMedia } from '../demo/FakeMedia.ts';
import { FakeMeeting, person } from '../demo/FakeMeeting.ts';
import { useSession, type Panel } from '../session.ts';
import { stubPage } from '../testing/page.ts';
import { MeetingPage } from './MeetingPage.tsx';

stubPage();

/** What others may call themselves, write, or name a meeting. */
const HOSTILE = [
  '<script>window.hurt = true</script>',
  '<img src=x onerror="window.hurt = true">',
  '"><svg onload=window.hurt=true>',
  "' onmouseover='window.hurt = true",
  '<iframe srcdoc="<script>parent.hurt = true</script>">',
  'javascript:window.hurt=true',
  '[click](javascript:window.hurt=true)',
  '<a href="javascript:window.hurt=true">click</a>',
  '<style>*{display:none}</style>',
  '{{constructor.constructor("window.hurt = true")()}}',
  '$t(meeting.leave)',
  '{{name}}',
  '${window.hurt = true}',
  '&lt;script&gt;&#x3C;script&#x3E;',
  '\u202eevil\u202c',
  '\u0000\ufeff\ud800',
  'Z̷̢̛a̸l̵g̶o̴'.repeat(20),
  'a'.repeat(4_000),
  '__proto__',
];

const FORBIDDEN =
  'script, iframe, img[src="x"], object, embed, style[nonce], [onerror], [onload], [onmouseover], [srcdoc]';

describe.each(HOSTILE)('%j', (text) => {
  it.each(['chat', 'people'] satisfies readonly Panel[])(
    'is shown as it is written, and nothing else, beside the open %s',
    async (panel) => {
      useSession.setState({ panel });
      const eve = person('eve', { id: 'par_eve', isHandRaised: true });
      const meeting = new FakeMeeting({
        meeting: { id: 'mtg_1', code: 'abc-defg-hij', title: text },
        participants: [person('Ada', { isSelf: true, role: 'host' }), { ...eve, displayName: text }],
        messages: [{ id: 'msg_1', from: 'par_eve', displayName: text, text, at: 'not a time' }],
      });
      meeting.waiting = [{ id: 'par_w', displayName: text, askedAt: null }];
      render(<MeetingPage code="abc-defg-hij" meeting={meeting} media={new FakeMedia()} />);
      await screen.findByRole('complementary');
      act(() => {
        meeting.emit('participantJoined', { ...eve, displayName: text });
        meeting.emit('reaction', { from: 'par_eve', reaction: text });
        meeting.emit('message', { id: 'msg_2', from: 'par_eve', displayName: text, text, at: '' });
      });
      expect(document.body.querySelectorAll(FORBIDDEN)).toHaveLength(0);
      for (const link of document.querySelectorAll('a')) expect(link.protocol).toMatch(/^https?:$/);
      expect(document.body.textContent).toContain(text.slice(0, 80));
      expect('hurt' in window).toBe(false);
    },
  );
});
