// Uploads the picture of an event or of the host.
import { request } from "../../../api/http";
import type { PictureChange } from "../../../parts/picture-field";

/** Sends a change of a picture to `path`; the answer is what it belongs to. `null`: nothing is to be changed. */
export function pictureRequest<T>(path: string, change: PictureChange): (() => Promise<T>) | null {
  switch (change.kind) {
    case "none":
      return null;
    case "new":
      return () => request<T>("POST", `${path}/picture`, { image: change.image, alt: change.alt.trim() });
    case "words":
      return () => request<T>("POST", `${path}/picture`, { alt: change.alt.trim() });
    case "removed":
      return () => request<T>("DELETE", `${path}/picture`);
  }
}
