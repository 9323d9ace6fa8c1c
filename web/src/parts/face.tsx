import { Cover } from "./cover";

/** The round picture of a wallet or a person without one. Decoration. */
export function Face({ seed }: { seed: string }) {
  return (
    <span className="face" aria-hidden="true">
      <Cover seed={seed.toLowerCase()} columns={2} rows={2} />
    </span>
  );
}
