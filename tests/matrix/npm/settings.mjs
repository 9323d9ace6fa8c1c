// What the rows share: where the server is, who pays, and how the result is printed.
import { registerExactEvmScheme } from "@x402/evm/exact/client";
import { x402Client } from "@x402/core/client";
import { Mppx } from "mppx/client";
import { assets, charge } from "mppx/evm/client";
import { privateKeyToAccount } from "viem/accounts";

export const { SERVER_URL, TOOLS_URL } = process.env;
export const info = { name: "client-matrix", version: "1.0.0" };
export const account = privateKeyToAccount(process.env.PRIVATE_KEY);
export const seat = { eventId: process.env.EVENT_ID };

/** Prints what the free and the paid call have answered. */
export const print = (free, paid) => console.log(JSON.stringify({ free, paid }));

/** What `@x402/core` signs for a challenge: for clients that know no payments and have a place for one. */
export const pay = (challenge) => registerExactEvmScheme(new x402Client(), { signer: account }).createPaymentPayload(challenge);

/** The same as text, which fits into a header. */
export const payAsText = async (challenge) => Buffer.from(JSON.stringify(await pay(challenge))).toString("base64");

/** `fetch` that pays by MPP, over MCP too: for clients that know no payments and take a `fetch`. */
export const payingFetch = () => Mppx.create({ methods: [charge({ account, currencies: [assets.baseSepolia.USDC] })], polyfill: false }).fetch;
