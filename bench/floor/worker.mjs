// The floor: what a Worker and an object cost in JavaScript that do the least that a scenario needs. No protocol, no checks.
import { DurableObject } from "cloudflare:workers";

const PAGE = 50;
const json = (value, status = 200) => Response.json(value, { status });

export class Floor extends DurableObject {
  #facilitator;

  constructor(ctx, env) {
    super(ctx, env);
    this.#facilitator = env.FACILITATOR_URL;
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS rows (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT");
    this.ctx.storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, title TEXT NOT NULL, description TEXT NOT NULL, starts_at INTEGER NOT NULL,
        time_zone TEXT NOT NULL, location TEXT, capacity INTEGER NOT NULL, price INTEGER NOT NULL) STRICT`,
    );
    this.ctx.storage.sql.exec("CREATE INDEX IF NOT EXISTS by_start ON events (starts_at, id)");
  }

  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/ws") return this.#socket();
    const body = await request.text();
    if (pathname === "/fill") return this.#fill(Number(searchParams.get("events")));
    if (pathname === "/list") return this.#list();
    if (pathname === "/paid") return this.#paid(JSON.parse(body));
    return json({ ok: true, bytes: body.length });
  }

  #fill(events) {
    const sql = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
      INSERT OR IGNORE INTO events SELECT printf('evt_%024x', i), 'Event ' || i, 'A description of some words', 1900000000 + i * 60,
      'Europe/Berlin', 'Berlin', 50, 50000 FROM n`;
    this.ctx.storage.sql.exec(sql, events);
    return json({ events });
  }

  /** The page that a list of events shows, in the order and with the cursor of ours. */
  #list() {
    const rows = this.ctx.storage.sql.exec("SELECT * FROM events WHERE starts_at > ? ORDER BY starts_at, id LIMIT ?", 1_800_000_000, PAGE + 1).toArray();
    const events = rows.slice(0, PAGE).map((row) => ({ ...row, startsAt: new Date(row.starts_at * 1000).toISOString(), seatsLeft: row.capacity }));
    return json({ events, nextCursor: rows.length > PAGE ? rows[PAGE].id : undefined });
  }

  /** The requests of a paid call: what the chain says of the payer, verify, settle; and one row. */
  async #paid(payment) {
    const ask = (path) => {
      const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(payment) };
      return fetch(this.#facilitator + path, init).then((answer) => answer.json());
    };
    const { isValid } = await ask("/verify");
    const { success, transaction } = isValid ? await ask("/settle") : {};
    if (!success) return json({ error: "refused" }, 402);
    this.ctx.storage.sql.exec("INSERT INTO rows VALUES (?, ?)", crypto.randomUUID(), JSON.stringify(payment));
    return json({ transaction });
  }

  #socket() {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** A message makes the request that a guest's call makes: to another object of this Worker. */
  async webSocketMessage(socket, message) {
    const stub = this.env.FLOOR.get(this.env.FLOOR.idFromName("server"));
    const answer = await stub.fetch("https://floor.internal/", { method: "POST", body: message });
    socket.send(JSON.stringify({ type: "tool_result", result: await answer.json() }));
  }
}

export default {
  async fetch(request, env) {
    const { searchParams } = new URL(request.url);
    return env.FLOOR.get(env.FLOOR.idFromName(searchParams.get("object") ?? "one")).fetch(request);
  },
};
