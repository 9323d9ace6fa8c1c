import { toAtomic } from "../../base/amounts";
import { Icon, Money, moneyText, useIsPhone, type IconName } from "../../parts";
import { useSession } from "../../session";
import type { ReactNode } from "react";
import { HostName } from "./host-name";
import { openPart, type SetupPart } from "./setup-open";

/** The connected server, the wallet that pays, and what it may spend, each as a button that changes it. */
export function SetupChips() {
  const server = useSession((state) => state.server);
  const wallet = useSession((state) => state.wallet);
  return (
    <aside className="chips" aria-label="Server, wallet and limits">
      <Chip part="server" icon="home" label={server === null ? "Choose a server" : "Change the server"}>
        {server === null ? null : <HostName mcpUrl={server.mcpUrl} server={server.name} isStart />}
      </Chip>
      <Chip part="wallet" icon="wallet" label={wallet === null ? "Choose a wallet" : "Change the wallet"}>
        {wallet === null ? null : wallet.balance === null ? "Wallet" : <Money dollars={wallet.balance} />}
      </Chip>
      <Limits />
    </aside>
  );
}

function Limits() {
  const policy = useSession((state) => state.policy?.policy ?? null);
  const isPhone = useIsPhone();
  const asks = policy === null || (toAtomic(policy.askAbove) ?? 0n) === 0n;
  return (
    <Chip part="limits" icon="shield" label="Change the limits">
      {asks
        ? isPhone
          ? "Asks first"
          : "Asks before it pays"
        : `Pays up to ${moneyText(policy.askAbove)} alone`}
    </Chip>
  );
}

type ChipProps = { part: SetupPart; icon: IconName; label: string; children: ReactNode };

/** Without `children` the label is what is seen. */
function Chip({ part, icon, label, children }: ChipProps) {
  return (
    <button
      type="button"
      className={`chip chip-${part} ${children === null ? "chip-empty" : ""}`}
      onClick={() => openPart(part)}
    >
      <Icon name={icon} />
      {children === null ? (
        <span>{label}</span>
      ) : (
        <>
          <span className="visually-hidden">{label}: </span>
          <span className="chip-text">{children}</span>
        </>
      )}
      <Icon name="down" />
    </button>
  );
}
