// `npm run agent -- "rsvp to the rust meetup if it is under 1 dollar"`: a guest session from the
// terminal, against what `npm start` runs. Every step is shown; before it pays, it asks.
//   --door URL     another door than that of `npm start`
//   --wallet key   pays with a test key of its own instead of the session's smart wallet
//   --limit 0.50   pays without asking up to so many dollars
//   --yes          says yes to every question
// Without a sentence it stays open and takes one sentence a line.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { formatUnits } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { chainClient } from "./chain/chain.mjs";
import { openGuest } from "./lib/guest.mjs";
import { Failure, root, runMain } from "./lib/process.mjs";

const folder = process.env.STATE_DIR ?? join(root, ".dev");
const colour = (code, text) => (process.stdout.isTTY ? `\x1b[${code}m${text}\x1b[0m` : text);
const dim = (text) => colour(2, text);
const bold = (text) => colour(1, text);
const short = (hex) => `${hex.slice(0, 6)}…${hex.slice(-4)}`;

async function main(args) {
  const { values, positionals } = options(args);
  const state = readState();
  const chain = chainClient(state.rpc);
  const account = values.wallet === "key" ? privateKeyToAccount(generatePrivateKey()) : undefined;
  const guest = await openGuest(`${state.url.replace(/^http/, "ws")}/agent`, { account });
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const shown = show(guest, terminal, values);
  try {
    guest.send(account ? { type: "use_wallet", kind: "browser", address: account.address } : { type: "use_wallet", kind: "smart" });
    const { guestAddress } = await answered(guest, "wallet_info");
    await fill(chain, guestAddress);
    await guest.next("policy");
    if (values.limit) guest.send({ type: "set_policy", askAbove: values.limit });
    if (values.limit) await answered(guest, "policy");
    guest.send({ type: "connect_mcp", url: values.door ?? state.host.mcpUrl });
    await answered(guest, "mcp_connected");
    if (positionals.length > 0) await say(guest, positionals.join(" "));
    else await talk(guest, terminal);
  } finally {
    terminal.close();
    guest.close();
  }
  if (shown.failed) process.exitCode = 1;
}

/** An error is shown already when it comes here; there is nothing to wait for after it. */
async function answered(guest, type) {
  const message = await guest.next([type, "error"]);
  if (message.type === "error") throw new Failure("nothing was done");
  return message;
}

function options(args) {
  const texts = Object.fromEntries(["door", "wallet", "limit"].map((name) => [name, { type: "string" }]));
  try {
    return parseArgs({ args, allowPositionals: true, options: { ...texts, yes: { type: "boolean" } } });
  } catch (error) {
    throw new Failure(`${error.message}\nusage: npm run agent -- "what to do" [--door URL] [--wallet key] [--limit 0.50] [--yes]`);
  }
}

function readState() {
  const file = join(folder, "state.json");
  if (!existsSync(file)) throw new Failure("nothing is running: `npm start` in another terminal first, and wait for \"Ready\"");
  return JSON.parse(readFileSync(file, "utf8"));
}

/** Test money grows on the local chain only; the token there lets anybody mint. */
async function fill(chain, address) {
  if ((await chain.balance(address)) > 0n) return;
  await chain.mint(address, 1_000_000n);
  console.log(dim(`  ${short(address)} gets $${formatUnits(await chain.balance(address), 6)} test USDC`));
}

async function say(guest, text) {
  console.log(`${bold("you")}    ${text}`);
  guest.send({ type: "chat", text });
  await guest.rest();
}

async function talk(guest, terminal) {
  console.log(dim("  say what you want; an empty line ends"));
  for (;;) {
    const text = await terminal.question("> ");
    if (text.trim() === "") return;
    await say(guest, text);
  }
}

/** Prints what comes, and answers questions. */
function show(guest, terminal, { yes }) {
  const shown = { failed: false };
  guest.on("log", ({ logType, message }) => console.log(dim(`  ${logType.padEnd(8)} ${message}`)));
  guest.on("chat", ({ text }) => console.log(`${bold("agent")}  ${text.replaceAll("\n", "\n       ")}`));
  guest.on("error", ({ message }) => {
    shown.failed = true;
    console.log(colour(31, `  error    ${message}`));
  });
  guest.on("tool_error", ({ tool, result, moneyMoved }) => {
    shown.failed = true;
    console.log(colour(31, `  ${tool}: ${result} (money moved: ${moneyMoved})`));
  });
  guest.on("payment_receipt", ({ amountUsd, payTo, txHash, explorerUrl, confirmed }) => {
    const how = confirmed ? "seen on the chain" : "as the door says";
    console.log(`${bold("paid")}   $${amountUsd} to ${short(payTo)}, ${how}\n       ${short(txHash)} ${dim(explorerUrl)}`);
  });
  guest.on("wallet_deployed", ({ address }) => console.log(dim(`  the wallet ${short(address)} is on the chain now`)));
  guest.on("payment_required", async (asked) => {
    const { confirmationId, tool, amountUsd, payTo, network, why } = asked;
    console.log(`${bold("pay?")}   ${tool}: ${bold(`$${amountUsd}`)} to ${short(payTo)} on ${network} (${why})`);
    const answer = yes ? "y" : process.stdin.isTTY ? await terminal.question("       [y/N] ") : "n";
    guest.send({ type: /^y/i.test(answer.trim()) ? "confirm" : "cancel", confirmationId });
  });
  return shown;
}

await runMain(import.meta.url, main);
