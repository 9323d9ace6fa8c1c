// `node dev/pay.mjs <file>`: makes the header that pays for a challenge, for a session with curl. The file holds what
// `curl -si` has printed of an answer 402 (or the challenge as JSON). The header goes to the output, and what is
// signed is said beside it. Pays with the test wallet of `npm start`, or with `--key-file FILE`.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { x402Client } from "@x402/core/client";
import { registerExactEvmScheme } from "@x402/evm/exact/client";
import { isAddressEqual, parseUnits } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { localState, readAccount } from "./lib/deployment.mjs";
import { NETWORKS } from "./lib/networks.mjs";
import { Failure, runMain } from "./lib/process.mjs";
import { dollars, short } from "./lib/terminal.mjs";

async function main(args) {
  const { values, positionals } = options(args);
  const challenge = readChallenge(positionals[0]);
  const offer = challenge.accepts[0];
  const amount = BigInt(offer.amount ?? offer.maxAmountRequired);
  const network = NETWORKS.find((one) => one.network === offer.network || one.v1 === offer.network);
  if (!network || !isAddressEqual(offer.asset, network.usdc)) throw new Failure("the challenge asks for something that is not USDC of a network we know; nothing was signed");
  if (amount > limitOf(values.limit)) throw new Failure(`the challenge asks for ${dollars(amount)}, more than $${values.limit}; nothing was signed, and --limit allows more`);
  const account = readAccount(values, console.error) ?? privateKeyToAccount(localState().guest.privateKey);
  const x402 = registerExactEvmScheme(new x402Client(), { signer: account });
  const payment = await x402.createPaymentPayload({ ...challenge, accepts: [offer] });
  console.error(`signed: ${dollars(amount)} of USDC from ${short(account.address)} to ${short(offer.payTo)} on ${network.name}`);
  const header = challenge.x402Version === 1 ? "X-PAYMENT" : "PAYMENT-SIGNATURE";
  console.log(`${header}: ${Buffer.from(JSON.stringify(payment)).toString("base64")}`);
}

function options(args) {
  const texts = Object.fromEntries(["key-file", "new-key"].map((name) => [name, { type: "string" }]));
  try {
    const read = parseArgs({ args, allowPositionals: true, options: { ...texts, limit: { type: "string", default: "1.00" } } });
    if (read.positionals.length === 1) return read;
    throw new Failure("usage: node dev/pay.mjs <file with the answer 402> [--key-file FILE] [--limit 1.00]");
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(`${error.message.split("\n")[0]}; \`node dev/pay.mjs --help\` lists the options`);
  }
}

function limitOf(text) {
  if (!/^\d{1,9}(\.\d{1,6})?$/.test(text)) throw new Failure("--limit takes dollars, such as 0.50");
  return parseUnits(text, 6);
}

/** Version 2 is in the header, version 1 in the body. */
function readChallenge(file) {
  let text;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new Failure(`${file} cannot be read (${error.code}); \`curl -si … > ${file}\` writes it`);
  }
  const header = /^payment-required:\s*(\S+)/im.exec(text)?.[1];
  const json = header ? Buffer.from(header, "base64").toString() : text.slice(text.indexOf("{"));
  try {
    const challenge = JSON.parse(json);
    if (Array.isArray(challenge.accepts) && challenge.accepts.length > 0) return challenge;
  } catch {
    // Not JSON: said below.
  }
  throw new Failure(`${file} holds no challenge: it should be an answer 402 of \`curl -si\``);
}

await runMain(import.meta.url, main);
