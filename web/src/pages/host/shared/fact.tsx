import type { ReactNode } from "react";

type Props = {
  name: string;
  children: ReactNode;
  isWide?: boolean;
  /** The value is text of others. */
  isUntrusted?: boolean;
};

/** A name and a value in a list of facts (`dl`). */
export function Fact({ name, children, isWide = false, isUntrusted = false }: Props) {
  return (
    <div className={isWide ? "host-wide" : undefined}>
      <dt>{name}</dt>
      <dd className={isUntrusted ? "host-untrusted" : undefined}>{children}</dd>
    </div>
  );
}
