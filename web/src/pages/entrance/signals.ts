// A vibration and a sound for each result. Both can be switched off.
import { isSilent } from "./kept";

let audio: AudioContext | null = null;

/** Browsers play sounds only after a tap. */
export function allowSound(): void {
  if (isSilent() || !("AudioContext" in window)) return;
  audio ??= new AudioContext();
  void audio.resume().catch(() => undefined);
}

/** One high tone and a short vibration for a guest who comes in, two low tones and a long one for a refusal. */
export function signal(isIn: boolean): void {
  if (isSilent()) return;
  // Without a tap before, browsers refuse to vibrate and complain.
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(isIn ? 80 : [250, 120, 250]);
  if (audio?.state !== "running") return;
  const tones = isIn
    ? [[880, 0, 0.12]]
    : ([
        [220, 0, 0.2],
        [180, 0.28, 0.3],
      ] as const);
  for (const [pitch = 0, start = 0, length = 0] of tones)
    play(audio, pitch, audio.currentTime + start, length);
}

function play(context: AudioContext, pitch: number, at: number, seconds: number): void {
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.frequency.value = pitch;
  volume.gain.value = 0.2;
  tone.connect(volume).connect(context.destination);
  tone.start(at);
  tone.stop(at + seconds);
}
