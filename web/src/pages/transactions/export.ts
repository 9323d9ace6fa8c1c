// Lists for spreadsheets, in which nothing that a stranger wrote becomes a formula.
import type { DeploymentView, PaymentView } from "../../api/types";

const COLUMNS = [
  "kind",
  "at",
  "state",
  "tool",
  "door",
  "amountUsd",
  "amount",
  "network",
  "payer",
  "payTo",
  "txHash",
  "explorerUrl",
  "id",
] as const;

export function asCsv(payments: readonly PaymentView[], deployments: readonly DeploymentView[]): string {
  const paid = payments.map((payment) => [
    "payment",
    payment.at,
    payment.state,
    payment.tool,
    payment.mcpUrl,
    payment.amountUsd,
    payment.amount,
    payment.network,
    payment.payer,
    payment.payTo,
    payment.txHash,
    payment.explorerUrl,
    payment.id,
  ]);
  const deployed = deployments.map(({ at, network, address, txHash, explorerUrl }) => [
    "deployment",
    at,
    "",
    "",
    "",
    "",
    "",
    network,
    address,
    "",
    txHash,
    explorerUrl,
    "",
  ]);
  const lines = [[...COLUMNS], ...paid, ...deployed].map((line) => line.map(cell).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

// A spreadsheet takes what begins like this for a formula, and a quote in front makes it text.
function cell(value: string | undefined): string {
  const text = value ?? "";
  const safe = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
