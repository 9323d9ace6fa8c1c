// What this session has paid, and which wallets it brought to the chain.
import type { DeploymentView, PaymentView } from "../../api/types";
import { networkName, transactionLink, useSettings } from "../../api/settings";
import { Badge, Button, Empty, Hash, linkProps, Money, Spinner, Time } from "../../parts";
import { saveFile } from "../../base/save";
import { exportCsv, useSession } from "../../session";
import "../../style/transactions.css";

const saveCsv = () => exportCsv((text) => saveFile("transactions.csv", "text/csv;charset=utf-8", text));

export default function TransactionsPage() {
  const payments = useSession((state) => state.payments);
  const deployments = useSession((state) => state.deployments);
  const isKnown = useSession((state) => state.session !== null && state.policy !== null);
  const exportJson = () =>
    saveFile("transactions.json", "application/json", JSON.stringify({ payments, deployments }, null, 2));
  const isEmpty = payments.length === 0 && deployments.length === 0;
  return (
    <div className="page">
      <div className="page-head">
        <h1>Transactions</h1>
        <div className="row">
          <Button size="small" onClick={saveCsv} disabled={isEmpty}>
            Export as CSV
          </Button>
          <Button size="small" onClick={exportJson} disabled={isEmpty}>
            Export as JSON
          </Button>
        </div>
      </div>
      <section className="stack" aria-labelledby="payments-title">
        <h2 id="payments-title">Payments</h2>
        <p className="quiet small">The newest 50 of this session, whatever became of them.</p>
        {payments.length > 0 && <Payments payments={payments} />}
        {payments.length === 0 && isKnown && (
          <Empty title="Nothing was paid in this session yet">
            <a {...linkProps("/")}>Find an event in the chat</a>
          </Empty>
        )}
        {payments.length === 0 && !isKnown && <Spinner label="Asking the server…" />}
      </section>
      <section className="stack" aria-labelledby="deployments-title">
        <h2 id="deployments-title">Wallets brought to the chain</h2>
        {deployments.length > 0 ? (
          <Deployments deployments={deployments} />
        ) : (
          <p className="quiet">None. A smart wallet comes to the chain with its first payment.</p>
        )}
      </section>
    </div>
  );
}

type Tone = "ok" | "warn" | "bad" | "plain" | "info";
const STATES: Record<PaymentView["state"], { words: string; tone: Tone }> = {
  asked: { words: "Waits for your answer", tone: "info" },
  declined: { words: "You declined", tone: "plain" },
  refused: { words: "Refused by your limits", tone: "plain" },
  signing: { words: "Waits for a signature", tone: "info" },
  paying: { words: "Being paid", tone: "info" },
  unknown: { words: "Not known yet, looked after", tone: "warn" },
  paid: { words: "Paid", tone: "ok" },
  failed: { words: "Failed, no money moved", tone: "bad" },
};

function Payments({ payments }: { payments: readonly PaymentView[] }) {
  const { settings } = useSettings();
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
          {payments.map((payment) => {
            const { id, at, tool, mcpUrl, amountUsd, state, payer, network, txHash, explorerUrl } = payment;
            const { words, tone } = STATES[state] ?? { words: state, tone: "plain" };
            const link =
              txHash === undefined ? undefined : explorerUrl || transactionLink(settings, network, txHash);
            return (
              <tr key={id}>
                <td data-label="When">
                  <Time at={at} />
                </td>
                <td data-label="What">
                  <span className="cell-lines">
                    <strong className="mono">{tool}</strong>
                    <span className="small quiet cell-url">{mcpUrl}</span>
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
                    {txHash === undefined ? "—" : <Hash value={txHash} href={link} what="transaction hash" />}
                    <span className="small quiet">{networkName(settings, network)}</span>
                  </span>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
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
          {deployments.map(({ address, network, txHash, explorerUrl, at }) => {
            const link =
              txHash === undefined ? undefined : explorerUrl || transactionLink(settings, network, txHash);
            return (
              <tr key={`${network} ${address}`}>
                <td data-label="When">
                  <Time at={at} />
                </td>
                <td data-label="Wallet">
                  <Hash value={address} what="wallet address" />
                </td>
                <td data-label="Network">{networkName(settings, network)}</td>
                <td data-label="Transaction">
                  {txHash === undefined ? "—" : <Hash value={txHash} href={link} what="transaction hash" />}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
