// Makes a picture small enough to be uploaded: cropped, resized and encoded as JPEG in the browser.

/** The largest JPEG that is sent, bytes. The server keeps at most 300,000. */
const BYTES_MAX = 290_000;
/** A file above this is not opened. */
const FILE_BYTES_MAX = 60_000_000;
const QUALITIES = [0.86, 0.76, 0.64, 0.5] as const;

/** How a picture is cut: its largest size, and the least and greatest width for its height. */
export type Crop = { width: number; height: number; narrowest: number; widest: number };
export const COVER: Crop = { width: 1600, height: 1200, narrowest: 1, widest: 2 };
export const FACE: Crop = { width: 640, height: 640, narrowest: 1, widest: 1 };

/** The part of a picture that is kept, and the size to which it is drawn. Pure. */
export function fit({ width, height }: { width: number; height: number }, crop: Crop) {
  const cutWidth = Math.min(width, height * crop.widest);
  const cutHeight = Math.min(height, width / crop.narrowest);
  const scale = Math.min(1, crop.width / cutWidth, crop.height / cutHeight);
  return {
    x: (width - cutWidth) / 2,
    y: (height - cutHeight) / 2,
    width: cutWidth,
    height: cutHeight,
    toWidth: Math.max(1, Math.round(cutWidth * scale)),
    toHeight: Math.max(1, Math.round(cutHeight * scale)),
  };
}

/** The picture of a file as base64 of a JPEG. Throws an error with a sentence for the user. */
export async function shrink(file: Blob, crop: Crop): Promise<string> {
  if (file.size > FILE_BYTES_MAX) throw new Error("This file is too large. Choose a picture under 60 MB.");
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (bitmap === null) {
    throw new Error("This file is not a picture that this browser can open. Choose a JPEG, PNG or WebP.");
  }
  try {
    // A smaller picture if the lowest quality is still too long.
    for (const factor of [1, 0.7, 0.5]) {
      const canvas = drawn(bitmap, {
        ...crop,
        width: crop.width * factor,
        height: crop.height * factor,
      });
      if (canvas === null) break;
      for (const quality of QUALITIES) {
        const blob = await encoded(canvas, quality);
        if (blob !== null && blob.size <= BYTES_MAX) return await base64(blob);
      }
    }
  } finally {
    bitmap.close();
  }
  throw new Error("This picture cannot be made small enough. Choose another one.");
}

function drawn(bitmap: ImageBitmap, crop: Crop): HTMLCanvasElement | null {
  const part = fit(bitmap, crop);
  if (part.toWidth < 64 || part.toHeight < 64) {
    throw new Error("This picture is too small. Choose one with at least 64 by 64 pixels.");
  }
  const canvas = document.createElement("canvas");
  canvas.width = part.toWidth;
  canvas.height = part.toHeight;
  const context = canvas.getContext("2d");
  if (context === null) return null;
  // JPEG has no transparency.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, part.toWidth, part.toHeight);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, part.x, part.y, part.width, part.height, 0, 0, part.toWidth, part.toHeight);
  return canvas;
}

function encoded(canvas: HTMLCanvasElement, quality: number): Promise<Blob | null> {
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
}

async function base64(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
