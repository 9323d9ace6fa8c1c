// Door, wallet and limits: the steps at the start, and the bar that shows them afterwards.
import { useState, type ReactNode } from "react";
import { networkName, useSettings } from "../../api/settings";
import { Badge, Button, Dialog, Hash, Money, Spinner } from "../../parts";
import { leaveDoor, useSession } from "../../session";
import { DoorPicker } from "./server-picker";
import { PolicyForm } from "./policy-form";
import { FaucetButton, WalletPicker } from "./wallet-picker";

/** What is to be done before the agent can buy something. */
export function StartView() {
  const door = useSession((state) => state.door);
  const wallet = useSession((state) => state.wallet);
  return (
    <section className="start" aria-labelledby="start-title">
      <h2 id="start-title" className="start-title">
        Find an event, and have a seat bought for you
      </h2>
      <p className="quiet">
        The concierge talks to a host’s door for you. It shows what there is and what it costs, asks before it
        pays, and brings the ticket.
      </p>
      <ol className="steps">
        <Step title="Choose a door" done={door !== null}>
          {door === null ? <DoorPicker /> : <p>Connected to {door.server}.</p>}
        </Step>
        <Step title="Choose a wallet" done={wallet !== null}>
          {wallet === null ? <WalletPicker /> : <WalletLine />}
        </Step>
        <Step title="Talk" done={false}>
          <p className="quiet">
            Write below what you would like, in your own words, or press one of the suggestions.
          </p>
        </Step>
      </ol>
    </section>
  );
}

function Step({ title, done, children }: { title: string; done: boolean; children: ReactNode }) {
  return (
    <li className="step">
      <div className="stack">
        <div className="row">
          <h3>{title}</h3>
          {done && <Badge tone="ok">Done</Badge>}
        </div>
        {children}
      </div>
    </li>
  );
}

type Open = "door" | "wallet" | "limits" | null;

/** Where we are, who pays, and how much is left. */
export function SetupBar() {
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  return (
    <aside className="setup" aria-label="Door, wallet and limits">
      <DoorPart onChange={() => setOpen("door")} />
      <WalletPart onChange={() => setOpen("wallet")} />
      <LimitsPart onChange={() => setOpen("limits")} />
      {open === "door" && (
        <Dialog title="Choose a door" onCancel={close} actions={<DoorActions onDone={close} />}>
          <DoorPicker onChosen={close} />
        </Dialog>
      )}
      {open === "wallet" && (
        <Dialog title="Choose a wallet" onCancel={close} actions={<Button onClick={close}>Close</Button>}>
          <WalletPicker onChosen={close} />
        </Dialog>
      )}
      {open === "limits" && (
        <Dialog title="What may be spent" onCancel={close} actions={<Button onClick={close}>Close</Button>}>
          <PolicyForm onSaved={close} />
        </Dialog>
      )}
    </aside>
  );
}

type PartProps = { onChange: () => void };

function DoorActions({ onDone }: { onDone: () => void }) {
  const hasDoor = useSession((state) => state.door !== null);
  const isOpen = useSession((state) => state.link === "open");
  const leave = () => {
    if (leaveDoor()) onDone();
  };
  return (
    <>
      {hasDoor && (
        <Button onClick={leave} disabled={!isOpen}>
          Leave the door
        </Button>
      )}
      <Button onClick={onDone}>Close</Button>
    </>
  );
}

function DoorPart({ onChange }: PartProps) {
  const door = useSession((state) => state.door);
  return (
    <section className="setup-part" aria-labelledby="setup-door">
      <h2 id="setup-door">Door</h2>
      {door === null ? (
        <p className="quiet">None yet</p>
      ) : (
        <div className="setup-value">
          <strong>{door.server}</strong>
          <span className="small quiet mono setup-more">{door.mcpUrl}</span>
        </div>
      )}
      <div className="row">
        <Button size="small" onClick={onChange} label={door === null ? "Choose a door" : "Change the door"}>
          {door === null ? "Choose" : "Change"}
        </Button>
      </div>
    </section>
  );
}

function WalletPart({ onChange }: PartProps) {
  const wallet = useSession((state) => state.wallet);
  return (
    <section className="setup-part" aria-labelledby="setup-wallet">
      <h2 id="setup-wallet">Wallet</h2>
      {wallet === null ? <p className="quiet">None yet</p> : <WalletLine />}
      <div className="row">
        <Button
          size="small"
          onClick={onChange}
          label={wallet === null ? "Choose a wallet" : "Change the wallet"}
        >
          {wallet === null ? "Choose" : "Change"}
        </Button>
      </div>
      {wallet !== null && <FaucetButton />}
    </section>
  );
}

const KINDS = { browser: "Browser wallet", smart: "Smart wallet", crossmint: "Crossmint wallet" };

function WalletLine() {
  const wallet = useSession((state) => state.wallet);
  const { settings } = useSettings();
  if (wallet === null) return null;
  return (
    <div className="setup-value">
      <span>
        {wallet.balance === null ? (
          <span className="quiet">Balance unknown</span>
        ) : (
          <Money dollars={wallet.balance} />
        )}{" "}
        {wallet.balance !== null && <span className="small quiet">USDC</span>}
      </span>
      <span className="small quiet setup-more">
        {KINDS[wallet.kind]} on {networkName(settings, wallet.network)}
        {wallet.guestWalletDeployed === false && wallet.kind !== "browser" ? ", not on the chain yet" : ""}
      </span>
      <span className="small setup-more">
        <Hash value={wallet.guestAddress} what="wallet address" />
      </span>
    </div>
  );
}

function LimitsPart({ onChange }: PartProps) {
  const known = useSession((state) => state.policy);
  return (
    <section className="setup-part" aria-labelledby="setup-limits">
      <h2 id="setup-limits">Limits</h2>
      {known === null ? (
        <Spinner label="…" />
      ) : (
        <div className="setup-value small">
          <span>
            <Money dollars={known.spentSession} /> <span className="quiet">of</span>{" "}
            <Money dollars={known.policy.perSession} />
          </span>
          <span className="quiet setup-more">spent in this session</span>
          <span className="setup-more">
            <Money dollars={known.spentDay} /> <span className="quiet">of</span>{" "}
            <Money dollars={known.policy.perDay} /> <span className="quiet">in 24 hours</span>
          </span>
        </div>
      )}
      <div className="row">
        <Button size="small" onClick={onChange} label="Change the limits">
          Change
        </Button>
      </div>
    </section>
  );
}
