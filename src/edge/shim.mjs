// What Rust calls in JavaScript: each is one call from Wasm instead of many, because a crossing takes longer than what it
// asks for. Texts and numbers cross, and JSON as text.

// Called by sql.rs: runs one SQL statement. Parameters and rows are JSON.
globalThis.__run_sql = (sql, statement, parameters) =>
  JSON.stringify(Array.from(sql.exec(statement, ...JSON.parse(parameters)).raw()));

// Called by shim.rs. `headers` is a JSON list of names and values; of a name in a request, the last value counts. `body` is
// a view of Rust's memory, which changes.
const bodyOf = (bytes) => (bytes.length === 0 ? null : bytes.slice());
export const headersOf = (headers) => {
  const pairs = [];
  // Faster than its iterator, which makes an object for each step.
  headers.forEach((value, name) => pairs.push([name, value]));
  return JSON.stringify(pairs);
};
globalThis.__headers = headersOf;
globalThis.__response = (status, headers, body) => new Response(bodyOf(body), { status, headers: JSON.parse(headers) });
globalThis.__request = (method, url, headers, body) =>
  new Request(url, {
    method,
    headers: Object.fromEntries(JSON.parse(headers)),
    body: bodyOf(body),
    redirect: "manual",
  });

// Called by fetch.rs: one exchange, within a time and a length. `headers` is a JSON list of names and values.
globalThis.__fetch = async (url, headers, body, timeoutMillis, bytesMax) => {
  const said = (head, text = "") => `${JSON.stringify(head)}\n${text}`;
  const abort = new AbortController();
  // Not `AbortSignal.timeout`, which would keep the object from being evicted when the answer is there.
  const timer = setTimeout(() => abort.abort(), timeoutMillis);
  try {
    const method = body === undefined ? "GET" : "POST";
    const response = await fetch(url, {
      method,
      headers: JSON.parse(headers),
      body,
      redirect: "manual",
      signal: abort.signal,
    });
    const { status } = response;
    if ([301, 302, 307, 308].includes(status))
      return said({ kind: "redirected", status }, response.headers.get("location") ?? "");
    const text = await textOf(response, bytesMax);
    return text === undefined ? said({ kind: "tooLong" }) : said({ kind: "answered", status }, text);
  } catch (error) {
    return abort.signal.aborted ? said({ kind: "timeout" }) : said({ kind: "broken" }, String(error));
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
};

/** The body as text, which it must be; nothing if it is too long. */
async function textOf(response, bytesMax) {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const declared = response.headers.get("content-length");
  // A declared length is reliable if nothing is compressed, so the body is read at once instead of in chunks.
  if (declared !== null && Number(declared) <= bytesMax && !response.headers.has("content-encoding"))
    return decoder.decode(await response.arrayBuffer());
  let [text, bytes] = ["", 0];
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

// Called by rpc.rs and calls.rs: other objects, by RPC.
globalThis.__ask = (env, of, name, topic, message) => env[of].getByName(name).ask(topic, message);
globalThis.__call = (env, scope, passed, body) => env.Host.getByName(scope).call(passed, body.slice());

// Called by platform.rs: published records. An absent value is null.
globalThis.__kv = async (env, what, key, value) => (what === "put" ? env.SECRETS.put(key, value) : env.SECRETS[what](key));
globalThis.__kv_list = async (env, prefix, cursor) => {
  const page = await env.SECRETS.list({ prefix, cursor });
  return JSON.stringify([page.keys.map(({ name }) => name), page.list_complete ? null : page.cursor]);
};

// Called by world.rs.
globalThis.__set_alarm = async (storage, at) => storage.setAlarm(new Date(at));

// Called by standards.rs; src/base/standards.rs says what each must answer. The parser is the one that `fetch` uses. Punycode it
// checks only if the host has other characters than ASCII, too.
const PUNYCODE = /^https?:.*xn--/s;
globalThis.__href = (address, base) => {
  const url = URL.parse(address, base);
  if (url === null || (PUNYCODE.test(url.href) && !URL.canParse(`https://\u00fc.${url.hostname}/`))) return undefined;
  return url.href;
};

const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;
const BETWEEN_WORDS = /[^\p{Alphabetic}\p{N}\p{M}]/gu;
globalThis.__folded = (text) => {
  const lower = text.normalize("NFKC").toLowerCase().replaceAll("\u00df", "ss").replaceAll("\u03c2", "\u03c3");
  return lower.normalize("NFKC").replace(IGNORABLE, "").replace(BETWEEN_WORDS, " ");
};

// All but marks, control characters, what is not assigned, and what is white or ignorable.
const INK = /[^\p{M}\p{Cc}\p{Cf}\p{Cn}\p{Z}\p{White_Space}\p{Default_Ignorable_Code_Point}\u{2800}\u{1d159}]/u;
globalThis.__has_ink = (text) => INK.test(text);

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

const nameIn = (format, date) => format.formatToParts(date).find(({ type }) => type === "timeZoneName").value;

globalThis.__zone_spelling = (name) => {
  try {
    // An offset (`+01:00`) is none of the names.
    if (!/^[A-Za-z]/.test(name)) return undefined;
    const known = formatter("en-US", name, "longOffset").resolvedOptions().timeZone;
    // Of an alias (`Asia/Kolkata`) the runtime gives another name.
    return known.toLowerCase() !== name.toLowerCase() && /^[A-Z]/.test(name) ? name : known;
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
    const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)/.exec(nameIn(formatter("en-US", name, "longOffset"), date)) ?? [
      0,
      "+",
      0,
      0,
    ];
    const offset = (sign === "-" ? -60 : 60) * (60 * Number(hours) + Number(minutes));
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
