// A stand-in for an HTTP mail API: takes what Resend's `POST /emails` takes from us and nothing else, honours
// `Idempotency-Key` as it does (the same mail: the same answer; another one, or the first still under way: 409),
// and signs webhooks after Standard Webhooks. What the real API says in its own words was not seen; statuses,
// members and the names of errors are those of its documentation.
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { bodyOf } from "./body.mjs";
import { serve } from "./serve.mjs";

const CONTROL = /[\x00-\x1f\x7f]/;
const ADDRESS = /^[^\s@,;<>"]+@[^\s@,;<>"]+\.[^\s@,;<>"]+$/;

class Refusal extends Error {
  constructor(status, name) {
    super(name);
    this.status = status;
  }
}

/**
 * Starts it. Gives back:
 * - `settings`: what the Worker needs as `vars` and `secrets`.
 * - `next`: what it does with the next requests, one each: "takes" (if none is named), "takes and hangs",
 *   "hangs", or a status with which it refuses.
 * - `requests`: `{key, body, status}` each, without a status as long as there is no answer.
 * - `arrived`: the delivered mails. `codeFor(address)`: the newest code.
 * - `received`: mails that have come in, by id, in the form of `GET /emails/receiving/{id}`.
 * - `webhook(event, changes)`: headers and body of a signed webhook; `changes` replace parts of it afterwards.
 * - `stop()`.
 */
export async function startMailApi({ from = "Events <events@example.org>" } = {}) {
  const apiKey = `re_${randomBytes(12).toString("hex")}`;
  const secret = randomBytes(24);
  const state = { apiKey, from, next: [], requests: [], arrived: [], known: new Map(), received: new Map() };
  const server = await serve((request, response) => void answer(state, request, response));
  const url = `${server.origin}/emails`;
  return {
    ...state,
    settings: {
      vars: { MAIL_FROM: from, MAIL_API_URL: url },
      secrets: { MAIL_API_KEY: apiKey, MAIL_WEBHOOK_SECRET: `whsec_${secret.toString("base64")}` },
    },
    codeFor: (address) => {
      const mail = state.arrived.findLast(({ to }) => to[0] === address);
      return /^(\d{6})$/m.exec(mail?.text)?.[1];
    },
    webhook: (event, changes = {}) => webhook(secret, event, changes),
    stop: server.stop,
  };
}

async function answer(state, request, response) {
  const body = await bodyOf(request).catch(() => undefined);
  if (body === undefined) return;
  const seen = { key: request.headers["idempotency-key"], body };
  state.requests.push(seen);
  const says = state.next.shift() ?? "takes";
  let said;
  try {
    said = says === "hangs" ? undefined : take(state, request, body, says);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    said = [error.status, { statusCode: error.status, name: error.message, message: "refused" }];
  }
  if (said === undefined) return;
  seen.status = said[0];
  response.writeHead(said[0], { "content-type": "application/json" });
  response.end(JSON.stringify(said[1]));
}

function take(state, request, text, says) {
  const { headers, method, url } = request;
  if (method === "GET") return received(state, headers, url);
  if (method !== "POST" || url !== "/emails") throw new Refusal(404, "not_found");
  if (headers.authorization !== `Bearer ${state.apiKey}`) throw new Refusal(401, "missing_api_key");
  if (headers["content-type"] !== "application/json") throw new Refusal(415, "invalid_content_type");
  if (typeof says === "number") throw new Refusal(says, says === 429 ? "rate_limit_exceeded" : "application_error");
  const key = headers["idempotency-key"];
  if (!key || key.length > 256 || CONTROL.test(key)) throw new Refusal(400, "invalid_idempotency_key");
  const known = state.known.get(key);
  if (known !== undefined && known.text !== text) throw new Refusal(409, "invalid_idempotent_request");
  if (known !== undefined) return [200, { id: known.id }];
  const mail = checked(text, state.from);
  const id = randomUUID();
  state.known.set(key, { text, id });
  state.arrived.push(mail);
  return says === "takes and hangs" ? undefined : [200, { id }];
}

/** A mail that has come in, by the id in its webhook. */
function received(state, headers, url) {
  if (headers.authorization !== `Bearer ${state.apiKey}`) throw new Refusal(401, "missing_api_key");
  const mail = state.received.get(/^\/emails\/receiving\/([\w-]+)$/.exec(url)?.[1]);
  if (mail === undefined) throw new Refusal(404, "not_found");
  return [200, mail];
}

function checked(text, sender) {
  const mail = JSON.parse(text);
  const must = (fits) => {
    if (!fits) throw new Refusal(422, "validation_error");
  };
  const { reply_to: replyTo, attachments = [], ...rest } = mail;
  must(Object.keys(rest).sort().join() === "from,headers,subject,tags,text,to");
  must(replyTo === undefined || ADDRESS.test(replyTo));
  for (const { filename, content, content_type: type, ...more } of attachments) {
    must(Object.keys(more).length === 0 && /^[\w.-]+$/.test(filename) && /^text\/calendar;/.test(type));
    must(Buffer.from(content, "base64").toString("base64") === content);
  }
  must(mail.from === sender);
  must(Array.isArray(mail.to) && mail.to.length === 1 && ADDRESS.test(mail.to[0]));
  const lines = [mail.subject, ...Object.values(mail.headers)];
  must(lines.every((line) => typeof line === "string" && line !== "" && !CONTROL.test(line)));
  must(typeof mail.text === "string" && mail.text.trim() !== "");
  must(mail.tags.every(({ name, value, ...rest }) => !Object.keys(rest).length && [name, value].every((word) => /^[\w-]{1,256}$/.test(word))));
  return mail;
}

function webhook(secret, event, { id = `msg_${randomBytes(8).toString("hex")}`, at = Date.now(), key = secret, prefix = "svix", ...changes }) {
  const body = JSON.stringify(event);
  const timestamp = String(Math.floor(at / 1000));
  const mac = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  const headers = {
    "content-type": "application/json",
    [`${prefix}-id`]: id,
    [`${prefix}-timestamp`]: timestamp,
    [`${prefix}-signature`]: `v1,${mac}`,
    ...changes.headers,
  };
  return { method: "POST", headers, body: changes.body ?? body };
}
