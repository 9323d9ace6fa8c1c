// A facilitator that does as it is told, in front of the reference one. Its bad answers are those
// that real ones give.
import { createServer } from "node:http";

/** `target` is the real facilitator. Push behaviours to `next`; without any it just passes on. */
export async function startHostile(target) {
  const next = [];
  const seen = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString("utf8");
    const path = request.url;
    seen.push({ path, body: JSON.parse(body || "null") });
    const forward = () =>
      fetch(target() + path, { method: "POST", headers: { "content-type": "application/json" }, body });
    const answer = (status, value) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(typeof value === "string" ? value : JSON.stringify(value));
    };
    const behave = next.shift();
    if (behave) return behave({ answer, forward, response, request });
    const passed = await forward();
    answer(passed.status, await passed.text());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${server.address().port}`, next, seen, stop };
}

export const behaviours = {
  /** The money moves, and the connection is cut before the answer. */
  paysAndIsCut: async ({ forward, request }) => {
    await forward().then((answer) => answer.text());
    request.socket.destroy();
  },
  /** The money moves, and the answer is a 500. */
  paysAndFails: async ({ forward, answer }) => {
    await forward().then((passed) => passed.text());
    answer(500, { error: "boom" });
  },
  /** The money moves, and the answer names somebody else. */
  paysAndNamesAnother: async ({ forward, answer }) => {
    const passed = await forward().then((settled) => settled.json());
    answer(200, { ...passed, payer: "0x0000000000000000000000000000000000000001" });
  },
  cut: async ({ request }) => request.socket.destroy(),
  fails: async ({ answer }) => answer(500, "boom"),
  pending: async ({ answer }) => answer(200, { success: false, errorReason: "settlement_pending", transaction: "" }),
  isNoJson: async ({ answer }) => answer(200, "<html>"),
  saysYesWithoutTransaction: async ({ answer }) => answer(200, { success: true, transaction: "" }),
  refuses: async ({ answer }) => answer(200, { success: false, errorReason: "insufficient_funds", transaction: "" }),
};
