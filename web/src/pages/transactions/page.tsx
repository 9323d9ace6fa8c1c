// The payments of this session, and the wallets that it has deployed.
import type { DeploymentView, PaymentView } from "../../api/types";
import { networkName, useExplorer } from "../../api/networks";
import { useSettings } from "../../api/settings";
import { Badge, Button, Empty, Hash, linkProps, Money, safeLink, Spinner, Time } from "../../parts";
import { saveFile } from "../../base/save";
import { scopeOf } from "../../purchase/offers";
import { boughtOf } from "../../purchase/words";
import { exportCsv, useSession } from "../../session";
import { HostName } from "../chat/host-name";
import "../../style/transactions.css";
import "../../style/wallet.css";
import { Sent } from "../wallet/sent";

const saveCsv = () => exportCsv((text) => saveFile("transactions.csv", "text/csv;charset=utf-8", text));

export default function TransactionsPage() {
  const payments = useSession((state) => state.payments);
  const deployments = useSession((state) => state.deployments);
  const withdrawals = useSession((state) => state.withdrawals);
  const isKnown = useSession((state) => state.session !== null && state.policy !== null);
  const exportJson = () =>
    saveFile(
      "transactions.json",
      "application/json",
      JSON.stringify({ payments, withdrawals, deployments }, null, 2),
    );
  const isEmpty = payments.length === 0 && withdrawals.length === 0 && deployments.length === 0;
  return (
    <div className="page">
      <div className="page-head">
        <h1>Payments</h1>
        <div className="row">
          <Button size="small" onClick={saveCsv} disabled={isEmpty}>
            Export as CSV
          </Button>
          <Button size="small" onClick={exportJson} disabled={isEmpty}>
            Export as JSON
          </Button>
        </div>
      </div>
      <section className="stack" aria-label="Payments">
        <p className="quiet">The newest 50 of this session, in every state.</p>
        {payments.length > 0 && <Payments payments={payments} />}
        {payments.length === 0 && isKnown && (
          <Empty title="Nothing was paid in this session yet">
            <a {...linkProps("/")}>Find an event in the chat</a>
          </Empty>
        )}
        {payments.length === 0 && !isKnown && <Spinner label="Asking the server…" />}
      </section>
      <Sent />
      <section className="stack" aria-labelledby="deployments-title">
        <h2 id="deployments-title">Deployed wallets</h2>
        {deployments.length > 0 ? (
          <Deployments deployments={deployments} />
        ) : (
          <p className="quiet">None. A smart wallet is deployed with its first payment.</p>
        )}
      </section>
    </div>
  );
}

/** Where it was bought: a host of this site by name, another server by its address. */
function Place({ mcpUrl }: { mcpUrl: string }) {
  if (scopeOf(mcpUrl) !== null) return <HostName mcpUrl={mcpUrl} server="" />;
  return <>{URL.canParse(mcpUrl) ? new URL(mcpUrl).host : mcpUrl}</>;
}

type Tone = "ok" | "warn" | "bad" | "plain" | "info";
const STATES: Record<PaymentView["state"], { words: string; tone: Tone }> = {
  asked: { words: "Waits for your answer", tone: "info" },
  declined: { words: "You declined", tone: "plain" },
  refused: { words: "Refused by your limits", tone: "plain" },
  signing: { words: "Waits for a signature", tone: "info" },
  paying: { words: "Being paid", tone: "info" },
  unknown: { words: "Outcome not known yet", tone: "warn" },
  paid: { words: "Paid", tone: "ok" },
  failed: { words: "Failed, nothing was charged", tone: "bad" },
};

function Payments({ payments }: { payments: readonly PaymentView[] }) {
  return (
    <div className="table-box" role="region" aria-label="Table of payments" tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col" className="number">
              Amount
            </th>
            <th scope="col">State</th>
            <th scope="col">Payer</th>
            <th scope="col">Transaction</th>
          </tr>
        </thead>
        <tbody>
          {payments.map((payment) => (
            <PaymentRow key={payment.id} payment={payment} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function PaymentRow({ payment }: { payment: PaymentView }) {
  const { at, mcpUrl, amountUsd, state, payer, network } = payment;
  const bought = boughtOf(payment);
  const { settings } = useSettings();
  const { words, tone } = STATES[state] ?? { words: state, tone: "plain" };
  return (
    <tr>
      <td data-label="When">
        <Time at={at} />
      </td>
      <td data-label="What">
        <span className="cell-lines">
          <strong>{bought.name}</strong>
          <span className="second cell-url">
            {bought.kind !== null && `${bought.kind} · `}
            <Place mcpUrl={mcpUrl} />
          </span>
        </span>
      </td>
      <td data-label="Amount" className="number">
        <Money dollars={amountUsd} />
      </td>
      <td data-label="State">
        <Badge tone={tone}>{words}</Badge>
      </td>
      <td data-label="Payer">{payer ? <Hash value={payer} what="payer" /> : "—"}</td>
      <td data-label="Transaction">
        <span className="cell-lines">
          <Transaction of={payment} />
          <span className="small quiet">{networkName(settings, network)}</span>
        </span>
      </td>
    </tr>
  );
}

function Deployments({ deployments }: { deployments: readonly DeploymentView[] }) {
  const { settings } = useSettings();
  return (
    <div className="table-box" role="region" aria-label="Table of wallets" tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Wallet</th>
            <th scope="col">Network</th>
            <th scope="col">Transaction</th>
          </tr>
        </thead>
        <tbody>
          {deployments.map((deployment) => (
            <tr key={`${deployment.network} ${deployment.address}`}>
              <td data-label="When">
                <Time at={deployment.at} />
              </td>
              <td data-label="Wallet">
                <Hash value={deployment.address} what="wallet address" />
              </td>
              <td data-label="Network">{networkName(settings, deployment.network)}</td>
              <td data-label="Transaction">
                <Transaction of={deployment} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Transaction({ of: { network, txHash, explorerUrl } }: { of: PaymentView | DeploymentView }) {
  const explorer = useExplorer();
  if (txHash === undefined) return "—";
  const link = safeLink(explorerUrl || explorer.transaction(network, txHash));
  if (link === null) return <Hash value={txHash} what="transaction hash" />;
  return (
    <a href={link} target="_blank" rel="noreferrer noopener">
      Receipt
    </a>
  );
}
