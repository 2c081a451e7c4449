/** A short rising chord, to find out whether and from where one hears the others. */
const NOTES_HZ = [440, 554, 659];
const NOTE_S = 0.18;
const TAIL_S = 0.5;

/**
 * Plays it through a speaker; resolves when it has ended.
 *
 * @param deviceId Null for the system's default.
 * @throws DOMException when the speaker is gone or may not be used.
 */
export async function playTestSound(deviceId: string | null): Promise<void> {
  const context = new AudioContext() as AudioContext & { setSinkId?: (id: string) => Promise<void> };
  try {
    // Without a choice of speakers the default one plays: https://caniuse.com/mdn-api_audiocontext_setsinkid
    if (deviceId !== null) await context.setSinkId?.(deviceId);
    await context.resume();
    const ended = NOTES_HZ.map((frequency, index) => playNote(context, frequency, index * NOTE_S));
    await Promise.all(ended);
  } finally {
    await context.close();
  }
}

function playNote(context: AudioContext, frequency: number, delay: number): Promise<void> {
  const at = context.currentTime + delay;
  const tone = new OscillatorNode(context, { frequency });
  const envelope = new GainNode(context, { gain: 0 });
  envelope.gain.setTargetAtTime(0.2, at, 0.01);
  envelope.gain.setTargetAtTime(0, at + NOTE_S, 0.08);
  tone.connect(envelope).connect(context.destination);
  tone.start(at);
  tone.stop(at + TAIL_S);
  return new Promise((resolve) => {
    tone.onended = () => {
      resolve();
    };
  });
}
