// The Worker's entry: passes every event to the Rust code. With shim.mjs, which Rust calls, it is all JavaScript that there
// is. Two things cannot be done in Rust:
//  - the runtime gives an object's storage and RPC only to a class that `extends DurableObject`;
//  - a Rust panic kills the Wasm instance. JavaScript then ends the requests in flight (at once, with a 500) and
//    starts a new instance.
import { DurableObject } from "cloudflare:workers";
import * as rust from "../../build/index.js";
import { headersOf } from "./shim.mjs";

// `criticalError`: the instance is lost. `instanceId`: changes with every new instance.
const state = rust.__worker_init_state();
// One function per call in flight; it fails the call.
const inFlight = new Set();

// The longest mail that is read (RAW_BYTES_MAX in src/mail/inbound).
const MAIL_BYTES_MAX = 5_242_880;
const MAIL_TOO_LONG = "This mail is longer than 5 MB. Please send it again with smaller files, or without them.";

// Retry delay of an alarm that has failed.
const ALARM_AGAIN_MILLIS = 60_000;

function instanceLost(error) {
  state.criticalError = true;
  for (const fail of inFlight) fail(error);
  inFlight.clear();
  // A microtask runs before any callback of the lost instance, whose pointers are invalid in the next instance.
  queueMicrotask(ensureInstance);
}

// Called by panic.rs.
globalThis.__on_rust_panic = (message) => instanceLost(new Error(message));

// Traps other than panics, for example an exhausted stack.
addEventListener("error", ({ error }) => {
  if (error instanceof WebAssembly.RuntimeError) instanceLost(error);
});

function ensureInstance() {
  if (!state.criticalError) return;
  rust.__wbg_reset_state();
  state.criticalError = false;
}

async function guarded(call) {
  const lost = Promise.withResolvers();
  inFlight.add(lost.reject);
  try {
    return await Promise.race([call(), lost.promise]);
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) instanceLost(error);
    throw error;
  } finally {
    inFlight.delete(lost.reject);
  }
}

/** The same for a call that mostly has its answer at once. */
function guardedAtOnce(call) {
  try {
    const answer = call();
    return answer instanceof Promise ? guarded(() => answer) : answer;
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) instanceLost(error);
    throw error;
  }
}

// A request whose whole body is soon here.
const SHORT_BYTES = 65_536;
// Not by its `body`: a stream takes long to make.
const isShort = ({ method, headers }) => method === "POST" && Number(headers.get("content-length") || NaN) <= SHORT_BYTES;

// The first line of a text is JSON.
function headAndRest(text) {
  const end = text.indexOf("\n");
  return [JSON.parse(text.slice(0, end)), text.slice(end + 1)];
}

// A request's address is in normal form and has no fragment. `new URL` would take longer than the rest of a short answer.
function pathOf(url) {
  const start = url.indexOf("/", "https://".length);
  const end = url.indexOf("?", start);
  return end < 0 ? url.slice(start) : url.slice(start, end);
}

/** A short request, which most calls of agents are (calls.rs): the gateway answers it, or says which host's object does. */
async function short(request, env, ctx) {
  const body = new Uint8Array(await request.arrayBuffer());
  const headers = headersOf(request.headers);
  ensureInstance();
  const said = guardedAtOnce(() => rust.__gate(pathOf(request.url), headers, body, env));
  if (said === undefined) {
    const again = new Request(request, { method: "POST", body });
    return guarded(() => rust.fetch(again, env, ctx));
  }
  const [head, rest] = headAndRest(said);
  return head.scope === undefined ? new Response(rest || null, head) : atHost(env, head.scope, rest, body);
}

async function atHost(env, scope, passed, body) {
  let answer;
  try {
    answer = await env.Host.getByName(scope).call(passed, body);
  } catch (error) {
    ensureInstance();
    answer = guardedAtOnce(() => rust.__no_answer(passed, body, String(error)));
  }
  const [head, rest] = headAndRest(answer);
  if (head.known !== undefined) {
    ensureInstance();
    rust.__keep(scope, JSON.stringify(head.known));
  }
  return new Response(rest || null, head);
}

/** The runtime's side of the `#[durable_object] struct` of this name. */
function durableObject(name) {
  return class extends DurableObject {
    #object;
    #instanceId;

    constructor(ctx, env) {
      super(ctx, env);
      this.#current();
    }

    // Only an object's storage survives a panic. A new Rust object is then created over it.
    #current() {
      ensureInstance();
      if (this.#instanceId !== state.instanceId) {
        this.#object = new rust[name](this.ctx, this.env);
        this.#instanceId = state.instanceId;
      }
      return this.#object;
    }

    #call(method, ...args) {
      return guarded(() => this.#current()[method](...args));
    }

    fetch(request) {
      return this.#call("fetch", request);
    }

    // By RPC, which no caller outside has. A host's object answers calls; those of payees, budgets and directories messages.
    call(passed, body) {
      return guardedAtOnce(() => this.#current().call(passed, body));
    }

    ask(topic, message) {
      return guardedAtOnce(() => this.#current().ask(topic, message));
    }

    // The runtime gives up an alarm that fails repeatedly, and the object's work would stay open. The Rust code never
    // fails. After any other failure, for example a lost instance, the alarm is set again here.
    async alarm() {
      try {
        await this.#call("alarm");
      } catch (error) {
        console.error(
          JSON.stringify({
            message: "an alarm failed",
            object: name,
            why: String(error),
          }),
        );
        await this.ctx.storage.setAlarm(Date.now() + ALARM_AGAIN_MILLIS);
      }
    }

    webSocketMessage(socket, message) {
      return this.#call("webSocketMessage", socket, message);
    }

    webSocketClose(socket, code, reason, wasClean) {
      return this.#call("webSocketClose", socket, code, reason, wasClean);
    }

    webSocketError(socket, error) {
      return this.#call("webSocketError", socket, error);
    }
  };
}

export const Host = durableObject("Host");
export const Payee = durableObject("Payee");
export const Relayer = durableObject("Relayer");
export const Guest = durableObject("Guest");
export const Budget = durableObject("Budget");
export const Directory = durableObject("Directory");
export const Market = durableObject("Market");

export default {
  fetch(request, env, ctx) {
    if (isShort(request)) return short(request, env, ctx);
    return guarded(() => {
      ensureInstance();
      return rust.fetch(request, env, ctx);
    });
  },

  // A mail to an address that is routed to this Worker. An error makes the sender's server try again.
  async email(message, env) {
    if (message.rawSize > MAIL_BYTES_MAX) return message.setReject(MAIL_TOO_LONG);
    const raw = new Uint8Array(await new Response(message.raw).arrayBuffer());
    const refused = await guarded(() => {
      ensureInstance();
      return rust.__mail_in(message.from, message.to, raw, env);
    });
    if (refused !== undefined) message.setReject(refused);
  },

  // A failed run is not retried: the next run does the same work.
  async scheduled(event, env, ctx) {
    try {
      await guarded(() => {
        ensureInstance();
        return rust.scheduled(event, env, ctx);
      });
    } catch (error) {
      console.error(JSON.stringify({ message: "the cron failed", why: String(error) }));
    }
  },
};
