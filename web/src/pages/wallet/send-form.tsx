// Sends money out of a kept wallet: to whom and how much, then the question in words, then how it is.
import { useState, type FormEvent } from "react";
import { networkName } from "../../api/networks";
import { useSettings } from "../../api/settings";
import type { CustodyView, KeptWalletView } from "../../api/types";
import { isAddress } from "../../base/address";
import { toAtomic, toDollars } from "../../base/amounts";
import { Button, SelectField, TextField } from "../../parts";
import { Confirm } from "./confirm";

export type SendProps = { kept: KeptWalletView; custody: CustodyView; onClose: () => void };

export function SendForm({ kept, custody, onClose }: SendProps) {
  const { settings } = useSettings();
  const [to, setTo] = useState("");
  const [amount, setAmount] = useState("");
  const [network, setNetwork] = useState(kept.balances[0]?.network ?? "");
  const [faults, setFaults] = useState({ to: "", amount: "" });
  const [isAsked, setIsAsked] = useState(false);
  const most = mostOf(kept, custody, network);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = { to: faultOfAddress(to, kept), amount: faultOfAmount(amount, most) };
    setFaults(found);
    if (found.to === "" && found.amount === "") setIsAsked(true);
  };
  if (isAsked) {
    const sending = { from: kept.address, network, to: to.trim(), amount: amount.trim() };
    return <Confirm sending={sending} custody={custody} onBack={() => setIsAsked(false)} onClose={onClose} />;
  }
  return (
    <form className="stack" onSubmit={submit} noValidate aria-label="Send money elsewhere">
      <TextField
        label="To which address"
        value={to}
        onChange={setTo}
        maxLength={64}
        placeholder="0x…"
        error={faults.to}
        hint="Copy it from the wallet that gets the money. Money sent to a wrong address is lost."
        required
      />
      {kept.balances.length > 1 && (
        <SelectField
          label="Network"
          value={network}
          onChange={setNetwork}
          options={kept.balances.map((one) => ({
            value: one.network,
            label: networkName(settings, one.network),
          }))}
        />
      )}
      <div className="wallet-amount">
        <TextField
          label="How much, in dollars"
          value={amount}
          onChange={setAmount}
          inputMode="decimal"
          maxLength={20}
          error={faults.amount}
          required
        />
        {most !== null && most > 0n && (
          <Button onClick={() => setAmount(toDollars(most))}>All: ${toDollars(most)}</Button>
        )}
      </div>
      <div className="row">
        <Button kind="primary" type="submit">
          Continue
        </Button>
        <Button kind="ghost" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

/** What can be sent at once now, in the smallest unit; null if the balance is not known. */
export function mostOf(kept: KeptWalletView, custody: CustodyView, network: string): bigint | null {
  const balance = kept.balances.find((one) => one.network === network)?.balance ?? null;
  if (balance === null) return null;
  const limits = [balance, custody.perWithdrawal, kept.leftToday ?? custody.perDay];
  const [first = 0n, ...rest] = limits.map((dollars) => toAtomic(dollars) ?? 0n);
  return rest.reduce((least, one) => (one < least ? one : least), first);
}

function faultOfAddress(text: string, kept: KeptWalletView): string {
  if (!isAddress(text.trim())) return "Enter an address: 0x and 40 letters a to f and digits.";
  if (text.trim().toLowerCase() === kept.address.toLowerCase()) return "That is this wallet itself.";
  return "";
}

function faultOfAmount(text: string, most: bigint | null): string {
  const amount = toAtomic(text.trim());
  if (amount === null || amount === 0n) return "Enter an amount in dollars, such as 2.50.";
  if (most !== null && amount > most) return `You can send $${toDollars(most)} now.`;
  return "";
}
