// The camera, full screen. It goes on while a result is shown, so that the next guest need not wait for it.
import { useEffect, useRef, useState } from "react";
import { keepFiles } from "./offline";
import { openReader } from "./reader";

/** Between two frames that are read, milliseconds. */
const FRAME_MILLIS = 120;
/** The same code is read again when it was out of sight for this long, milliseconds. */
const OUT_OF_SIGHT_MILLIS = 2_500;

export type Torch = { isOn: boolean; toggle: () => void };

type Props = {
  /** Codes are read, and given to `onCode`. */
  isReading: boolean;
  onCode: (text: string) => void;
  /** What the light of the camera can do; null if it has none. */
  onTorch: (torch: Torch | null) => void;
};

export function Camera({ isReading, onCode, onTorch }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const latest = useRef({ isReading, onCode });
  useEffect(() => {
    latest.current = { isReading, onCode };
  });
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const { signal, end } = stopper();
    void open(element, signal, onTorch).catch((error: unknown) => setTrouble(troubleOf(error)));
    void readAll(element, signal, () => latest.current);
    return end;
  }, [onTorch]);
  return (
    <>
      <video ref={video} className="entrance-video" muted playsInline aria-hidden="true" />
      {trouble !== null && (
        <p className="entrance-trouble" role="alert">
          {trouble}
        </p>
      )}
    </>
  );
}

function stopper() {
  const controller = new AbortController();
  return { signal: controller.signal, end: () => controller.abort() };
}

async function open(video: HTMLVideoElement, signal: AbortSignal, onTorch: Props["onTorch"]) {
  if (navigator.mediaDevices === undefined) throw new DOMException("insecure", "SecurityError");
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
  });
  const stop = () => {
    for (const track of stream.getTracks()) track.stop();
    onTorch(null);
  };
  if (signal.aborted) return stop();
  signal.addEventListener("abort", stop);
  video.srcObject = stream;
  // Refused while the element is being removed; there is nothing to play then.
  await video.play().catch(() => undefined);
  const [track] = stream.getVideoTracks();
  if (track) offerTorch(track, onTorch);
}

function offerTorch(track: MediaStreamTrack, onTorch: Props["onTorch"]) {
  const abilities: object = track.getCapabilities?.() ?? {};
  if (!("torch" in abilities)) return;
  const offer = (isOn: boolean) => {
    const toggle = () => {
      const wanted: MediaTrackConstraintSet & { torch: boolean } = { torch: !isOn };
      void track.applyConstraints({ advanced: [wanted] }).then(
        () => offer(!isOn),
        () => onTorch(null),
      );
    };
    onTorch({ isOn, toggle });
  };
  offer(false);
}

async function readAll(
  video: HTMLVideoElement,
  signal: AbortSignal,
  latest: () => Pick<Props, "isReading" | "onCode">,
) {
  const read = await openReader();
  // The library, too, has to be there without a connection.
  void keepFiles();
  let seen = { text: "", at: 0 };
  while (!signal.aborted) {
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((next) => setTimeout(next, FRAME_MILLIS));
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) continue;
    // oxlint-disable-next-line no-await-in-loop
    const text = await read(video).catch(() => null);
    if (text === null || text === "") continue;
    const isNew = text !== seen.text || Date.now() - seen.at > OUT_OF_SIGHT_MILLIS;
    const { isReading, onCode } = latest();
    if (isNew && !isReading) continue;
    seen = { text, at: Date.now() };
    if (isNew && !signal.aborted) onCode(text);
  }
}

function troubleOf(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError")
    return "The camera is blocked. Allow it in the settings of your browser and load this page again, or type codes.";
  if (name === "NotFoundError") return "This device has no camera. Type codes, or use the guest list.";
  if (name === "NotReadableError")
    return "Another app uses the camera. Close it and load this page again, or type codes.";
  return "The camera does not work here. Type codes, or use the guest list.";
}
