import { describe, expect, it } from 'vitest';
import { Connection } from '../rtc/index.ts';
import type { ClientMessage } from '../protocol/index.ts';
import { Participants } from './Participants.ts';
import { Publishing } from './Publishing.ts';
import { FakePeerConnection, stubBrowser } from './testing/fakes.ts';

describe('a connection that ends while its microphone is told of a narrow path', () => {
  it('ends without a word', async () => {
    stubBrowser();
    const pc = new FakePeerConnection();
    const connection = new Connection({
      onPath: () => undefined,
      createPeerConnection: () => pc as unknown as RTCPeerConnection,
    });
    await connection.createOffer();
    await connection.applyAnswer('answer');
    const createOffer = pc.createOffer.bind(pc);
    pc.createOffer = () => {
      const made = createOffer();
      connection.close();
      return made;
    };
    await expect(connection.carry('narrow')).resolves.toBeUndefined();
    expect(connection.midOf('microphone')).toBeNull();
  });
});

describe('a camera that is switched on while the connection is made anew', () => {
  it('is sent over it, and told with its offer', async () => {
    stubBrowser();
    const pc = new FakePeerConnection();
    const connection = new Connection({
      onPath: () => undefined,
      createPeerConnection: () => pc as unknown as RTCPeerConnection,
    });
    const sent: ClientMessage[] = [];
    const publishing = new Publishing({
      participants: new Participants(),
      connection: () => connection,
      send: (message) => sent.push(message) > 0,
      onMicrophone: () => undefined,
      sharing: () => {
        throw new Error('nothing is shared');
      },
      onMutedByOther: () => undefined,
    });
    const camera = { kind: 'video', contentHint: '' } as MediaStreamTrack;
    await publishing.set('camera', camera);
    expect(sent).toEqual([]);
    expect(pc.transceivers.map(({ sender }) => sender.track)).toContain(camera);

    await connection.createOffer();
    const offered = publishing.tracks.offer((source) => connection.midOf(source));
    expect(offered).toMatchObject([{ source: 'camera', muted: false }]);
  });
});
