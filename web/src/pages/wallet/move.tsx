// Moves to a wallet of one's own: connect it, send everything there, and pay with it from then on.
import { useState } from "react";
import { messageOf } from "../../api/http";
import { useSettings } from "../../api/settings";
import { isSameAddress } from "../../base/address";
import { toAtomic, toDollars } from "../../base/amounts";
import { Button, Notice, Spinner } from "../../parts";
import { payWith, setSigner } from "../../session";
import { connectProvider, testWallet, useFoundWallets, type BrowserWallet } from "../../wallet";
import { Confirm } from "./confirm";
import { mostOf, type SendProps } from "./send-form";

export function Move({ kept, custody, onClose }: SendProps) {
  const [own, setOwn] = useState<BrowserWallet | null>(null);
  const [isChosen, setIsChosen] = useState(false);
  const network = richest(kept);
  const most = mostOf(kept, custody, network);
  // What is asked about does not change while the balance does, and is asked about until it is answered.
  const [asked, setAsked] = useState<{ amount: string; network: string } | null>(null);
  if (own !== null && asked === null && most !== null && most > 0n)
    setAsked({ amount: toDollars(most), network });
  const isAsked = own !== null && asked !== null;
  const use = () => {
    if (own === null) return;
    setSigner(own);
    setIsChosen(payWith("browser", own.address));
  };
  return (
    <section className="stack" aria-label="Move to my own wallet">
      <h3>Move to my own wallet</h3>
      {isChosen ? (
        <Notice kind="ok">{own?.name ?? "Your wallet"} pays from now on.</Notice>
      ) : (
        <p>
          Connect it, send the money there, and pay with it from then on. What you have bought stays with the
          old wallet: stay signed in as you are now, and your tickets are found under Tickets. Save the links
          of tickets that you need without a sign-in.
        </p>
      )}
      {own === null && <Choose onChosen={setOwn} notThis={kept.address} />}
      {own !== null && !isAsked && most === null && (
        <Notice kind="warn">The balance cannot be read now. No money moved.</Notice>
      )}
      {own !== null && !isAsked && most === 0n && !isChosen && (
        <Notice actions={<Button onClick={use}>Pay with {own.name}</Button>}>
          {isEmpty(kept) ? "There is nothing to send." : "No more can be sent today."} No money moved.
        </Notice>
      )}
      {isAsked && !isChosen && (
        <Confirm
          key={own.address}
          sending={{ from: kept.address, to: own.address, ...asked }}
          custody={custody}
          onBack={() => {
            setOwn(null);
            setAsked(null);
          }}
          onClose={onClose}
          onSent={use}
        />
      )}
      {(own === null || isChosen) && (
        <div className="row">
          <Button kind="ghost" onClick={onClose}>
            Close
          </Button>
        </div>
      )}
    </section>
  );
}

function Choose({ onChosen, notThis }: { onChosen: (wallet: BrowserWallet) => void; notThis: string }) {
  const { settings } = useSettings();
  const found = useFoundWallets();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const open = async (connect: () => Promise<BrowserWallet>) => {
    setBusy(true);
    setError(null);
    try {
      const wallet = await connect();
      if (isSameAddress(wallet.address, notThis)) throw new Error("That is the wallet that is kept.");
      onChosen(wallet);
    } catch (reason) {
      setError(messageOf(reason));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="stack-tight">
      <div className="row">
        {found.map((wallet) => (
          <Button key={wallet.id} kind="tint" onClick={() => void open(() => connectProvider(wallet))}>
            Connect {wallet.name}
          </Button>
        ))}
        {settings?.local === true && (
          <Button kind="tint" onClick={() => void open(testWallet)}>
            Use the test key
          </Button>
        )}
      </div>
      {busy && <Spinner label="Waiting for the wallet…" />}
      {found.length === 0 && settings?.local === false && (
        <Notice>
          This browser has no wallet. Install one as an extension, then load this page again; or send the
          money to an address that you enter.
        </Notice>
      )}
      {error !== null && <Notice kind="error">{error} No money moved.</Notice>}
    </div>
  );
}

function richest(kept: SendProps["kept"]): string {
  const [first, ...rest] = kept.balances;
  const most = rest.reduce((best, one) => (held(one.balance) > held(best?.balance) ? one : best), first);
  return most?.network ?? "";
}

function held(balance: string | null | undefined): bigint {
  return toAtomic(balance ?? "0") ?? 0n;
}

function isEmpty(kept: SendProps["kept"]): boolean {
  return kept.balances.every(({ balance }) => balance !== null && (toAtomic(balance) ?? 0n) === 0n);
}
