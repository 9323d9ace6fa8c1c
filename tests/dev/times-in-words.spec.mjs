// Times of events in the words of the page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clockIn, eventDate, eventPeriod, fromNow } from "../../web/src/parts/when.ts";

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const AT = "2030-12-14T17:30:00Z";

test("a time is said in the zone of the event, with the year", () => {
  assert.equal(`${eventDate(AT, "Europe/Berlin")}, ${clockIn(AT, "Europe/Berlin")}`, "Sat 14 Dec 2030, 18:30, Berlin\u00a0time");
  assert.equal(`${eventDate(AT, "Asia/Tokyo")}, ${clockIn(AT, "Asia/Tokyo")}`, "Sun 15 Dec 2030, 02:30, Tokyo\u00a0time");
  assert.equal(clockIn(AT, "UTC"), "17:30, UTC");
});

test("the end of an event has its day only if it is another one", () => {
  const zone = "Pacific/Chatham";
  const start = eventPeriod(AT, undefined, zone);
  assert.match(start, /^Sun 15 Dec 2030, 07:15/);
  const rest = start.slice("Sun 15 Dec 2030, 07:15".length);
  assert.equal(eventPeriod(AT, "2030-12-14T19:00:00Z", zone), `Sun 15 Dec 2030, 07:15 – 08:45${rest}`);
  assert.equal(eventPeriod(AT, "2030-12-15T19:00:00Z", zone), `Sun 15 Dec 2030, 07:15 – Mon 16 Dec 2030, 08:45${rest}`);
  assert.equal(eventPeriod(AT, AT, zone), start, "an end that is not after the start is none");
  assert.equal(eventPeriod("soon", undefined, zone), null);
});

test("how far away a time is, in the unit that fits", () => {
  const said = (millis) => fromNow(millis, 0);
  const far = [[5 * MINUTE, "in 5 minutes"], [3 * HOUR, "in 3 hours"], [DAY, "tomorrow"], [13 * DAY, "in 13 days"], [21 * DAY, "in 3 weeks"], [150 * DAY, "in 5 months"], [1100 * DAY, "in 3 years"]];
  for (const [millis, words] of far) assert.equal(said(millis), words);
  assert.equal(said(-2 * HOUR), "2 hours ago");
  assert.equal(said(-DAY), "yesterday");
});
