// A guest session over WebSocket, for the terminal and for tests.
import { once } from "node:events";
import { Failure } from "./process.mjs";

const QUIET_MILLIS = 400;
/** The longest that nothing at all may come while something is under way: a settlement has two minutes. */
const SILENCE_MILLIS = 180_000;
/** What ends the waiting for what was sent. A sentence ends with words, also where it has called a tool. */
const ENDS = {
  chat: ["chat", "error"],
  call_tool: ["tool_result", "tool_error", "error"],
  connect_mcp: ["mcp_connected", "error"],
};

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
  let isOver = false;
  // What has begun last, what it waits for, and the questions that nobody has answered yet.
  let begun = "call_tool";
  let ends = [];
  // A question was answered, and what came of the call is not known yet.
  let isAnswered = false;
  const questions = new Set();

  guest.on = (type, listener) => listeners.set(type, [...(listeners.get(type) ?? []), listener]);
  guest.send = (message) => {
    last = Date.now();
    if (message.type in ENDS) {
      if (message.type !== "connect_mcp") begun = message.type;
      ends = ENDS[message.type];
    }
    // The answer to a question sets going again what the question had stopped.
    if (questions.delete(message.confirmationId)) {
      ends = ENDS[begun];
      isAnswered = true;
    }
    socket.send(JSON.stringify(message));
  };
  guest.close = () => socket.close();
  guest.closed = once(socket, "close").then(() => (isOver = true));

  socket.addEventListener("message", ({ data }) => {
    if (data === "pong") return;
    const message = JSON.parse(data);
    last = Date.now();
    guest.messages.push(message);
    const isOutcome = ["tool_result", "tool_error"].includes(message.type);
    if (isOutcome) isAnswered = false;
    // The words of the question may come after a quick answer to it; the words that end come after the outcome.
    if (ends.includes(message.type) && !(isAnswered && message.type === "chat")) ends = [];
    // Another tab may have answered it.
    if (isOutcome) questions.clear();
    if (message.type === "payment_required") questions.add(message.confirmationId);
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
    for (;;) {
      const quiet = Date.now() - last;
      const isWaiting = ends.length > 0 || questions.size > 0;
      if (!isWaiting && quiet >= QUIET_MILLIS) return;
      if (isOver && isWaiting) throw new Failure("the connection to the agent ended; start it again, and look at what was paid before paying anew");
      if (questions.size === 0 && quiet > SILENCE_MILLIS) throw new Failure("the agent has said nothing for three minutes; try again");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", () => reject(new Failure(`no connection to ${url}: see that it runs, and try again`)));
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
