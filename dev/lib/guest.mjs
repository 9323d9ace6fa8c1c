// A guest session over WebSocket, for the terminal and for tests.
import { once } from "node:events";

const QUIET_MILLIS = 400;

/**
 * Opens a session, or resumes one with `?session=…&token=…` in `url`. `account` signs what it is asked to
 * sign. Gives back:
 * - `welcome`, `messages`: everything that came.
 * - `send(message)`, `on(type, listener)`, `close()`, `closed`.
 * - `next(type, matches)`: the next message of a type (or of one of several) that was not taken yet, for at most `seconds`.
 * - `rest()`: waits until nothing is under way any more: the last word is said and no question is open.
 */
export async function openGuest(url, { account, seconds = 60, headers } = {}) {
  const socket = new WebSocket(url, headers ? { headers } : undefined);
  const listeners = new Map();
  const guest = { messages: [], socket };
  const waiting = new Set();
  let last = Date.now();
  let busy = 0;

  guest.on = (type, listener) => listeners.set(type, [...(listeners.get(type) ?? []), listener]);
  guest.send = (message) => {
    last = Date.now();
    if (["chat", "call_tool", "connect_mcp"].includes(message.type)) busy += 1;
    socket.send(JSON.stringify(message));
  };
  guest.close = () => socket.close();
  guest.closed = once(socket, "close");

  socket.addEventListener("message", ({ data }) => {
    if (data === "pong") return;
    const message = JSON.parse(data);
    last = Date.now();
    guest.messages.push(message);
    if (["chat", "tool_result", "tool_error", "error", "mcp_connected"].includes(message.type)) busy = 0;
    if (message.type === "payment_required") busy = 1;
    if (message.type === "sign_request" && account) sign(guest, account, message);
    for (const listener of listeners.get(message.type) ?? []) listener(message);
    for (const wait of waiting) wait();
  });

  const taken = new Set();
  guest.next = (type, matches = () => true, limit = seconds) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish(reject, new Error(`no ${[type].flat().join(" or ")} within ${limit} s; came: ${tell(guest.messages)}`)), limit * 1000);
      const finish = (how, value) => {
        clearTimeout(timer);
        waiting.delete(look);
        how(value);
      };
      const look = () => {
        const found = guest.messages.find((message) => [type].flat().includes(message.type) && !taken.has(message) && matches(message));
        if (!found) return;
        taken.add(found);
        finish(resolve, found);
      };
      waiting.add(look);
      look();
    });
  guest.rest = async () => {
    while (busy > 0 || Date.now() - last < QUIET_MILLIS) await new Promise((resolve) => setTimeout(resolve, 50));
  };

  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", () => reject(new Error(`no connection to ${url}`)));
  });
  guest.welcome = await guest.next("welcome");
  return guest;
}

async function sign(guest, account, { requestId, typedData }) {
  const { EIP712Domain: _, ...types } = typedData.types;
  const signature = await account.signTypedData({ ...typedData, types });
  guest.send({ type: "signature", requestId, signature });
}

const tell = (messages) => messages.slice(-8).map((message) => JSON.stringify(message).slice(0, 200)).join("\n");
