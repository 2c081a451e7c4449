/** The media half of the stand-in node: one peer connection per session, tracks passed from one to another. */
const connections = new Map<string, RTCPeerConnection>();

declare global {
  interface Window {
    node: typeof node;
  }
}

function transceiverOf(session: string, mid: string): RTCRtpTransceiver {
  const found = connections
    .get(session)
    ?.getTransceivers()
    .find((candidate) => candidate.mid === mid);
  if (found === undefined) throw new Error(`no m-line ${mid} in ${session}`);
  return found;
}

const node = {
  /** Answers a first offer or a restart; candidates are in the answer, as from an ICE-lite node. */
  async answer(session: string, sdp: string): Promise<string> {
    const connection = connections.get(session) ?? new RTCPeerConnection();
    connections.set(session, connection);
    connection.ontrack = ({ track }) => {
      pump(track);
    };
    await connection.setRemoteDescription({ type: 'offer', sdp });
    for (const transceiver of connection.getTransceivers()) {
      const isSlot = transceiver.currentDirection === null && transceiver.receiver.track.muted;
      if (isSlot && directionOf(sdp, transceiver.mid) === 'recvonly') transceiver.direction = 'sendonly';
    }
    await connection.setLocalDescription(await connection.createAnswer());
    if (connection.iceGatheringState !== 'complete') {
      await new Promise<void>((resolve) => {
        connection.onicegatheringstatechange = () => {
          if (connection.iceGatheringState === 'complete') resolve();
        };
      });
    }
    return connection.localDescription?.sdp ?? '';
  },

  async assign(session: string, slot: string, from: { session: string; mid: string } | null): Promise<void> {
    const track = from === null ? null : transceiverOf(from.session, from.mid).receiver.track;
    await transceiverOf(session, slot).sender.replaceTrack(track);
  },

  close(session: string): void {
    connections.get(session)?.close();
    connections.delete(session);
  },
};

function directionOf(sdp: string, mid: string | null): string | undefined {
  const section = sdp.split('\r\nm=').find((part) => part.includes(`\r\na=mid:${mid ?? ''}\r\n`));
  return /\r\na=(sendonly|recvonly)\r\n/.exec(section ?? '')?.[1];
}

/** Chromium passes remote sound on only while something in the page plays it. */
function pump(track: MediaStreamTrack): void {
  if (track.kind !== 'audio') return;
  const element = new Audio();
  element.muted = true;
  element.srcObject = new MediaStream([track]);
  void element.play();
}

window.node = node;
export {};
