// What the navigation of a host has.
import assert from "node:assert/strict";
import { test } from "node:test";
import { entriesOf } from "../../web/src/pages/host/entries.ts";

const idsOf = (more) => entriesOf({ products: [], hasEvents: false, onSale: 0, drafts: 0, ...more }).map(({ id }) => id);
const ALWAYS = ["home", "revenue", "payments", "connect", "credentials", "settings"];

test("only what is on for the host is there", () => {
  assert.deepEqual(idsOf({ products: ["desk"] }), ["home", "revenue", "payments", "desk", "connect", "credentials", "settings"]);
  assert.deepEqual(idsOf({ products: ["events", "vault"] }), ["home", "events", "guests", "revenue", "payments", "secrets", "connect", "credentials", "settings"]);
  assert.deepEqual(idsOf({}), ALWAYS);
});

test("guests of events that are sold no more are still let in", () => {
  assert.deepEqual(idsOf({ products: ["vault"], hasEvents: true }).slice(0, 3), ["home", "events", "guests"]);
});

test("the bar of a phone has at most four and the button for the rest", () => {
  const bar = entriesOf({ products: ["events", "vault", "desk"], hasEvents: true, onSale: 2, drafts: 3 }).filter(({ onPhone }) => onPhone);
  assert.deepEqual(bar.map(({ onPhone }) => onPhone.name), ["Home", "Events", "Check in", "Desk"]);
  assert.deepEqual(bar.find(({ id }) => id === "desk").waits, { count: 3, words: "wait for your OK", isUrgent: true });
});
