import { CopyButton } from "./copy";
import { safeLink } from "./links";

export type HashProps = {
  value: string;
  /** A block explorer. */
  href?: string | undefined;
  /** For the copy button: "transaction hash". */
  what?: string;
  /** Shows the whole value. */
  full?: boolean;
};

/** An address or a hash: shortened, with the whole value as title and to copy, and linked if `href` is given. */
export function Hash({ value, href, what = "address", full = false }: HashProps) {
  const text = full ? value : shortHash(value);
  const link = href === undefined ? null : safeLink(href);
  const code = (
    <code title={value} className={full ? "hash-full" : "hash-text"}>
      {text}
    </code>
  );
  return (
    <span className="hash">
      {link === null ? (
        code
      ) : (
        <a href={link} target="_blank" rel="noreferrer noopener">
          {code}
        </a>
      )}
      <CopyButton text={value} what={what} icon />
    </span>
  );
}

/** `0x1234…abcd`. */
export function shortHash(value: string): string {
  return value.length > 14 ? `${value.slice(0, 6)}…${value.slice(-4)}` : value;
}
