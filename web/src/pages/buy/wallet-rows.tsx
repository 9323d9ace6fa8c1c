import { useId, useState } from "react";
import { toAtomic, toDollars } from "../../base/amounts";
import { useSettings } from "../../api/settings";
import { Button, Face, Icon, Notice, moneyText, shortHash } from "../../parts";
import { useSession } from "../../session";
import { MakeWallet, useMayMake } from "./make-wallet";
import type { WalletOption, Wallets } from "./wallets";

type Props = {
  wallets: Wallets;
  /** In the smallest unit. */
  price: bigint;
  /** Shows the chosen wallet alone, and a way to the others. */
  onlyChosen: boolean;
  disabled: boolean;
  /** What the wallet is chosen for. */
  label?: string;
};

/** The wallets to pay with, each with what it holds. */
export function WalletRows({ wallets, price, onlyChosen, disabled, label = "Pay with" }: Props) {
  const { options, chosen } = wallets;
  const [isOpen, setIsOpen] = useState(false);
  const mayMake = useMayMake();
  const { settings, error, retry } = useSettings();
  const name = useId();
  const isNarrow = onlyChosen && chosen !== null && !isOpen;
  const shown = isNarrow ? options.filter((option) => option === chosen) : options;
  return (
    <fieldset className="stack-tight" disabled={disabled}>
      <legend className="visually-hidden">{label}</legend>
      <div className="sheet-label">
        <strong aria-hidden="true">{label}</strong>
        {isNarrow && options.length > 1 && (
          <button type="button" className="text-button" onClick={() => setIsOpen(true)}>
            Another wallet
          </button>
        )}
      </div>
      {settings === null ? (
        <NotRead error={error} retry={retry} />
      ) : shown.length === 0 && !mayMake ? (
        <NoWallet />
      ) : (
        <div className="wallet-rows">
          {shown.map((option) => (
            <WalletRow
              key={option.key}
              option={option}
              name={name}
              price={price}
              wallets={wallets}
              onChosen={() => setIsOpen(false)}
            />
          ))}
          {!isNarrow && mayMake && <MakeWallet />}
        </div>
      )}
      {chosen !== null && chosen.kind !== "browser" && chosen.address !== null && (
        <p className="small">
          {/* Another tab: what was typed here stays. */}
          <a href="/wallet" target="_blank" rel="noopener">
            Who keeps this wallet
          </a>
        </p>
      )}
    </fieldset>
  );
}

type RowProps = {
  option: WalletOption;
  name: string;
  price: bigint;
  wallets: Wallets;
  onChosen: () => void;
};

function WalletRow({ option, name, price, wallets, onChosen }: RowProps) {
  const isChosen = wallets.chosen?.key === option.key;
  const choose = (mayAsk: boolean) => {
    wallets.choose(option, mayAsk);
    onChosen();
  };
  return (
    <label className={isChosen ? "wallet-row wallet-row-chosen" : "wallet-row"}>
      <input
        type="radio"
        name={name}
        checked={isChosen}
        onChange={() => choose(false)}
        // A press with a pointer may open the wallet; arrow keys only move the choice.
        onClick={({ detail }) => detail > 0 && choose(true)}
      />
      {option.icon === undefined ? (
        <Face seed={option.address ?? option.name} />
      ) : (
        <img className="face" src={option.icon} alt="" />
      )}
      <span className="wallet-text">
        <span className="wallet-name">{option.name}</span>
        <span className="second">
          {option.address === null || option.open === null ? option.about : shortHash(option.address)}
        </span>
      </span>
      <Holds option={option} price={price} wallets={wallets} isChosen={isChosen} />
    </label>
  );
}

/** What the wallet holds, as far as it was read; while it is read its shape, never a zero. */
function Holds({
  option,
  price,
  wallets,
  isChosen,
}: Omit<RowProps, "name" | "onChosen"> & { isChosen: boolean }) {
  const seen = useSession(({ balances }) =>
    option.address === null ? null : (balances[option.address.toLowerCase()] ?? null),
  );
  const balance = isChosen ? wallets.balance : seen;
  if (balance === null) {
    if (isChosen && wallets.isReading) return <span className="skeleton wallet-reading" />;
    return isChosen && option.address !== null ? <span className="second">Balance unknown</span> : null;
  }
  const held = toAtomic(balance) ?? 0n;
  return (
    <span className="wallet-holds">
      <span className="wallet-name">{moneyText(balance)}</span>
      {held < price ? (
        <span className="wallet-short">
          {held === 0n ? "empty" : `${moneyText(toDollars(price - held))} short`}
        </span>
      ) : (
        <span className="second">USDC</span>
      )}
    </span>
  );
}

/** Before it is known which wallets can be used here. */
function NotRead({ error, retry }: { error: string | null; retry: () => void }) {
  if (error === null) {
    return (
      <div className="wallet-rows" role="status">
        <span className="visually-hidden">Looking for wallets…</span>
        <div className="wallet-row">
          <span className="skeleton wallet-loading" />
        </div>
      </div>
    );
  }
  return (
    <Notice kind="error" actions={<Button onClick={retry}>Try again</Button>}>
      The wallets could not be read. Nothing was charged.
    </Notice>
  );
}

function NoWallet() {
  return (
    <div className="note-box">
      <Icon name="wallet" />
      <p>
        This browser has no wallet yet. Install one as an extension, or open this page in a wallet’s own
        browser, then load it again.
      </p>
      <Button size="small" onClick={() => location.reload()}>
        Load again
      </Button>
    </div>
  );
}
