/**
 * Two soft tones that say what happens, made here: there is no file to load.
 *
 * A page that may not sound yet stays silent, also later: what is told then is no news any more.
 */

/** Low enough to be heard as calm beside voices, and each another interval: a fifth, a third up, one down, a fourth. */
export const TUNES_HZ = { recording: [440, 660], hands: [523, 659], chat: [587, 494], door: [392, 523] };
const NOTE_S = 0.22;
const TAIL_S = 0.6;
/** Voices peak near 1. */
const GAIN = 0.08;
/** By then the tones are over, or were never allowed to begin. */
const CLOSES_AFTER_MS = 1_500;

/** @param speaker Null for the system's default. */
export function chime(tune: keyof typeof TUNES_HZ, speaker: string | null): void {
  // Where a browser tells, who has not touched the page is not to be startled by it.
  if (typeof AudioContext === 'undefined' || !mayHaveSound()) return;
  const context = new AudioContext() as AudioContext & { setSinkId?: (id: string) => Promise<void> };
  setTimeout(() => {
    void context.close();
  }, CLOSES_AFTER_MS);
  // Without a choice of speakers the default one plays: https://caniuse.com/mdn-api_audiocontext_setsinkid
  const chosen = speaker === null ? undefined : context.setSinkId?.(speaker);
  void Promise.resolve(chosen)
    .catch(() => undefined)
    .then(() => {
      TUNES_HZ[tune].forEach((frequency, index) => {
        playSoftly(context, frequency, context.currentTime + index * NOTE_S);
      });
    });
}

function mayHaveSound(): boolean {
  const { userActivation } = navigator as { userActivation?: UserActivation };
  return userActivation?.hasBeenActive ?? true;
}

function playSoftly(context: AudioContext, frequency: number, at: number): void {
  const tone = context.createOscillator();
  const envelope = context.createGain();
  tone.frequency.value = frequency;
  envelope.gain.value = 0;
  envelope.gain.setTargetAtTime(GAIN, at, 0.02);
  envelope.gain.setTargetAtTime(0, at + NOTE_S, 0.08);
  tone.connect(envelope);
  envelope.connect(context.destination);
  tone.start(at);
  tone.stop(at + TAIL_S);
}
