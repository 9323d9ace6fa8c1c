// `npm run agent -- "rsvp to the rust meetup if it is under 1 dollar"`: a guest session from the terminal, against
// what `npm start` runs, or against any deployment with `--server URL --key-file FILE`. Every step is shown; before
// it pays, it asks. Without a sentence it takes one a line, until "exit" or Ctrl-D. `--help` lists the options.
import { parseArgs } from "node:util";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { fill, findDeployment, moneyHint, openChain, OPTIONS, readAccount } from "./lib/deployment.mjs";
import { openGuest } from "./lib/guest.mjs";
import { Failure, runMain } from "./lib/process.mjs";
import { bold, columns, dim, dollars, openLines, red, short } from "./lib/terminal.mjs";

const INTERRUPTED = 130;

async function main(args) {
  const { values, positionals } = options(args);
  const place = await findDeployment(values);
  const mcpUrl = values.door ?? place.mcpUrl;
  if (!mcpUrl) throw new Failure("name the server to buy from: --server https://…/mcp/users/…, or --door URL beside it");
  const account = readAccount(values, console.log) ?? testKey(values, place);
  const guest = await openGuest(`${place.origin.replace(/^http/, "ws")}/agent`, { account });
  const terminal = openLines();
  const shown = show(guest, terminal, values);
  try {
    await choose(guest, terminal, place, account, values);
    guest.send({ type: "connect_mcp", url: mcpUrl });
    await answered(guest, "mcp_connected");
    if (positionals.length > 0) await say(guest, terminal, positionals.join(" "));
    else await talk(guest, terminal);
  } finally {
    terminal.close();
    guest.close();
  }
  // Who types sees what failed, and goes on.
  if (shown.failed && !(terminal.isTerminal && positionals.length === 0)) process.exitCode = 1;
}

function options(args) {
  const texts = Object.fromEntries(["door", "wallet", "limit"].map((name) => [name, { type: "string" }]));
  try {
    return parseArgs({ args, allowPositionals: true, options: { ...OPTIONS, ...texts } });
  } catch (error) {
    throw new Failure(`${error.message.split("\n")[0]}\nusage: npm run agent -- "what to do" [options]; --help lists them`);
  }
}

/** Without a key the session's own smart wallet pays, where there is one. */
function testKey({ wallet }, { settings }) {
  if (wallet !== undefined && wallet !== "key") throw new Failure("--wallet takes `key` only: a new test key instead of the smart wallet");
  if (wallet === "key" && settings.faucet) return privateKeyToAccount(generatePrivateKey());
  if (settings.faucet && settings.smartWallets) return undefined;
  throw new Failure("this deployment gives no test money, so pay with a key: --key-file FILE, or --new-key FILE to make one");
}

/** An error is shown already when it comes here; there is nothing to wait for after it. */
async function answered(guest, type) {
  const message = await guest.next([type, "error"]);
  if (message.type === "error") throw new Failure("nothing was done; change what the error names, and try again");
  return message;
}

/** The wallet, its money, and the limit up to which it pays without asking. */
async function choose(guest, terminal, place, account, { limit }) {
  guest.send(account ? { type: "use_wallet", kind: "browser", address: account.address } : { type: "use_wallet", kind: "smart" });
  const { guestAddress, network } = await answered(guest, "wallet_info");
  const chain = openChain(place, network);
  await fill(place, chain, guestAddress);
  const balance = dollars(await chain.balance(guestAddress));
  terminal.print(dim(`  wallet   ${guestAddress} holds ${balance} of USDC on ${chain.title} (${moneyHint(chain)})`));
  await guest.next("policy");
  if (!limit) return;
  guest.send({ type: "set_policy", askAbove: limit });
  await answered(guest, "policy");
}

async function say(guest, terminal, text) {
  terminal.print(`${bold("you")}    ${text}`);
  guest.send({ type: "chat", text });
  await guest.rest();
}

/** What people type in a terminal to leave. */
const ENDS = new Set(["exit", "quit", "bye"]);

async function talk(guest, terminal) {
  terminal.print(dim('  say what you want, such as "list events"; "exit" or Ctrl-D ends'));
  for (;;) {
    const text = await terminal.ask("> ");
    if (text === undefined || ENDS.has(text.trim().toLowerCase())) return;
    if (text.trim() === "") continue;
    guest.send({ type: "chat", text });
    await guest.rest();
  }
}

/** Prints what comes, and answers questions. */
function show(guest, terminal, { yes }) {
  const shown = { failed: false };
  const fail = (text) => {
    shown.failed = true;
    terminal.print(red(text));
  };
  guest.on("log", ({ logType, message }) => terminal.print(dim(`  ${logType.padEnd(8)} ${message}`)));
  guest.on("chat", ({ text, cards, suggestions }) => {
    const lines = [text, ...columns(rows(cards), ""), ...(suggestions ?? []).map((one) => dim(`> ${one}`))];
    terminal.print(`${bold("agent")}  ${lines.join("\n       ")}`);
  });
  guest.on("error", ({ message }) => fail(`  error    ${message}`));
  guest.on("tool_error", ({ tool, result, moneyMoved }) => fail(`  ${tool}: ${result} (money moved: ${moneyMoved})`));
  guest.on("tool_result", ({ result }) => {
    const ticket = result?.structuredContent?.ticketUrl;
    if (typeof ticket === "string") terminal.print(`${bold("ticket")} ${ticket}`);
  });
  guest.on("payment_receipt", ({ amountUsd, payTo, txHash, explorerUrl, confirmed }) => {
    const how = confirmed ? "seen on the chain" : "as the server says";
    terminal.print(`${bold("paid")}   $${amountUsd} to ${short(payTo)}, ${how}\n       ${short(txHash)} ${dim(explorerUrl)}`);
  });
  guest.on("wallet_deployed", ({ address }) => terminal.print(dim(`  the wallet ${short(address)} is on the chain now`)));
  guest.on("payment_required", (asked) => decide(guest, terminal, asked, yes));
  terminal.onInterrupt(() => {
    terminal.close();
    console.log("stopped; what you had said yes to may still be paid");
    process.exit(INTERRUPTED);
  });
  return shown;
}

async function decide(guest, terminal, { confirmationId, tool, amountUsd, payTo, network, why }, yes) {
  terminal.print(`${bold("pay?")}   ${tool}: ${bold(`$${amountUsd}`)} to ${short(payTo)} on ${network} (${why})`);
  const answer = yes ? "y" : await terminal.ask("       [y/N] ", { fresh: true });
  guest.send({ type: /^y(es)?$/i.test(answer?.trim() ?? "") ? "confirm" : "cancel", confirmationId });
}

/** What an answer is about, a row for each: foreign texts on one line. */
function rows(cards) {
  const line = (value) => String(value ?? "").replace(/[\p{C}\s]+/gu, " ").slice(0, 80);
  const when = ({ startsAt, timeZone }) => {
    const day = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
    try {
      return new Intl.DateTimeFormat("en-GB", { ...day, timeZone }).format(new Date(startsAt));
    } catch {
      return line(startsAt);
    }
  };
  const items = cards?.events ?? cards?.secrets ?? cards?.bought ?? [];
  return items.map((item, place) => [
    `${place + 1}.`,
    line(item.title ?? item.name),
    item.startsAt === undefined ? "" : when(item),
    line(item.location),
    item.price === undefined ? "" : `$${line(item.price)}`,
    line(item.ticketUrl),
  ]);
}

await runMain(import.meta.url, main);
