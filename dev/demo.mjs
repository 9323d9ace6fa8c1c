// `npm run demo`: an agent pays for a seat, with the official MCP client and x402 packages only.
// Each run is a new agent with a new wallet. Ends with 0 only if everything was seen to be right.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { x402Client } from "@x402/core/client";
import { registerExactEvmScheme } from "@x402/evm/exact/client";
import { formatUnits } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { chainClient } from "./chain/chain.mjs";
import { Failure, root, runMain } from "./lib/process.mjs";

const folder = process.env.STATE_DIR ?? join(root, ".dev");
const bold = (text) => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[22m` : text);
const dollars = (atomic) => `$${formatUnits(BigInt(atomic), 6)}`;
const short = (hex) => `${hex.slice(0, 6)}…${hex.slice(-4)}`;
const line = (name, text) => console.log(`  ${name.padEnd(13)} ${text}`);

async function main() {
  const state = readState();
  const chain = chainClient(state.rpc);
  const agent = privateKeyToAccount(generatePrivateKey());
  console.log(bold("An agent without account or API key"));
  await chain.mint(agent.address, 1_000_000n);
  line("wallet", `${short(agent.address)}, holds ${dollars(await chain.balance(agent.address))} test USDC`);

  const client = new Client({ name: "demo-agent", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new StreamableHTTPClientTransport(new URL(state.host.mcpUrl)));
  console.log(bold("\nThe door"));
  line("address", state.host.mcpUrl);
  line("protocol", `MCP ${client.getNegotiatedProtocolVersion()}`);
  for (const tool of (await client.listTools()).tools) line(tool.name, priceOf(tool));
  const event = await chooseEvent(client);

  const before = await chain.balance(state.host.walletAddress);
  const ticket = await buy(client, agent, event);
  await client.close();
  const after = await chain.balance(state.host.walletAddress);
  console.log(bold("\nOn the chain"));
  line("payTo", `${short(state.host.walletAddress)}: ${dollars(before)} before, ${dollars(after)} after`);
  const receipt = await chain.client.getTransactionReceipt({ hash: ticket.transactionHash });
  line("receipt", `${receipt.status}, block ${receipt.blockNumber}`);
  must(after - before === BigInt(event.priceAtomic), "payTo did not get exactly the price");
  must(receipt.status === "success", "the transaction failed");
  await showHost(state, event, ticket, agent);
}

function readState() {
  const file = join(folder, "state.json");
  if (!existsSync(file)) throw new Failure("nothing is running: `npm start` in another terminal first, and wait for \"Ready\"");
  return JSON.parse(readFileSync(file, "utf8"));
}

function priceOf(tool) {
  if (!tool._meta?.["agents-x402/paymentRequired"]) return "free";
  const price = tool._meta["agents-x402/priceUSD"];
  return price === undefined ? "the event's own price" : `$${price}`;
}

async function chooseEvent(client) {
  const { structuredContent } = await client.callTool({ name: "listEvents", arguments: {} });
  console.log(bold("\nEvents"));
  for (const event of structuredContent.events) {
    const seats = event.seatsLeft === null ? "seats not limited" : `${event.seatsLeft} seats left`;
    line(`$${event.price}`, `${event.title}, ${event.startsAt}, ${seats}`);
  }
  const event = structuredContent.events.find(({ status, seatsLeft }) => status === "scheduled" && seatsLeft !== 0);
  if (!event) throw new Failure("no event has a seat left; `npm start -- --fresh` makes new ones");
  return event;
}

async function buy(client, agent, event) {
  console.log(bold(`\nRSVP to "${event.title}"`));
  const call = { name: "rsvpToEvent", arguments: { eventId: event.id } };
  const challenge = await client.callTool(call);
  const [offer] = challenge.structuredContent.accepts;
  line("asked to pay", `${dollars(offer.amount)} USDC to ${short(offer.payTo)} on ${offer.network}`);
  must(offer.amount === event.priceAtomic, "the price asked is not the price listed");
  const x402 = registerExactEvmScheme(new x402Client(), { signer: agent });
  const payment = await x402.createPaymentPayload(challenge.structuredContent);
  line("signed", `EIP-3009 authorization, nonce ${short(payment.payload.authorization.nonce)}`);
  const paid = await client.callTool({ ...call, _meta: { "x402/payment": payment } });
  must(!paid.isError, paid.content[0].text);
  const ticket = paid.structuredContent;
  line("transaction", ticket.transactionHash);
  line("ticket", ticket.ticketUrl);
  line("calendar", ticket.calendarUrl);
  line("says", ticket.message);
  return ticket;
}

async function showHost(state, event, ticket, agent) {
  const get = async (path) => {
    const answer = await fetch(state.url + path, { headers: { authorization: `Bearer ${state.host.token}` } });
    must(answer.ok, `GET ${path} answers ${answer.status}`);
    return answer.json();
  };
  console.log(bold("\nThe host sees"));
  const revenue = await get("/api/users/revenue");
  line("revenue", `$${revenue.total} in all`);
  const { rsvps } = await get(`/api/users/events/${event.id}/rsvps`);
  const rsvp = rsvps.find(({ wallet }) => wallet === agent.address);
  must(rsvp?.txHash === ticket.transactionHash, "the host's list does not show the seat");
  line("guest", `${short(rsvp.wallet)} paid ${dollars(rsvp.paidAtomic)}, ${rsvps.length} in all`);
  console.log(bold("\nKV records"));
  const { scope } = state.host;
  const total = await kvRecord(`${scope}:revenue`, (value) => value === revenue.totalAtomic);
  line("revenue", total);
  line("rsvp", await kvRecord(`${scope}:rsvps:${event.id}:${agent.address}`, (value) => value.includes(rsvp.txHash)));
}

/** Records go out to KV a moment after the answer, so this asks a few times. */
async function kvRecord(key, isRight) {
  const args = ["node_modules/wrangler/bin/wrangler.js", "kv", "key", "get", key, "--local"];
  args.push("--binding", "SECRETS", "--persist-to", join(folder, "worker"), "--text");
  let value = "";
  for (let tries = 0; tries < 6; tries += 1) {
    value = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" }).stdout.trim();
    if (isRight(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Failure(`KV does not hold what it should under ${key}: ${value}`);
}

function must(holds, otherwise) {
  if (!holds) throw new Failure(`demo failed: ${otherwise}`);
}

await runMain(import.meta.url, main);
