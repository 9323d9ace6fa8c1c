// A wallet whose key is not the user's.
import { useState } from "react";
import { networkName } from "../../api/networks";
import { useSettings } from "../../api/settings";
import type { CustodyView, Kind, KeptWalletView } from "../../api/types";
import { toAtomic, toDollars } from "../../base/amounts";
import { Button, Card, Hash, Money, moneyText } from "../../parts";
import { Move } from "./move";
import { SendForm } from "./send-form";

type Props = { kept: KeptWalletView; custody: CustodyView; isPaying: boolean };

type Open = "send" | "move" | null;

export function KeptWallet({ kept, custody, isPaying }: Props) {
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  return (
    <Card title={KEPT[kept.kind].title} aside={isPaying && <span className="small quiet">Pays now</span>}>
      <Balances kept={kept} />
      <p className="second">
        <Hash value={kept.address} what="wallet address" />
      </p>
      <dl className="custody">
        <dt>Who holds the key</dt>
        <dd>{KEPT[kept.kind].key}</dd>
        <dt>What that means</dt>
        <dd>{KEPT[kept.kind].risk}</dd>
        <dt>What may leave it</dt>
        <dd>
          {moneyText(custody.perWithdrawal)} at once and {moneyText(custody.perDay)} in 24 hours, after a
          fresh sign-in{custody.proof === "session_token" && " (on your own machine: from this browser)"}.
          {kept.leftToday !== null && ` ${moneyText(kept.leftToday)} of it is left today.`}
        </dd>
      </dl>
      {open === null && (
        <div className="row">
          <Button onClick={() => setOpen("send")}>Send money elsewhere</Button>
          <Button onClick={() => setOpen("move")}>Move to my own wallet</Button>
        </div>
      )}
      {open === "send" && <SendForm kept={kept} custody={custody} onClose={close} />}
      {open === "move" && <Move kept={kept} custody={custody} onClose={close} />}
    </Card>
  );
}

function Balances({ kept }: { kept: KeptWalletView }) {
  const { settings } = useSettings();
  const known = kept.balances.flatMap(({ balance }) => (balance === null ? [] : [toAtomic(balance) ?? 0n]));
  const isKnown = known.length === kept.balances.length;
  const sum = known.reduce((all, one) => all + one, 0n);
  return (
    <div className="stack-tight">
      <p className="wallet-sum">
        {isKnown ? <Money dollars={toDollars(sum)} /> : <span className="second">Balance unknown now</span>}
      </p>
      {kept.balances.length > 1 && (
        <ul className="wallet-networks">
          {kept.balances.map(({ network, balance }) => (
            <li key={network} className="second">
              {networkName(settings, network)}: {balance === null ? "unknown now" : moneyText(balance)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

type Words = { title: string; key: string; risk: string };

const KEPT: Record<Kind, Words> = {
  smart: {
    title: "Kept by this site",
    key: "The operator of this site. The key is made from the site’s own master key; you do not have it.",
    risk: "The operator could move this money without you. If the site goes away, only its operator can reach it. Keep here what you plan to spend, and send the rest to a wallet of your own.",
  },
  crossmint: {
    title: "Kept by Crossmint",
    key: "Crossmint. It signs when the operator of this site asks; you do not have the key.",
    risk: "Crossmint and the operator together could move this money without you. If this site goes away, ask Crossmint. Keep here what you plan to spend, and send the rest to a wallet of your own.",
  },
  browser: {
    title: "Your own wallet",
    key: "You.",
    risk: "This site cannot move money without your wallet’s signature.",
  },
};
