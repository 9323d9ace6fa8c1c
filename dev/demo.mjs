// `npm run demo`: an agent pays for a seat, with the official MCP client and x402 packages only. Against what
// `npm start` runs each run is a new agent with a new wallet; `--server URL --key-file FILE` pays at any deployment.
// Ends with 0 only if everything was seen to be right.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { x402Client } from "@x402/core/client";
import { registerExactEvmScheme } from "@x402/evm/exact/client";
import { isAddressEqual } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { fill, findDeployment, folder, getJson, moneyHint, mustHave, openChain, OPTIONS, readAccount } from "./lib/deployment.mjs";
import { Failure, parseOptions, root, runMain } from "./lib/process.mjs";
import { bold, dollars, openLines, short, table, when } from "./lib/terminal.mjs";

const title = (text) => console.log(bold(`\n${text}`));

async function main(args) {
  const { values } = parseOptions("demo", { args, options: OPTIONS });
  const place = await findDeployment(values);
  if (!place.mcpUrl) throw new Failure("--server takes a host's server URL, such as https://events.example/mcp/users/…");
  const agent = readAccount(values, console.log) ?? newAgent(place);
  console.log(bold("An agent without account or API key"));
  const client = await connect(place);
  await showServer(client, place);
  const event = await chooseEvent(client);
  title(`RSVP to "${event.title}"`);
  const { challenge, offer, chain } = await ask(client, place, event);
  await showWallet(place, chain, agent, offer);
  if (!chain.isTestnet && !values.yes) await confirm(offer, chain);
  const ticket = await buy(client, agent, event, challenge);
  await client.close();
  await showChain(chain, offer, ticket, agent);
  if (place.host) await showHost(place, event, ticket, agent);
  title("Done");
  table([["look at it", chain.link(ticket.transactionHash)]]);
}

/** On the local chain anybody gets test money, so that each run can have a wallet of its own. */
function newAgent({ settings }) {
  if (settings.faucet) return privateKeyToAccount(generatePrivateKey());
  throw new Failure("this deployment gives no test money, so pay with a key: --key-file FILE, or --new-key FILE to make one");
}

