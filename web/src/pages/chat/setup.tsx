// Server, wallet and limits: the steps at the start, and the bar that shows them.
import type { ReactNode } from "react";
import { networkName } from "../../api/networks";
import { useSettings } from "../../api/settings";
import { Badge, Button, Dialog, Hash, Money, Spinner } from "../../parts";
import { disconnectServer, useSession } from "../../session";
import { PolicyForm } from "./policy-form";
import { HostName } from "./host-name";
import { openPart, useOpenPart } from "./setup-open";
import { ServerPicker } from "./server-picker";
import { walletName } from "./wallet-name";
import { FaucetButton, WalletPicker } from "./wallet-picker";

/** The steps before the agent can buy something. */
export function StartView() {
  const server = useSession((state) => state.server);
  const wallet = useSession((state) => state.wallet);
  return (
    <section className="start" aria-labelledby="start-title">
      <h2 id="start-title" className="start-title">
        Find an event, and have a seat bought for you
      </h2>
      <p className="quiet">
        The concierge connects to a host’s server for you. It shows what is for sale and what it costs, asks
        before it pays, and brings the ticket.
      </p>
      <ol className="steps">
        <Step title="Choose a server" done={server !== null}>
          {server === null ? (
            <ServerPicker />
          ) : (
            <p>
              Connected to <HostName mcpUrl={server.mcpUrl} server={server.name} />.
            </p>
          )}
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

const close = () => openPart(null);

/** The connected server, the wallet that pays, and what it may still spend. */
export function SetupBar() {
  const open = useOpenPart();
  return (
    <aside className="setup" aria-label="Server, wallet and limits">
      <ServerPart onChange={() => openPart("server")} />
      <WalletPart onChange={() => openPart("wallet")} />
      <LimitsPart onChange={() => openPart("limits")} />
      {open === "server" && (
        <Dialog title="Choose a server" onCancel={close} actions={<ServerActions onDone={close} />}>
          <ServerPicker onChosen={close} />
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

function ServerActions({ onDone }: { onDone: () => void }) {
  const isConnected = useSession((state) => state.server !== null);
  const isOpen = useSession((state) => state.link === "open");
  const leave = () => {
    if (disconnectServer()) onDone();
  };
  return (
    <>
      {isConnected && (
        <Button onClick={leave} disabled={!isOpen}>
          Disconnect
        </Button>
      )}
      <Button onClick={onDone}>Close</Button>
    </>
  );
}

function ServerPart({ onChange }: PartProps) {
  const server = useSession((state) => state.server);
  return (
    <section className="setup-part" aria-labelledby="setup-server">
      <h2 id="setup-server">Server</h2>
      {server === null ? (
        <p className="quiet">None yet</p>
      ) : (
        <div className="setup-value">
          <strong>
            <HostName mcpUrl={server.mcpUrl} server={server.name} />
          </strong>
        </div>
      )}
      <div className="row">
        <Button
          size="small"
          onClick={onChange}
          label={server === null ? "Choose a server" : "Change the server"}
        >
          {server === null ? "Choose" : "Change"}
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
        {walletName(wallet.kind)} on {networkName(settings, wallet.network)}
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
