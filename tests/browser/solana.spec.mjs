// A host names the wallet that is paid on Solana, where a facilitator settles there, and takes it away again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { NETWORK } from "../../dev/chain/accounts.mjs";
import { freePort } from "../../dev/lib/ports.mjs";
import { browserStage, looksRight } from "../support/browser.mjs";
import { button, dialog } from "../support/browser-guest.mjs";
import { go, sampleWallet, section, signInAsSampleHost } from "../support/browser-host.mjs";
import { SOLANA } from "../support/solana/tokens.mjs";

// Nothing is sold here, so nobody asks them.
const AWAY = "http://127.0.0.1:9";
const stage = browserStage(undefined, async () => {
  const CHAIN_PORT = String(await freePort());
  const RPC_URLS = JSON.stringify({ [NETWORK]: `http://127.0.0.1:${CHAIN_PORT}`, [SOLANA]: AWAY });
  return { CHAIN_PORT, RPC_URLS, SOLANA_FACILITATOR_URL: AWAY };
});
const WALLET = "9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM";

test("a host names a wallet on Solana, and a wrong address changes nothing", stage.visit({ wallet: sampleWallet() }, async ({ page, expects }) => {
  const stored = async () => (await stage.stack.call("GET", "/api/users/me")).solanaAddress;
  await signInAsSampleHost(page);
  await go(page, "Settings");
  const settings = section(page, "Settings");
  await settings.getByRole("heading", { name: "Payments on Solana devnet" }).waitFor();
  const field = settings.getByLabel("Wallet on Solana that is paid");
  const save = button(settings, "Save the wallet on Solana");
  expects(/status of 422 .*\/api\/users\/mcp/);
  for (const wrong of [WALLET.toLowerCase(), stage.stack.host.walletAddress]) {
    await field.fill(wrong);
    await save.click();
    await settings.getByText(/must be an address on Solana/i).waitFor();
    assert.equal(await stored(), undefined);
  }
  await looksRight(page, "my-mcp-solana-fault");
  await field.fill(WALLET);
  await save.click();
  await page.waitForFunction(async (wallet) => (await (await fetch("/api/users/me")).json()).solanaAddress === wallet, WALLET);
  await settings.getByRole("status").filter({ hasText: /Solana/ }).first().waitFor();
  await looksRight(page, "my-mcp-solana");
  await page.route("**/api/settings", async (route) => {
    const { solana: _, ...settings } = await (await route.fetch()).json();
    await route.fulfill({ json: settings });
  });
  await page.reload();
  await go(page, "Settings");
  await settings.getByText("takes no payments there now").waitFor();
  await field.fill("");
  await save.click();
  await page.waitForFunction(async () => (await (await fetch("/api/users/me")).json()).solanaAddress === undefined);
  // There is nothing left to set; what was done is said.
  await field.waitFor({ state: "detached" });
  await settings.getByRole("status").filter({ hasText: /Solana/ }).first().waitFor();
}));

const SIGNATURE = `${"5".repeat(40)}${"Qz".repeat(24)}`;
const owed = {
  refundId: "pay_00000000000000000000000a", eventId: "evt_00000000000000000000000a", eventTitle: "Evening on Solana", cause: "guest",
  to: WALLET, from: null, network: SOLANA, amount: "0.05", amountAtomic: "50000", state: "owed", canBePaid: false, canBeSent: true,
  isUnderWay: false, txHash: null, reason: null, owedSince: "2026-11-30T10:00:00Z", updatedAt: "2026-11-30T10:00:00Z",
};

// Nothing is sold here, so the answers are those that tests/it/solana/refunds.rs gets.
test("a host is told what to send on Solana, to whom, and names the transaction", stage.visit({ wallet: sampleWallet() }, async ({ page }) => {
  let refund = owed;
  const named = [];
  await page.route("**/api/users/refunds", async (route) => {
    const isOwed = refund.state !== "paid";
    const owes = { owed: isOwed ? "0.05" : "0.00", owedCount: Number(isOwed), byHandCount: Number(isOwed) };
    if (route.request().method() === "GET") return route.fulfill({ json: { refunds: [refund], ...owes } });
    const [{ refundId, transaction }] = route.request().postDataJSON().paid;
    named.push(transaction);
    const isTaken = transaction === SIGNATURE;
    if (isTaken) refund = { ...owed, state: "paying", isUnderWay: true, txHash: SIGNATURE };
    const message = isTaken ? "the transaction is being looked for" : "transaction: must be the signature of a transaction on Solana: about 88 letters and digits";
    return route.fulfill({ json: { from: stage.stack.host.walletAddress, toSign: [], taken: [{ refundId, success: isTaken, message }], message, ...owes } });
  });
  await signInAsSampleHost(page);
  await go(page, "Home");
  await button(page, "Pay it back").click();
  const list = page.getByRole("region", { name: "Money that goes back" });
  await list.getByText("They paid on Solana: send that money yourself").waitFor();
  assert.equal(await button(list, /^Pay .* back$/).count(), 0, "nothing is signed for it");
  await looksRight(page, "host-refunds-solana");
  await button(list, "Send it yourself…").click();
  await dialog(page).getByText("Send exactly $0.05 in USDC there").waitFor();
  await dialog(page).getByText(WALLET).waitFor();
  const field = dialog(page).getByLabel("Transaction that has paid it back");
  await field.fill(`0x${"1".repeat(64)}`);
  await button(dialog(page), "Look for it").click();
  await dialog(page).getByText("Must be the signature of a transaction on Solana").waitFor();
  await looksRight(page, "host-refunds-solana-fault");
  await field.fill(`https://explorer.solana.com/tx/${SIGNATURE}?cluster=devnet`);
  await button(dialog(page), "Look for it").click();
  await list.getByText("The transaction is being looked for.").waitFor();
  assert.deepEqual(named, [`0x${"1".repeat(64)}`, SIGNATURE]);
  await list.getByText("On its way").waitFor();
  refund = { ...refund, state: "owed", isUnderWay: false, txHash: null, reason: "transaction: it was made before this money was owed" };
  await list.getByText("made before this money was owed").waitFor();
  refund = { ...refund, state: "paid", canBeSent: false, txHash: SIGNATURE, reason: null };
  await page.reload();
  await go(page, "Payments");
  await list.getByText("Paid back", { exact: true }).waitFor();
  assert.equal(await button(list, "Send it yourself…").count(), 0);
}));
