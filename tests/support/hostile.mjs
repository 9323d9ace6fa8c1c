// A facilitator with scripted faults, in front of the reference one. Real facilitators give the same
// bad answers.
import { setTimeout as sleep } from "node:timers/promises";
import { bodyOf } from "./body.mjs";
import { serve } from "./serve.mjs";

/**
 * `target` is the real facilitator. Push behaviours to `next`, for one request each, give `script` those
 * for one payment, or let `rule` choose by path and body; without any it just passes on.
 */
export async function startHostile(target) {
  const next = [];
  const seen = [];
  const scripts = new Map();
  const hostile = { next, seen, rule: undefined };
  const server = await serve(async (request, response) => {
    const body = await bodyOf(request).catch(() => undefined);
    // The Worker may be killed while it sends the request.
    if (body === undefined) return;
    const path = request.url;
    // Neither counted nor changed: faults concern payments only.
    if (path === "/supported") {
      const said = await fetch(target() + path).then((passed) => passed.text(), () => "");
      response.writeHead(said ? 200 : 502, { "content-type": "application/json" }).end(said);
      return;
    }
    const asked = { path, body: JSON.parse(body || "null") };
    seen.push(asked);
    const forward = () =>
      fetch(target() + path, { method: "POST", headers: { "content-type": "application/json" }, body });
    const answer = (status, value) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(typeof value === "string" ? value : JSON.stringify(value));
    };
    const script = asked.body && scripts.get(`${path} ${nonceOf(asked.body.paymentPayload)}`);
    const behave = script?.shift() ?? next.shift() ?? hostile.rule?.(asked) ?? behaviours.passesOn;
    // The connection may be gone by the time the behaviour answers; the test sees that in its own response.
    await behave({ answer, forward, response, request }).catch(() => request.socket.destroy());
  });
  return Object.assign(hostile, {
    url: server.origin,
    /** What is done with the requests for this payment, one after the other. */
    script: (payment, path, ...behaviours) => scripts.set(`${path} ${nonceOf(payment)}`, behaviours),
    /** How often it was asked about this payment. */
    asked: (payment, path) =>
      seen.filter((one) => one.path === path && nonceOf(one.body.paymentPayload) === nonceOf(payment)).length,
    stop: server.stop,
  });
}

/** What makes a payment the only one of its kind: on Solana, the transaction. */
const nonceOf = ({ payload }) => payload.authorization?.nonce ?? payload.transaction;
const STRANGER = "0x0000000000000000000000000000000000000001";

/** Passes the request on, and changes the answer. */
const passesOnBut = (change) => async ({ forward, answer }) => {
  const passed = await forward().then((answered) => answered.json());
  answer(200, change(passed));
};

export const behaviours = {
  passesOn: async ({ forward, answer }) => {
    const passed = await forward();
    answer(passed.status, await passed.text());
  },
  /** Does what it is asked, but `seconds` later. */
  isLate: (seconds) => async (asked) => {
    await sleep(seconds * 1000);
    await behaviours.passesOn(asked);
  },
  neverAnswers: async () => {},
  /** The money moves, and no answer ever comes. */
  paysAndNeverAnswers: async ({ forward }) => {
    await forward().then((answer) => answer.text());
  },
  /** Carries the request out twice at once, and gives back the answer that comes first. */
  twiceFirstAnswer: async ({ forward, answer }) => {
    const answers = [forward(), forward()].map((sent) => sent.then((passed) => passed.text()));
    answer(200, await Promise.race(answers));
    await Promise.all(answers);
  },
  /** The same, with the answer that comes second. */
  twiceSecondAnswer: async ({ forward, answer }) => {
    const answers = [];
    await Promise.all([forward(), forward()].map(async (sent) => answers.push(await (await sent).text())));
    answer(200, answers[1]);
  },
  /** As a proxy does that repeats a request whose first answer it has lost. */
  onceMore: async ({ forward, answer }) => {
    await forward().then((passed) => passed.text());
    const again = await forward();
    answer(again.status, await again.text());
  },
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
  /** The money moves, and the answer names another payer. */
  paysAndNamesAnother: passesOnBut((passed) => ({ ...passed, payer: STRANGER })),
  paysAndNamesNobody: passesOnBut(({ payer: _, ...passed }) => passed),
  /** The money moves, and the answer does not say in which transaction. */
  paysWithoutTransaction: passesOnBut((passed) => ({ ...passed, transaction: "" })),
  paysAndIsNoJson: passesOnBut(() => "<html>"),
  paysAndIsNoText: async ({ forward, response }) => {
    await forward().then((passed) => passed.text());
    response.writeHead(200, { "content-type": "application/json" });
    response.end(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]));
  },
  paysAndIsTooLong: passesOnBut((passed) => ({ ...passed, padding: "x".repeat(100_000) })),
  /** The money moves, and the answer says that this is not known yet. */
  paysAndIsPending: passesOnBut((passed) => ({ ...passed, success: false, errorReason: "settlement_pending" })),
  /** The money moves, and the connection is cut in the middle of the answer. */
  paysAndBreaksOff: async ({ forward, response, request }) => {
    const whole = await forward().then((passed) => passed.text());
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(whole) });
    response.write(whole.slice(0, whole.length / 2), () => request.socket.destroy());
  },
  cut: async ({ request }) => request.socket.destroy(),
  fails: async ({ answer }) => answer(500, "boom"),
  pending: async ({ answer }) => answer(200, { success: false, errorReason: "settlement_pending", transaction: "" }),
  isNoJson: async ({ answer }) => answer(200, "<html>"),
  saysYesWithoutTransaction: async ({ answer }) => answer(200, { success: true, transaction: "" }),
  refuses: async ({ answer }) => answer(200, { success: false, errorReason: "insufficient_funds", transaction: "" }),
  refusesForNoKnownReason: async ({ answer }) =>
    answer(200, { success: false, errorReason: "unexpected_settle_error", transaction: "" }),
  isInvalid: async ({ answer }) => answer(200, { isValid: false, invalidReason: "invalid_exact_evm_signature" }),
  isValid: async ({ answer }) => answer(200, { isValid: true }),
  isValidForAnother: async ({ answer }) => answer(200, { isValid: true, payer: STRANGER }),
};
