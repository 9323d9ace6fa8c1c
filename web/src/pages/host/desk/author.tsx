import { isAddress } from "../../../base/address";
import { visible } from "../../../parts";
import { Address } from "../shared/explorer";

/** The author of a text at the desk: the host (`owner`), a program of the host (`agent`), or a wallet. */
export function Author({ author }: { author: string }) {
  if (author === "owner") return <>You</>;
  if (author === "agent") return <>Your program</>;
  if (!isAddress(author)) return <>{visible(author)}</>;
  return <Address value={author} what="wallet" network={null} />;
}
