// Writes pictures with everything that a camera or a program may add, by sharp (libjpeg, libpng, libwebp):
// `node tests/vectors/make-pictures.mjs`. The files are kept.
import { writeFileSync } from "node:fs";
import sharp from "sharp";

const folder = new URL("pictures/", import.meta.url);
const [width, height] = [96, 80];
const pixels = (channels) =>
  Buffer.from(
    Array.from({ length: width * height }, (_, i) => [
      (i % width) * 2,
      Math.floor(i / width) * 3,
      ((i * i) % 97) * 2,
      (i % width) * 2 + 20,
    ]).flatMap((pixel) => pixel.slice(0, channels)),
  );
const picture = (channels) =>
  sharp(pixels(channels), { raw: { width, height, channels } })
    .withExif({ IFD0: { Copyright: "SECRET-EXIF" }, IFD3: { GPSLatitude: "52/1 31/1 0/1" } })
    .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/">SECRET-XMP</x:xmpmeta>')
    .withIccProfile("srgb");
const files = {
  "baseline.jpg": picture(3).jpeg({ quality: 70 }),
  "progressive.jpg": picture(3).jpeg({ quality: 70, progressive: true }),
  "grey.jpg": picture(3).greyscale().jpeg({ quality: 70 }),
  "colour.png": picture(3).png(),
  "indexed.png": picture(4).png({ palette: true, colours: 16 }),
  "lossy.webp": picture(3).webp({ quality: 60 }),
  "alpha.webp": picture(4).webp({ quality: 60 }),
  "lossless.webp": picture(3).webp({ lossless: true }),
};
for (const [name, file] of Object.entries(files)) writeFileSync(new URL(name, folder), await file.toBuffer());
