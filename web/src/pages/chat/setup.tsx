// Server, wallet and limits: the steps at the start, and the dialogs that change them later.
import type { ReactNode } from "react";
import { networkName } from "../../api/networks";
import { useSettings } from "../../api/settings";
import { Badge, Button, Dialog, Hash, Money, linkProps } from "../../parts";
import { disconnectServer, useSession } from "../../session";
import { saveWalletConfiguration } from "./exports";
import { HostName } from "./host-name";
import { PolicyForm } from "./policy-form";
import { Market, isEmpty, useMarket } from "./market";
import { ServerAddress, ServerPicker, useConnect, useLinkedServer } from "./server-picker";
import { openPart, useOpenPart } from "./setup-open";
import { useHost } from "./use-host";
import { walletName } from "./wallet-name";
import { FaucetButton, WalletPicker } from "./wallet-picker";

/** What comes before the agent can buy something: an event or a server, then a wallet. */
export function StartView() {
  const server = useSession((state) => state.server);
  return server === null ? <FindStart /> : <WalletStart />;
}

/** The events of this site, and the address of a server as the second choice; the steps where there are no events. */
function FindStart() {
  const market = useMarket();
  const linked = useLinkedServer();
  const { connect, isOpen, isConnecting } = useConnect();
  if (linked !== "" || isEmpty(market)) return <StepsStart />;
  // The answer is awaited, so that nothing takes the place of something else.
  if (market.found === null) return null;
  return (
    <section className="start" aria-label="Find an event">
      <Market market={market} onChoose={connect} disabled={!isOpen || isConnecting} />
      <details className="start-address">
        <summary>I have a server address</summary>
        <div className="stack">
          <ServerAddress />
        </div>
      </details>
    </section>
  );
}

function WalletStart() {
  const server = useSession((state) => state.server);
  return (
    <section className="start" aria-labelledby="start-title">
      <h2 id="start-title" className="start-title">
        Choose a wallet
      </h2>
      {server !== null && (
        <p className="quiet">
          Connected to <HostName mcpUrl={server.mcpUrl} server={server.name} />. The concierge asks you before
          it pays.
        </p>
      )}
      <WalletPicker />
    </section>
  );
}

function StepsStart() {
  const wallet = useSession((state) => state.wallet);
  return (
    <section className="start" aria-labelledby="start-title">
      <h2 id="start-title" className="start-title">
        Find an event, and have a seat bought for you
      </h2>
      <p className="quiet">
        The concierge shows what a host sells, asks before it pays, and brings the ticket.
      </p>
      <ol className="steps">
        <Step title="Choose a server" done={false}>
          <ServerAddress />
        </Step>
        <Step title="Choose a wallet" done={wallet !== null}>
          {wallet === null ? <WalletPicker /> : <WalletLine />}
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

/** The dialog of the part that is being changed. */
export function SetupDialogs() {
  const open = useOpenPart();
  const wallet = useSession((state) => state.wallet);
  switch (open) {
    case null:
      return null;
    case "server":
      return (
        <Dialog title="Choose a server" onCancel={close} actions={<ServerActions />}>
          <HostWallet />
          <ServerPicker onChosen={close} />
        </Dialog>
      );
    case "wallet":
      return (
        <Dialog title="Your wallet" onCancel={close} actions={<Button onClick={close}>Close</Button>}>
          {wallet !== null && <WalletLine />}
          <WalletPicker onChosen={close} />
        </Dialog>
      );
    case "limits":
      return (
        <Dialog title="What may be spent" onCancel={close} actions={<Button onClick={close}>Close</Button>}>
          <Spent />
          <PolicyForm onSaved={close} />
        </Dialog>
      );
  }
}

function ServerActions() {
  const isConnected = useSession((state) => state.server !== null);
  const isOpen = useSession((state) => state.link === "open");
  const leave = () => {
    if (disconnectServer()) close();
  };
  return (
    <>
      {isConnected && (
        <Button onClick={leave} disabled={!isOpen}>
          Disconnect
        </Button>
      )}
      <Button onClick={close}>Close</Button>
    </>
  );
}

/** The connected server, and the wallet that its host is paid into, once that is known. */
function HostWallet() {
  const server = useSession((state) => state.server);
  const paid = useSession((state) => state.wallet?.hostAddress ?? null);
  const host = useHost(server?.mcpUrl ?? "");
  const hostAddress = paid ?? host?.payTo ?? null;
  if (server === null) return null;
  return (
    <dl className="facts">
      <dt>Now</dt>
      <dd>
        <HostName mcpUrl={server.mcpUrl} server={server.name} isStart />
      </dd>
      <dt>Server URL</dt>
      <dd className="mono">{server.mcpUrl}</dd>
      {hostAddress !== null && (
        <>
          <dt>Paid into</dt>
          <dd>
            <Hash value={hostAddress} full what="wallet of the host" />
          </dd>
        </>
      )}
    </dl>
  );
}

function WalletLine() {
  const wallet = useSession((state) => state.wallet);
  const { settings } = useSettings();
  if (wallet === null) return null;
  return (
    <div className="stack-tight">
      <p>
        {walletName(wallet.kind)} on {networkName(settings, wallet.network)}
        {wallet.balance !== null && (
          <>
            , <Money dollars={wallet.balance} /> USDC
          </>
        )}
      </p>
      <p className="second">
        Add USDC by sending it to <Hash value={wallet.guestAddress} full what="wallet address" />
      </p>
      {wallet.kind !== "browser" && (
        <p>
          <a {...linkProps("/wallet")}>Who keeps this wallet, and how to send its money elsewhere</a>
        </p>
      )}
      <div className="row">
        <FaucetButton />
        <Button size="small" kind="quiet" onClick={saveWalletConfiguration}>
          Save its configuration
        </Button>
      </div>
    </div>
  );
}

function Spent() {
  const known = useSession((state) => state.policy);
  if (known === null) return null;
  return (
    <p className="quiet">
      <Money dollars={known.spentSession} /> of <Money dollars={known.policy.perSession} /> spent in this
      session, <Money dollars={known.spentDay} /> of <Money dollars={known.policy.perDay} /> in 24 hours.
    </p>
  );
}
