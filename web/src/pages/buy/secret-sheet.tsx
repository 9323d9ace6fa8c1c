import { useEffect, useState, type ReactNode } from "react";
import { messageOf } from "../../api/http";
import type { SecretView } from "../../api/types";
import { toAtomic } from "../../base/amounts";
import { Button, Dialog, Icon, Notice, SecretValue, linkProps, moneyText, visible } from "../../parts";
import { toolUrl, type Host } from "../../purchase/offers";
import { useSession } from "../../session";
import { readAgain } from "../tickets/api";
import { SECRETS, forgetBegun, useCheckout, type Phase } from "./checkout";
import { Details } from "./details";
import { hasBought, rememberSecret } from "./known-secrets";
import { FormNotices, PayWith, isInForm, useMeans } from "./means";
import { Pending, Refused } from "./outcomes";
import { PayButton } from "./pay-button";
import { Shortage } from "./shortage";
import { useWallets } from "./wallets";

type Props = { secret: SecretView; host: Host; mcpUrl: string; onClose: () => void };

/** The sheet of a secret: what, how much and to whom, which wallet; then its value. */
export function SecretSheet({ secret, host, mcpUrl, onClose }: Props) {
  const purchase = useSecretPurchase(secret, mcpUrl);
  const { phase, cost, checkout, wallets, limit } = purchase;
  const isForm = isInForm(phase);
  const close = () => {
    checkout.leave();
    onClose();
  };
  return (
    <Dialog
      title={secret.name}
      onCancel={close}
      sheet={{
        lead: (
          <span className="icon-tile">
            <Icon name="lock" />
          </span>
        ),
        under: (
          <p>
            1 secret · {cost} to {host.name ?? "the host"}
          </p>
        ),
      }}
      actions={
        isForm ? (
          <PayButton
            {...purchase}
            thing="secret"
            isBlocked={limit !== null}
            onDecline={checkout.leave}
            details={
              <Details price={purchase.price} host={host} wallets={wallets} question={checkout.question} />
            }
          />
        ) : undefined
      }
    >
      {isForm && <Form purchase={purchase} />}
      <After phase={phase} cost={cost} secret={secret} again={checkout.again} reading={purchase.reading} />
    </Dialog>
  );
}

type Purchase = ReturnType<typeof useSecretPurchase>;

function useSecretPurchase(secret: SecretView, mcpUrl: string) {
  const wallets = useWallets();
  const checkout = useCheckout(mcpUrl, secret.id, SECRETS);
  const address = wallets.chosen?.address ?? null;
  const reading = useReading(secret, mcpUrl, address);
  const phase = heldBy(secret, address, reading.value, checkout.phase);
  useEffect(() => {
    if (phase.at !== "done" || address === null) return;
    rememberSecret(secret.id, address, secret.version);
    forgetBegun();
  }, [phase.at, address, secret]);
  const dollars = phase.at === "changed" ? phase.question.amountUsd : secret.price;
  const price = toAtomic(dollars) ?? 0n;
  const means = useMeans(wallets, phase, price);
  const pay = async () => {
    if (phase.at === "changed") return checkout.accept(phase.question);
    await means.whenReady(() => checkout.pay(price, {}));
  };
  return {
    ...means,
    phase,
    checkout,
    reading,
    cost: moneyText(dollars),
    isChanged: price !== toAtomic(secret.price),
    onPay: () => void pay(),
  };
}

/** A wallet that has bought it is not asked to pay again. */
function heldBy(secret: SecretView, address: string | null, value: string | null, phase: Phase): Phase {
  if (phase.at !== "form") return phase;
  if (value !== null) return { at: "held", ticketUrl: null };
  const isHeld = address !== null && hasBought(secret.id, address, secret.version);
  return isHeld ? { at: "held", ticketUrl: null } : phase;
}

type Reading = { value: string | null; error: string | null; isBusy: boolean; read: (() => void) | null };

/** Reads a bought value again: the wallet signs a message, and nothing is paid. */
function useReading(secret: SecretView, mcpUrl: string, address: string | null): Reading {
  const [value, setValue] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const read = async (wallet: string) => {
    setIsBusy(true);
    setError(null);
    try {
      const again = { url: toolUrl(mcpUrl, SECRETS.tool), arguments: { secretId: secret.id } };
      setValue(await readAgain(again, [wallet]));
      rememberSecret(secret.id, wallet, secret.version);
    } catch (reason) {
      setError(messageOf(reason));
    } finally {
      setIsBusy(false);
    }
  };
  return { value, error, isBusy, read: address === null ? null : () => void read(address) };
}

function Form({ purchase }: { purchase: Purchase }) {
  const { phase, wallets, cost, missing, isChanged, reading } = purchase;
  return (
    <>
      <FormNotices phase={phase} />
      <PayWith means={purchase} phase={phase} />
      {isChanged && <Notice kind="warn">The price is {cost} now. Nothing was charged.</Notice>}
      {reading.error !== null && <Notice kind="error">{reading.error}</Notice>}
      {phase.at === "form" && reading.read !== null && (
        <button type="button" className="text-button" disabled={reading.isBusy} onClick={reading.read}>
          I have bought it already
        </button>
      )}
      {missing !== null && <Shortage wallets={wallets} missing={missing} />}
    </>
  );
}

type AfterProps = { phase: Phase; cost: string; secret: SecretView; again: () => void; reading: Reading };

function After({ phase, cost, secret, again, reading }: AfterProps): ReactNode {
  switch (phase.at) {
    case "form":
    case "asking":
    case "changed":
    case "signing":
    case "paying":
      return null;
    case "pending":
      return <Pending cost={cost} thing="secret" />;
    case "held":
    case "done":
      return <Yours secret={secret} reading={reading} />;
    case "failed":
      return <Refused code={phase.code} text={phase.text} again={again} />;
  }
}

/** It is bought. The value is in the memory of this tab only. */
function Yours({ secret, reading }: { secret: SecretView; reading: Reading }) {
  const entry = useSession((state) =>
    state.transcript.findLast((one) => one.kind === "secret" && one.secret.secretId === secret.id),
  );
  const heard = useSession((state) => (entry === undefined ? undefined : state.secrets[entry.id]));
  const value = reading.value ?? heard;
  return (
    <div className="outcome">
      <p className="paid-line" role="status">
        <Icon name="check" /> The secret is yours
      </p>
      {value !== undefined && <SecretValue value={value} title={visible(secret.name)} />}
      {value === undefined && reading.read !== null && (
        <Button kind="primary" size="large" wide busy={reading.isBusy} onClick={reading.read}>
          Show it again
        </Button>
      )}
      {reading.error !== null && <Notice kind="error">{reading.error}</Notice>}
      <p className="second">
        Your wallet has bought it: it is shown again under Tickets, on any device, without paying.
      </p>
      <a className="button button-plain button-wide" {...linkProps("/tickets")}>
        Go to your tickets
      </a>
    </div>
  );
}
