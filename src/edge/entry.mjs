// The Worker's entry and its only JavaScript: passes every event to the Rust code. Two things cannot be done in Rust, and
// what `globalThis` gets below is faster here, in one call from Rust instead of many:
//  - the runtime gives an object's storage and RPC only to a class that `extends DurableObject`;
//  - a Rust panic kills the Wasm instance. JavaScript then ends the requests in flight (at once, with a 500) and
//    starts a new instance.
import { DurableObject } from "cloudflare:workers";
import * as rust from "../../build/index.js";

// `criticalError`: the instance is lost. `instanceId`: changes with every new instance.
const state = rust.__worker_init_state();
// One function per call in flight; it fails the call.
const inFlight = new Set();

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

// Called by sql.rs: runs one SQL statement. Parameters and rows are JSON.
globalThis.__run_sql = (sql, statement, parameters) =>
  JSON.stringify(
    Array.from(sql.exec(statement, ...JSON.parse(parameters)).raw()),
  );

// Called by shim.rs. `headers` is a JSON list of names and values; of a name in a request, the last value counts. `body` is
// a view of Rust's memory, which changes.
const bodyOf = (bytes) => (bytes.length === 0 ? null : bytes.slice());
const headersOf = (headers) => {
  const pairs = [];
  // Faster than its iterator, which makes an object for each step.
  headers.forEach((value, name) => pairs.push([name, value]));
  return JSON.stringify(pairs);
};
globalThis.__headers = headersOf;
globalThis.__response = (status, headers, body) =>
  new Response(bodyOf(body), { status, headers: JSON.parse(headers) });
globalThis.__request = (method, url, headers, body) =>
  new Request(url, {
    method,
    headers: Object.fromEntries(JSON.parse(headers)),
    body: bodyOf(body),
    redirect: "manual",
  });

// Called by zones.rs. A formatter takes long to make and much memory, so few are kept, and what they have said.
const ZONES_MAX = 16;
const zones = new Map();
const LOCALS_MAX = 256;
const locals = new Map();
// Each locale has abbreviations for the zones of its own countries only.
const LOCALES = ["en-GB", "en-US", "en-AU", "en-IN", "en-ZA"];

function formatter(locale, timeZone, timeZoneName) {
  const key = `${locale} ${timeZone} ${timeZoneName}`;
  if (!zones.has(key)) {
    if (zones.size >= ZONES_MAX) zones.clear();
    zones.set(key, new Intl.DateTimeFormat(locale, { timeZone, timeZoneName }));
  }
  return zones.get(key);
}

const nameIn = (format, date) =>
  format.formatToParts(date).find(({ type }) => type === "timeZoneName").value;

globalThis.__zone_spelling = (name) => {
  try {
    // An offset (`+01:00`) is none of the names.
    if (!/^[A-Za-z]/.test(name)) return undefined;
    const known = formatter("en-US", name, "longOffset").resolvedOptions()
      .timeZone;
    // Of an alias (`Asia/Kolkata`) the runtime gives another name.
    return known.toLowerCase() !== name.toLowerCase() && /^[A-Z]/.test(name)
      ? name
      : known;
  } catch {
    return undefined;
  }
};

globalThis.__zone_at = (name, moment) => {
  const key = `${name} ${moment}`;
  if (!locals.has(key)) {
    if (locals.size >= LOCALS_MAX) locals.clear();
    locals.set(key, localAt(name, moment));
  }
  return locals.get(key);
};

function localAt(name, moment) {
  try {
    const date = new Date(moment);
    const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)/.exec(
      nameIn(formatter("en-US", name, "longOffset"), date),
    ) ?? [0, "+", 0, 0];
    const offset =
      (sign === "-" ? -60 : 60) * (60 * Number(hours) + Number(minutes));
    let abbreviation = "";
    for (const locale of LOCALES) {
      abbreviation = nameIn(formatter(locale, name, "short"), date);
      if (!/^GMT[+-]/.test(abbreviation)) break;
    }
    return JSON.stringify([offset, abbreviation]);
  } catch {
    return undefined;
  }
}

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
const isShort = ({ method, headers }) =>
  method === "POST" &&
  Number(headers.get("content-length") || NaN) <= SHORT_BYTES;

// The first line of a text is JSON.
function headAndRest(text) {
  const end = text.indexOf("\n");
  return [JSON.parse(text.slice(0, end)), text.slice(end + 1)];
}

/** A short request, which most calls of agents are (calls.rs): the gateway answers it, or says which host's object does. */
async function short(request, env, ctx) {
  const body = new Uint8Array(await request.arrayBuffer());
  const headers = headersOf(request.headers);
  ensureInstance();
  const said = guardedAtOnce(() =>
    rust.__gate(request.url, headers, body, env),
  );
  if (said === undefined)
    return guarded(() => rust.fetch(new Request(request, { body }), env, ctx));
  const [head, rest] = headAndRest(said);
  return head.scope === undefined
    ? new Response(rest || null, head)
    : atHost(env, head.scope, rest, body);
}

async function atHost(env, scope, passed, body) {
  let answer;
  try {
    answer = await env.Host.getByName(scope).call(passed, body);
  } catch (error) {
    ensureInstance();
    answer = guardedAtOnce(() => rust.__no_answer(passed, String(error)));
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

    // By RPC, which no caller outside has. Only a host's object has it.
    call(passed, body) {
      return guardedAtOnce(() => this.#current().call(passed, body));
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

export default {
  fetch(request, env, ctx) {
    if (isShort(request)) return short(request, env, ctx);
    return guarded(() => {
      ensureInstance();
      return rust.fetch(request, env, ctx);
    });
  },

  // A failed run is not retried: the next run does the same work.
  async scheduled(event, env, ctx) {
    try {
      await guarded(() => {
        ensureInstance();
        return rust.scheduled(event, env, ctx);
      });
    } catch (error) {
      console.error(
        JSON.stringify({ message: "the cron failed", why: String(error) }),
      );
    }
  },
};