async function connect({ mcpUrl, again }) {
  const client = new Client({ name: "demo-agent", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  try {
    await client.connect(new StreamableHTTPClientTransport(new URL(mcpUrl)));
  } catch (error) {
    throw new Failure(`no MCP server answers at ${mcpUrl} (${error.message.split("\n")[0].slice(0, 200)}); ${again}`);
  }
  return client;
}

async function showServer(client, place) {
  title("The server");
  const { tools } = await client.listTools();
  const facts = [["address", place.mcpUrl], ["protocol", `MCP ${client.getNegotiatedProtocolVersion()}`]];
  table([...facts, ...tools.map((tool) => [tool.name, priceOf(tool)])]);
}

function priceOf({ name, _meta }) {
  if (!_meta?.["agents-x402/paymentRequired"]) return "free";
  const price = _meta["agents-x402/priceUSD"];
  if (price !== undefined) return `$${price}`;
  return name === "retrieveSecret" ? "the secret's own price" : "the event's own price";
}

async function chooseEvent(client) {
  const { structuredContent } = await client.callTool({ name: "listEvents", arguments: {} });
  const events = structuredContent?.events ?? [];
  title("Events");
  table(events.map((event) => {
    const seats = event.seatsLeft === null ? "seats not limited" : `${event.seatsLeft} seats left`;
    return [`$${event.price}`, event.title, when(event.startsAt, event.timeZone), seats];
  }));
  const event = events.find(({ status, seatsLeft }) => status === "scheduled" && seatsLeft !== 0);
  if (!event) throw new Failure("no event has a seat left; here `npm start -- --fresh` makes new ones, elsewhere ask the host");
  return event;
}

async function ask(client, place, event) {
  const challenge = (await client.callTool(callFor(event))).structuredContent;
  const offer = challenge?.accepts?.[0];
  must(offer, `the server asks for no payment: ${JSON.stringify(challenge).slice(0, 300)}`);
  const chain = openChain(place, offer.network);
  must(isAddressEqual(offer.asset, chain.usdc), `the server asks for a token that is not USDC on ${chain.name}; nothing was signed`);
  must(offer.amount === event.priceAtomic, "the price asked is not the price listed; nothing was signed");
  return { challenge: { ...challenge, accepts: [offer] }, offer, chain };
}

const callFor = (event) => ({ name: "rsvpToEvent", arguments: { eventId: event.id } });

async function showWallet(place, chain, agent, offer) {
  await fill(place, chain, agent.address);
  const balance = await chain.balance(agent.address);
  table([
    ["asked to pay", `${dollars(offer.amount)} of USDC to ${short(offer.payTo)} on ${chain.title}`],
    ["wallet", agent.address],
    ["balance", `${dollars(balance)} of USDC (${moneyHint(chain)})`],
  ]);
  mustHave(balance, offer.amount, agent.address, chain);
}

async function confirm(offer, chain) {
  const lines = openLines();
  const answer = await lines.ask(`  pay ${dollars(offer.amount)} of real money on ${chain.name}? [y/N] `, { fresh: true });
  lines.close();
  if (!/^y(es)?$/i.test(answer?.trim() ?? "")) throw new Failure("not paid; nothing was signed (y pays, and so does --yes)");
}

async function buy(client, agent, event, challenge) {
  const x402 = registerExactEvmScheme(new x402Client(), { signer: agent });
  const payment = await x402.createPaymentPayload(challenge);
  const paid = await client.callTool({ ...callFor(event), _meta: { "x402/payment": payment } });
  must(!paid.isError, paid.content[0]?.text);
  const ticket = paid.structuredContent;
  table([
    ["signed", `EIP-3009 authorization, nonce ${short(payment.payload.authorization.nonce)}`],
    ["transaction", ticket.transactionHash],
    ["ticket", ticket.ticketUrl],
    ["calendar", ticket.calendarUrl],
    ["when", when(event.startsAt, event.timeZone)],
    ["says", ticket.message],
  ]);
  return ticket;
}

/** The receipt of this payment, and not the balance of payTo: others may pay there at the same time. */
async function showChain(chain, offer, ticket, agent) {
  title("On the chain");
  const receipt = await chain.receipt(ticket.transactionHash);
  const moved = chain.paidTo(receipt, offer.payTo);
  table([
    ["receipt", `${receipt.status}, block ${receipt.blockNumber}`],
    ["payTo", `${short(offer.payTo)} got ${dollars(moved)}`],
    ["wallet", `${short(agent.address)} holds ${dollars(await chain.balance(agent.address))} now`],
  ]);
  must(receipt.status === "success", "the transaction failed");
  must(moved === BigInt(offer.amount), "payTo did not get exactly the price");
}

async function showHost({ origin, host, again }, event, ticket, agent) {
  const get = (path) => getJson(origin + path, again, { headers: { authorization: `Bearer ${host.token}` } });
  title("The host sees");
  const revenue = await get("/api/users/revenue");
  const { rsvps } = await get(`/api/users/events/${event.id}/rsvps`);
  const rsvp = rsvps.find(({ wallet }) => wallet === agent.address);
  must(rsvp?.txHash === ticket.transactionHash, "the host's list does not show the seat");
  table([["revenue", `$${revenue.total} in all`], ["guest", `${short(rsvp.wallet)} paid ${dollars(rsvp.paidAtomic)}, ${rsvps.length} in all`]]);
  title("KV records");
  const total = await kvRecord(`${host.scope}:revenue`, (value) => /^\d+$/.test(value) && BigInt(value) >= BigInt(revenue.totalAtomic));
  const record = await kvRecord(`${host.scope}:rsvps:${event.id}:${agent.address}`, (value) => value.includes(rsvp.txHash));
  table([["revenue", total], ["rsvp", record]]);
}

const KV_MILLIS = 30_000;

/** The first record of a sale goes out to KV a moment after the answer; sums of several sales wait for each other, ten seconds here. */
async function kvRecord(key, isRight) {
  const args = ["node_modules/wrangler/bin/wrangler.js", "kv", "key", "get", key, "--local"];
  args.push("--binding", "SECRETS", "--persist-to", join(folder, "worker"), "--text");
  let value = "";
  const end = Date.now() + KV_MILLIS;
  while (Date.now() < end) {
    value = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" }).stdout.trim();
    if (isRight(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Failure(`demo failed: KV does not hold what it should under ${key}: ${value}`);
}

function must(holds, otherwise) {
  if (!holds) throw new Failure(`demo failed: ${otherwise}`);
}

await runMain(import.meta.url, main);
