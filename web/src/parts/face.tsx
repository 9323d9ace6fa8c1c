import { hexOf } from "./seed";

/** The round picture of a wallet, drawn by the Worker. Decoration. */
export function Face({ seed }: { seed: string }) {
  return (
    <span className="face" aria-hidden="true">
      <img src={`/covers/${hexOf(seed.toLowerCase(), 32)}/0-own/face.svg`} alt="" />
    </span>
  );
}
