// A host that asks for what is its own, from the terminal: with the key of its wallet, or with a token of its own.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createSiweMessage } from "viem/siwe";
import { privateKeyToAccount } from "viem/accounts";
import { host } from "../chain/accounts.mjs";
import { getJson, readKey } from "./deployment.mjs";
import { Failure } from "./process.mjs";

/** The options of `parseArgs` that say who the host is. */
export const OWNER_OPTIONS = {
  server: { type: "string" },
  "key-file": { type: "string" },
  "token-file": { type: "string" },
};

/** The token of a session of the host's. A key signs in anew, as far as the deployment knows a moment ago. */
export async function ownerToken(values, place) {
  const [key, token] = [values["key-file"], values["token-file"]];
  if (key && token) throw new Failure("--key-file signs in and --token-file holds a token: give one of them");
  if (token) return readToken(resolve(token));
  if (key) return signIn(place, privateKeyToAccount(readKey(resolve(key), console.error)));
  if (place.host) return signIn(place, privateKeyToAccount(host.privateKey));
  throw new Failure("say who you are: --key-file FILE with the key of your wallet, or --token-file FILE with the token of a sign-in (POST /api/auth/otp/verify answers with one)");
}

function readToken(file) {
  let text;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new Failure(`${file} cannot be read (${error.code})`);
  }
  if (!/^v1\.[\w-]+\.[\w-]+$/.test(text)) throw new Failure(`${file} has to hold the token of a sign-in (v1.….…), and nothing else`);
  return text;
}

async function signIn({ origin, settings, again }, account) {
  const post = (path, body) =>
    getJson(origin + path, again, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const { nonce } = await post("/api/auth/nonce", {});
  const message = createSiweMessage({
    address: account.address,
    chainId: settings.networks[0].chainId,
    domain: new URL(origin).host,
    uri: origin,
    nonce,
    version: "1",
    statement: "Sign in to Events Concierge",
  });
  const { token } = await post("/api/auth/siwe", { message, signature: await account.signMessage({ message }) });
  return token;
}
