// An authenticating proxy in front of a facilitator that does not authenticate: every invalid token gets 401, as at
// Coinbase's. Tokens are judged with node's own cryptography.
import { verify } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { serve } from "./serve.mjs";

/**
 * `strict.isLetIn(authorization, method, target)` judges a request: the reason why not, or undefined. `strict.upstream`
 * is where the others go; `strict.seen` what was asked, `{method, target, refused}` each.
 */
export async function startStrictFacilitator(isLetIn) {
  const strict = { upstream: undefined, isLetIn, seen: [] };
  const server = await serve(async (request, response) => {
    const body = await buffer(request);
    const target = `${request.headers.host}${request.url}`;
    const refused = strict.isLetIn(request.headers.authorization, request.method, target);
    strict.seen.push({ method: request.method, target, refused });
    response.setHeader("content-type", "application/json");
    if (refused) return response.writeHead(401).end(JSON.stringify({ errorType: "unauthorized", errorMessage: "Unauthorized." }));
    const { "content-type": type = "application/json" } = request.headers;
    const init = request.method === "POST" ? { method: "POST", body, headers: { "content-type": type } } : {};
    const answer = await fetch(`${strict.upstream}${request.url.replace(/^\/platform\/v2\/x402/, "")}`, init);
    response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
  });
  strict.url = `${server.origin}/platform/v2/x402`;
  strict.stop = server.stop;
  return strict;
}

/** Accepts valid tokens of this key, each token once. */
export function tokenJudge({ publicKey, id, alg }) {
  const nonces = new Set();
  return (authorization, method, target) => {
    const [, token] = /^Bearer (\S+)$/.exec(authorization ?? "") ?? [];
    if (token === undefined) return "no token";
    const [head, claims, signature, more] = token.split(".");
    if (more !== undefined || !signature || !/^[\w.-]+$/.test(token)) return "not a JSON Web Signature";
    const key = alg === "ES256" ? { key: publicKey, dsaEncoding: "ieee-p1363" } : publicKey;
    const isSigned = verify(alg === "ES256" ? "sha256" : null, Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, "base64url"));
    if (!isSigned) return "the signature is not of this key";
    const header = JSON.parse(Buffer.from(head, "base64url"));
    const said = JSON.parse(Buffer.from(claims, "base64url"));
    const now = Date.now() / 1000;
    const faults = {
      alg: header.alg !== alg,
      typ: header.typ !== "JWT",
      kid: header.kid !== id,
      nonce: !/^[0-9a-f]{32}$/.test(header.nonce) || nonces.has(header.nonce),
      iss: said.iss !== "cdp",
      sub: said.sub !== id,
      aud: JSON.stringify(said.aud) !== '["cdp_service"]',
      nbf: !(said.nbf <= now && said.nbf > now - 120),
      exp: said.exp - said.nbf !== 120 || said.exp < now,
      uris: JSON.stringify(said.uris) !== JSON.stringify([`${method} ${target}`]),
    };
    nonces.add(header.nonce);
    return Object.keys(faults).find((name) => faults[name]);
  };
}
