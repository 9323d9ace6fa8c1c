// A proxy between a guest session and one of our servers, so that the session connects over the network.
import { bodyOf } from "./body.mjs";
import { serve } from "./serve.mjs";

/**
 * Stands before the server at `target`. What it does can be changed at any time:
 * - `drops`: so many answers to payments are lost.
 * - `hold`: a promise that answers to payments wait for.
 * - `isAway`: every connection breaks.
 *
 * `nonces` are those of all payments that came, `url()` is its address.
 */
export async function startHop(target) {
  const { origin, pathname } = new URL(target);
  const one = { drops: 0, nonces: [], hold: undefined, isAway: false };
  const server = await serve(async (request, response) => {
    if (one.isAway) return request.socket.destroy();
    const body = await bodyOf(request);
    const payment = body && JSON.parse(body).params?._meta?.["x402/payment"];
    const { host: _, connection: __, ...headers } = request.headers;
    const answer = await fetch(origin + request.url, { method: request.method, headers, body: body || undefined });
    const text = await answer.text();
    if (payment) one.nonces.push(payment.payload.authorization.nonce);
    if (payment && one.hold) await one.hold;
    if (payment && one.drops > 0) {
      one.drops -= 1;
      return request.socket.destroy();
    }
    const passed = [...answer.headers].filter(([name]) => !["content-encoding", "content-length", "transfer-encoding"].includes(name));
    response.writeHead(answer.status, Object.fromEntries(passed));
    response.end(text);
  });
  one.url = () => `${server.origin}${pathname}`;
  one.stop = server.stop;
  return one;
}
