// A host names the wallet that is paid on Solana, where a facilitator settles there, and takes it away again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { NETWORK } from "../../dev/chain/accounts.mjs";
import { freePort } from "../../dev/lib/ports.mjs";
import { browserStage, looksRight } from "../support/browser.mjs";
import { button } from "../support/browser-guest.mjs";
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
