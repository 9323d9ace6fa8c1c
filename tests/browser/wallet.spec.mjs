// Who keeps the money, said plainly, and the way out: to another address, and to a wallet of one's own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { browserStage, looksRight } from "../support/browser.mjs";
import { arrive, button } from "../support/browser-guest.mjs";

const stage = browserStage();
const newAddress = () => privateKeyToAddress(generatePrivateKey());

test("a wallet that is kept says who keeps it, sends money elsewhere, and is left for one's own", stage.visit({}, async ({ page }) => {
  const { chain, host } = stage.stack;
  await page.goto("/wallet");
  await page.getByText("No wallet is chosen yet").waitFor();
  await looksRight(page, "wallet-none");
  await arrive(page, { mcpUrl: host.mcpUrl, wallet: "Smart wallet" });
  await button(page, /^Change the wallet/).click();
  await page.getByRole("link", { name: /^Who keeps this wallet/ }).click();
  const kept = page.getByRole("region", { name: "Kept by this site" });
  await kept.getByText("$10.00", { exact: true }).waitFor();
  await kept.getByText("The operator could move this money without you.", { exact: false }).waitFor();
  await looksRight(page, "wallet-kept");
  // To an address, after a typing error.
  const to = newAddress();
  await button(kept, "Send money elsewhere").click();
  await kept.getByLabel("To which address").fill("0x12");
  await kept.getByLabel("How much, in dollars").fill("11");
  await button(kept, "Continue").click();
  await kept.getByText("Enter an address", { exact: false }).waitFor();
  await kept.getByText("You can send $10.00 now.").waitFor();
  await looksRight(page, "wallet-send");
  await kept.getByLabel("To which address").fill(to);
  await kept.getByLabel("How much, in dollars").fill("2.50");
  await button(kept, "Continue").click();
  await kept.getByText(to, { exact: true }).waitFor();
  await looksRight(page, "wallet-confirm");
  assert.equal(await chain.balance(to), 0n);
  await button(kept, "Send $2.50").click();
  await kept.getByText("$2.50 was sent. The chain shows it.").waitFor();
  assert.equal(await chain.balance(to), 2_500_000n);
  await kept.getByText("$7.50", { exact: true }).waitFor();
  await looksRight(page, "wallet-sent");
  await button(kept, "Close").click();
  // All the rest, to the key of this browser.
  await button(kept, "Move to my own wallet").click();
  await looksRight(page, "wallet-move");
  await button(kept, "Use the test key").click();
  await button(kept, "Send $7.50").click();
  await kept.getByText("Test key pays from now on.").waitFor();
  await kept.getByText("$0.00", { exact: true }).waitFor();
  await looksRight(page, "wallet-moved");
  await page.reload();
  const own = page.getByRole("region", { name: "Your own wallet" });
  await own.getByText("You keep its key.", { exact: false }).waitFor();
  await kept.getByText("$0.00", { exact: true }).waitFor();
  await own.getByText("$7.50", { exact: true }).waitFor();
  await looksRight(page, "wallet-own");
}));

/** While `chain.isDown`, the page is told of every wallet that nobody knows its balance. */
async function withoutChain(page, chain) {
  await page.routeWebSocket(/\/agent/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((text) => {
      const message = JSON.parse(text);
      const isHidden = chain.isDown && message.type === "wallet_info";
      socket.send(isHidden ? JSON.stringify({ ...message, balance: null }) : text);
    });
  });
}

test("a balance that cannot be read is said in words, and is read later", stage.visit({}, async ({ page }) => {
  const chain = { isDown: false };
  await withoutChain(page, chain);
  await arrive(page, { mcpUrl: stage.stack.host.mcpUrl });
  chain.isDown = true;
  await page.goto("/wallet");
  const own = page.getByRole("region", { name: "Your own wallet" });
  await own.getByText("The balance cannot be read now.").waitFor();
  await own.getByText("Reading the balance…").waitFor({ state: "detached" });
  await looksRight(page, "wallet-unread");
  chain.isDown = false;
  await button(own, "Try again").click();
  await own.getByText("$10.00", { exact: true }).waitFor();
}));

/** The first withdrawal is answered as after an old sign-in; the rest goes through. */
async function withAnOldSignIn(page) {
  let isOld = true;
  await page.routeWebSocket(/\/agent/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((text) => {
      if (!isOld || !String(text).includes('"withdraw"')) return server.send(text);
      isOld = false;
      const { requestId } = JSON.parse(text);
      const message = "sign in again first: sending money needs a sign-in of the last five minutes. No money moved.";
      socket.send(JSON.stringify({ type: "withdrawal_refused", requestId, code: "fresh_sign_in_needed", message }));
    });
  });
}

test("whose sign-in is old signs in again before money leaves the wallet", stage.visit({}, async ({ page, expects }) => {
  expects(/status of 40[124] /);
  await withAnOldSignIn(page);
  await page.goto("/tickets");
  await button(page, "Find my tickets").click();
  await button(page, "Sign in with a test key").click();
  await page.getByText("Everything that you bought, on any device.").waitFor();
  await arrive(page, { mcpUrl: stage.stack.host.mcpUrl, wallet: "Smart wallet" });
  await page.goto("/wallet");
  const kept = page.getByRole("region", { name: "Kept by this site" });
  const to = newAddress();
  await button(kept, "Send money elsewhere").click();
  await kept.getByLabel("To which address").fill(to);
  await kept.getByLabel("How much, in dollars").fill("1");
  await button(kept, "Continue").click();
  await button(kept, "Send $1.00").click();
  await kept.getByText("Sign in again before money leaves this wallet. No money moved.").waitFor();
  await looksRight(page, "wallet-sign-in");
  await button(kept, "Sign in with a test key").click();
  // While the socket changes after the sign-in, the page says that nothing was sent.
  const lost = kept.getByText("The connection was lost. No money moved; try again.");
  const sent = kept.getByText("$1.00 was sent. The chain shows it.");
  await button(kept, "Send $1.00").click();
  await lost.or(sent).waitFor();
  if (await lost.isVisible()) await button(kept, "Send $1.00").click();
  await sent.waitFor();
  assert.equal(await stage.stack.chain.balance(to), 1_000_000n);
}));
