/**
 * The few lines of SDP that no browser interface can set. Pure text in, text out.
 *
 * Never invents m-lines and never touches ICE or DTLS.
 */

/**
 * Asks our Opus encoder for discontinuous transmission and in-band FEC on what we send.
 *
 * A browser's encoder obeys the *remote* description's fmtp (RFC 7587, section 7): the answer says what the node
 * wants to receive, so the change belongs there, not into the offer.
 */
export function withOpusSending(
  answer: string,
  mids: {
    readonly voice: string | null;
    readonly music: string | null;
    readonly isVoiceMusic?: boolean;
    readonly isNarrow?: boolean;
  },
): string {
  return mapMedia(answer, (mid, lines) => {
    if (mid === mids.voice && mids.isNarrow === true)
      return withLongPackets(withOpusParameters(lines, { useinbandfec: '1', usedtx: '1' }));
    if (mid === mids.voice && mids.isVoiceMusic !== true)
      return withOpusParameters(lines, { useinbandfec: '1', usedtx: '1' });
    // Shared audio is mostly music or film: both channels, and no gaps that swallow quiet passages.
    if (mid === mids.music || mid === mids.voice) {
      return withOpusParameters(lines, { useinbandfec: '1', stereo: '1', maxaveragebitrate: '128000' });
    }
    return lines;
  });
}

/** Each packet brings 72 bytes of headers and tag along: 29 kbit/s in packets of 20 ms, 5 in these. */
const LONG_PACKET_MS = 120;

/** Asks for fewer packets, each sent once: a browser sends what the other side names first (RFC 3264 section 6.1). */
function withLongPackets(lines: readonly string[]): readonly string[] {
  const red = lines.flatMap((line) => /^a=rtpmap:(\d+) red\//i.exec(line)?.[1] ?? []);
  const [media = '', ...others] = lines;
  const [kind, port, profile, ...formats] = media.split(' ');
  const plain = formats.filter((format) => !red.includes(format));
  const last = formats.filter((format) => red.includes(format));
  return [[kind, port, profile, ...plain, ...last].join(' '), ...withPacketTime(others)];
}

function withPacketTime(lines: readonly string[]): readonly string[] {
  const kept = lines.filter((line) => !line.startsWith('a=ptime:'));
  const mid = kept.findIndex((line) => line.startsWith('a=mid:'));
  return [...kept.slice(0, mid + 1), `a=ptime:${String(LONG_PACKET_MS)}`, ...kept.slice(mid + 1)];
}

/**
 * Tells our Opus decoder to keep both channels of what slots receive: browsers mix to one unless they offered so.
 *
 * @see https://datatracker.ietf.org/doc/html/rfc7587#section-6.1
 */
export function withStereoReceiving(offer: string): string {
  return mapMedia(offer, (_mid, lines) => {
    const isSlot = lines[0]?.startsWith('m=audio') === true && lines.includes('a=recvonly');
    return isSlot ? withOpusParameters(lines, { stereo: '1' }) : lines;
  });
}

/** Splits at m-lines, lets each be changed, and joins again. Line endings are CRLF as in RFC 8866. */
export function mapMedia(
  sdp: string,
  change: (mid: string | null, lines: readonly string[]) => readonly string[],
): string {
  const sections: string[][] = [[]];
  for (const line of sdp.split(/\r?\n/)) {
    if (line.startsWith('m=')) sections.push([]);
    sections.at(-1)?.push(line);
  }
  const [session = [], ...media] = sections;
  return [session, ...media.map((lines) => change(midOf(lines), lines))].flat().join('\r\n');
}

function midOf(lines: readonly string[]): string | null {
  return lines.find((line) => line.startsWith('a=mid:'))?.slice('a=mid:'.length) ?? null;
}

function withOpusParameters(
  lines: readonly string[],
  parameters: Readonly<Record<string, string>>,
): readonly string[] {
  const rtpmap = lines.find((line) => /^a=rtpmap:\d+ opus\/48000/i.test(line));
  const payloadType = rtpmap?.slice('a=rtpmap:'.length).split(' ')[0];
  if (rtpmap === undefined || payloadType === undefined) return lines;
  const prefix = `a=fmtp:${payloadType} `;
  const before = lines.find((line) => line.startsWith(prefix))?.slice(prefix.length) ?? '';
  const merged = new Map(
    before
      .split(';')
      .filter((pair) => pair.trim() !== '')
      .map((pair): [string, string] => {
        const [name = '', value = ''] = pair.trim().split('=');
        return [name, value];
      }),
  );
  for (const [name, value] of Object.entries(parameters)) merged.set(name, value);
  const fmtp = prefix + [...merged].map(([name, value]) => `${name}=${value}`).join(';');
  return lines
    .filter((line) => !line.startsWith(prefix))
    .flatMap((line) => (line === rtpmap ? [line, fmtp] : [line]));
}

/**
 * Leaves the streams of a simulcast paused (RFC 8853, section 5.1): Chromium makes them active with every answer that does
 * not say so, and sends a burst of each.
 */
export function withPausedStreams(answer: string): string {
  return answer.replace(/^(a=simulcast:recv )(\S+)/gm, (_line, start: string, rids: string) => {
    return start + rids.replace(/(^|[;,])~?/g, '$1~');
  });
}

/**
 * Leaves the candidates of the first m-line alone, as all are bundled: a browser takes up each one that it reads.
 *
 * @see https://datatracker.ietf.org/doc/html/rfc9143#section-7.1.3
 */
export function withCandidatesOnce(answer: string): string {
  const [session = '', first = '', ...others] = answer.split(/^(?=m=)/m);
  return session + first + others.join('').replace(/^a=(?:candidate:.*|end-of-candidates)\r?\n/gm, '');
}

/** Leaves the candidates of one protocol in an answer, so that a connection comes up over that or not at all. */
export function withCandidatesOver(answer: string, protocol: 'udp' | 'tcp'): string {
  const isOther = (line: string): boolean => {
    const found = /^a=candidate:\S+ \d+ (\S+) /i.exec(line)?.[1];
    return found !== undefined && found.toLowerCase() !== protocol;
  };
  return answer
    .split('\r\n')
    .filter((line) => !isOther(line))
    .join('\r\n');
}
