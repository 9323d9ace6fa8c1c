// What is measured. A scenario has a request for each contestant and its goals: `share` of the floor, `peer` times the
// best peer.
import { encode } from "../tests/support/pay.mjs";

export const LEGACY = { "mcp-protocol-version": "2025-11-25" };
const MODERN = "2026-07-28";
const OK = 200;
const UNPAID = [OK, 402];
export const SEAT_AT_PEER = { name: "rsvpToEvent", arguments: { eventId: "one" } };

/** A request as bytes go over the wire. */
export function http(path, body, headers = {}) {
  const text = body === undefined ? "" : JSON.stringify(body);
  const all = { host: "localhost", accept: "application/json, text/event-stream", ...(text && { "content-type": "application/json" }), ...headers };
  const lines = Object.entries({ ...all, "content-length": Buffer.byteLength(text) }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${body === undefined ? "GET" : "POST"} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${text}`;
}

export const call = (method, params) => ({ jsonrpc: "2.0", id: 1, method, params });
const legacy = (path, method, params = {}) => http(path, call(method, params), LEGACY);

function modern(path, method, params = {}) {
  const meta = { "io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}, "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1" } };
  return http(path, call(method, { ...params, _meta: meta }), { "mcp-protocol-version": MODERN, "mcp-method": method });
}

const mcp = ({ server }) => `/mcp/users/${server.scope}`;
const floor = () => one(http("/", call("tools/list", {})), '"ok":true');
const peer = (method, params, says = '"result"', status = OK) => one(legacy("/mcp", method, params), says, status);
const initialize = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "bench", version: "1" } };
/** `says`: what an answer contains that is none of a failure. */
const one = (request, says, status = OK) => ({ requests: [request], status, says });

/** Scenarios whose requests can be sent as often as one likes. */
export function scenarios(hosts) {
  const { few } = hosts;
  const seat = { name: "rsvpToEvent", arguments: { eventId: few.event.id } };
  const lists = Object.values(hosts).filter(({ seats }) => !seats);
  return [
    { name: "tools-list", goals: { share: 1.2, peer: 3 }, floor: floor(), peer: peer("tools/list"), ours: one(legacy(mcp(few), "tools/list"), "rsvpToEvent") },
    { name: "tools-list-modern", goals: { share: 1.2 }, floor: floor(), ours: one(modern(mcp(few), "tools/list"), "rsvpToEvent") },
    { name: "discover", goals: { share: 1.2 }, floor: floor(), ours: one(modern(mcp(few), "server/discover"), "supportedVersions") },
    { name: "initialize", goals: { share: 1.2, peer: 3 }, floor: floor(), peer: peer("initialize", initialize), ours: one(legacy(mcp(few), "initialize", initialize), "serverInfo") },
    {
      name: "get-event",
      goals: { share: 0.6 },
      floor: floor(),
      peer: peer("tools/call", { name: "getEvent", arguments: { eventId: "one" } }),
      ours: one(legacy(mcp(few), "tools/call", { name: "getEvent", arguments: { eventId: few.event.id } }), "seatsLeft"),
    },
    ...lists.map((host) => ({
      name: `list-events-${host.events}`,
      goals: { share: 0.8 },
      floor: one(http(`/list?object=${host.events}`), "seatsLeft"),
      ours: one(legacy(mcp(host), "tools/call", { name: "listEvents", arguments: {} }), "seatsLeft"),
    })),
    {
      name: "unpaid-rsvp",
      goals: { share: 0.55, peer: 3.5 },
      floor: floor(),
      peer: peer("tools/call", SEAT_AT_PEER, "accepts", UNPAID),
      ours: one(legacy(mcp(few), "tools/call", seat), "accepts", UNPAID),
    },
  ];
}

/** The paid calls: every request has a payment of its own, so it is sent once. `payments`: by contestant. */
export function paid(name, host, payments) {
  const asked = { name: "rsvpToEvent", arguments: { eventId: host.event.id } };
  return {
    name,
    floor: { requests: payments.floor.map((payment) => http("/paid", { paymentPayload: payment })), status: OK, says: "transaction" },
    ...(payments.peer && {
      peer: {
        requests: payments.peer.map((payment) => legacy("/mcp", "tools/call", { ...SEAT_AT_PEER, _meta: { "x402/payment": encode(payment) } })),
        status: OK,
        says: "x402/payment-response",
      },
    }),
    ours: {
      requests: payments.ours.map((payment) => legacy(mcp(host), "tools/call", { ...asked, _meta: { "x402/payment": payment } })),
      status: OK,
      says: "ticketUrl",
    },
  };
}
