// What a host is told to do next.
import assert from "node:assert/strict";
import { test } from "node:test";
import { nextSteps } from "../../web/src/pages/host/events/next-steps.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2026-11-30T12:00:00Z");
const event = (days, more = {}) => ({
  id: `in ${days}`,
  status: "scheduled",
  startsAt: new Date(NOW + days * DAY).toISOString(),
  capacity: 40,
  seatsLeft: 10,
  rsvpCount: 30,
  ...more,
});
const NOTHING = { dollars: "0.00", count: 0 };
const said = (events, drafts = [], owed = NOTHING) =>
  nextSteps(events, drafts, owed, NOW).map((step) => [step.kind, step.event?.id ?? step.owed?.count ?? step.count]);

test("the most urgent three things are said, and nothing that is not to be done", () => {
  const draft = { subject: "Wheelchair access" };
  assert.deepEqual(said([event(5)]), [], "well sold, not full, not near");
  assert.deepEqual(said([]), [["first", undefined]]);
  assert.deepEqual(said([event(-30, { status: "past" }), event(3, { status: "cancelled" })]), [["first", undefined]]);
  const full = event(9, { seatsLeft: 4, rsvpCount: 36 });
  const empty = event(13, { seatsLeft: 30, rsvpCount: 10 });
  const near = event(0.5);
  assert.deepEqual(said([empty, full, near], [draft, draft]), [["today", "in 0.5"], ["drafts", 2], ["nearlyFull", "in 9"]]);
  assert.deepEqual(said([empty, full]), [["nearlyFull", "in 9"], ["share", "in 13"]]);
  // Far away, nobody has to hurry; without a limit of seats only an event that nobody has bought is shared.
  assert.deepEqual(said([event(60, { rsvpCount: 0, seatsLeft: 40 })]), []);
  const unlimited = { seatsLeft: null, capacity: 0 };
  assert.deepEqual(said([event(8, { ...unlimited, rsvpCount: 1 }), event(7, { ...unlimited, rsvpCount: 0 })]), [["share", "in 7"]]);
  assert.equal(nextSteps([empty], [], NOTHING, NOW)[0].days, 13);
  // Who waits for money comes before who waits for an answer.
  const owed = { dollars: "0.10", count: 2 };
  assert.deepEqual(said([near], [draft], owed), [["today", "in 0.5"], ["refunds", 2], ["drafts", 1]]);
});
