import { hexOf } from "./seed";

type Props = {
  seed: string;
  /** A host of this deployment, whose face is the one on its own page. */
  scope?: string | null;
};

/** The round picture of a wallet or a host, drawn by the Worker. Decoration. */
export function Face({ seed, scope = null }: Props) {
  const id = scope !== null && /^[0-9a-f]{32}$/.test(scope) ? scope : hexOf(seed.toLowerCase(), 32);
  return (
    <span className="face" aria-hidden="true">
      <img src={`/covers/${id}/0-own/face.svg`} alt="" />
    </span>
  );
}
