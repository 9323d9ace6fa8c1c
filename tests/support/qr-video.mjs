// What a camera sees, for Chromium's fake one: a QR code on a white ground, or nothing.
import { writeFileSync } from "node:fs";
import { encode } from "uqr";

const WIDTH = 640;
const HEIGHT = 480;
const MODULE_PIXELS = 6;
const [BLACK, GREY, WHITE] = [16, 110, 235];

/** The switches that make `file` the camera. Chromium opens the file when a page starts the camera. */
export const cameraOf = (file) => [
  "use-fake-ui-for-media-stream",
  "use-fake-device-for-media-stream",
  `use-file-for-fake-video-capture=${file}`,
];

/** Writes the video, YUV4MPEG2 in 4:2:0: `text` as a QR code, or a grey wall if there is none. */
export function writeVideo(file, text) {
  const luma = Buffer.alloc(WIDTH * HEIGHT, GREY);
  if (text !== undefined) draw(luma, encode(text, { ecc: "M", border: 4 }));
  const frame = Buffer.concat([Buffer.from("FRAME\n"), luma, Buffer.alloc((WIDTH * HEIGHT) / 2, 128)]);
  writeFileSync(file, Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F15:1 Ip A1:1 C420jpeg\n`), frame, frame]));
}

function draw(luma, { data, size }) {
  const side = size * MODULE_PIXELS;
  const [left, top] = [WIDTH - side, HEIGHT - side].map((rest) => Math.floor(rest / 2));
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const isDark = data[Math.floor(y / MODULE_PIXELS)][Math.floor(x / MODULE_PIXELS)];
      luma[(top + y) * WIDTH + left + x] = isDark ? BLACK : WHITE;
    }
  }
}
