// Whose something is: a wallet, the host, or a program of the host's.
import { Hash, visible } from "../../../parts";
import { useExplorer } from "../../../api/explorer";

/** `owner`, `agent`, or a wallet, for people. */
export function Who({ author }: { author: string }) {
  const explorer = useExplorer();
  if (author === "owner") return <>You</>;
  if (author === "agent") return <>A program of yours</>;
  if (!/^0x[0-9a-fA-F]{40}$/.test(author)) return <>{visible(author)}</>;
  return <Hash value={author} what="wallet" href={explorer.address(null, author)} />;
}
