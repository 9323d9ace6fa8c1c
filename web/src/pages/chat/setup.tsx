// Server, wallet and limits: the steps at the start, and the dialogs that change them later.
import type { ReactNode } from "react";
import { networkName } from "../../api/networks";
import { useSettings } from "../../api/settings";
import { Badge, Button, Dialog, Hash, Money, linkProps } from "../../parts";
import { disconnectServer, useSession } from "../../session";
import { saveWalletConfiguration } from "./exports";
import { HostName } from "./host-name";
import { PolicyForm } from "./policy-form";
import { ServerPicker } from "./server-picker";
import { openPart, useOpenPart } from "./setup-open";
import { useHost } from "./use-host";
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
