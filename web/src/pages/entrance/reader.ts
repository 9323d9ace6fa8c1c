// Reads QR codes from a camera: with the browser's own reader where there is one, else with a library that is loaded then.

/** Reads the frame that `video` shows; null if there is no code in it. */
export type Reader = (video: HTMLVideoElement) => Promise<string | null>;

type Detector = { detect: (source: HTMLVideoElement) => Promise<readonly { rawValue: string }[]> };
type DetectorClass = {
  new (options: { formats: readonly string[] }): Detector;
  getSupportedFormats: () => Promise<readonly string[]>;
};

declare global {
  // Not in TypeScript's list yet: Chromium on Android and macOS has it.
  interface Window {
    BarcodeDetector?: DetectorClass;
  }
}

/** The longer side of what the library reads, pixels. More takes longer and finds no more. */
const FRAME_PIXELS_MAX = 800;

export async function openReader(): Promise<Reader> {
  return (await builtIn()) ?? (await fromLibrary());
}

async function builtIn(): Promise<Reader | null> {
  const Detector = window.BarcodeDetector;
  if (!Detector) return null;
  const formats: readonly string[] = await Detector.getSupportedFormats().catch(() => []);
  if (!formats.includes("qr_code")) return null;
  const detector = new Detector({ formats: ["qr_code"] });
  return async (video) => (await detector.detect(video))[0]?.rawValue ?? null;
}

async function fromLibrary(): Promise<Reader> {
  const { decodeQR } = await import("qr/decode.js");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const { videoWidth, videoHeight } = video;
    if (context === null || videoWidth === 0 || videoHeight === 0) return null;
    const scale = Math.min(1, FRAME_PIXELS_MAX / Math.max(videoWidth, videoHeight));
    canvas.width = Math.round(videoWidth * scale);
    canvas.height = Math.round(videoHeight * scale);
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { width, height, data } = context.getImageData(0, 0, canvas.width, canvas.height);
    try {
      return decodeQR({ width, height, data });
    } catch {
      // The library throws for a picture without a code.
      return null;
    }
  };
}
