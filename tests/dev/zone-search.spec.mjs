// The search for time zones on the host's page: what is typed, and what is found.
import assert from "node:assert/strict";
import { test } from "node:test";
import { meantZone, searchZones, zoneOf } from "../../web/src/pages/host/shared/zone-search.ts";
import { allZones } from "../../web/src/pages/host/shared/zones.ts";

const ZONES = allZones();
/** 2026-12-12, winter in the north. */
const AT = Date.UTC(2026, 11, 12);
const found = (typed) => searchZones(typed, ZONES, AT).map(({ name }) => name);

test("a city is found by its beginning, however it is written", () => {
  for (const typed of ["berl", "Berlin", " BERLIN ", "europe/berl", "europe berl", "berlin europe"]) {
    assert.equal(found(typed)[0], "Europe/Berlin", typed);
  }
  assert.equal(found("sao paulo")[0], "America/Sao_Paulo");
  assert.equal(found("São P")[0], "America/Sao_Paulo");
  assert.equal(found("new york")[0], "America/New_York");
  assert.equal(found("port-au")[0], "America/Port-au-Prince");
});

test("a region offers its cities, and no more than eight at a time", () => {
  const cities = found("europe");
  assert.equal(cities.length, 8);
  assert.ok(cities.every((name) => name.startsWith("Europe/")));
  // A city comes before a region of the same beginning.
  assert.equal(found("ams")[0], "Europe/Amsterdam");
});

test("a zone is found by its distance from UTC", () => {
  for (const typed of ["+5:45", "UTC+5:45", "gmt +05:45"]) {
    const offsets = searchZones(typed, ZONES, AT).map(({ offset }) => offset);
    assert.deepEqual([...new Set(offsets)], ["UTC+5:45"], typed);
  }
  assert.ok(found("-3:30").includes("America/St_Johns"));
});

test("a city that was renamed is found by its name of today", () => {
  for (const [typed, name] of [["kolk", "Asia/Kolkata"], ["kyiv", "Europe/Kyiv"], ["ho chi", "Asia/Ho_Chi_Minh"]]) {
    assert.equal(found(typed)[0], name, typed);
  }
});

test("nothing and nonsense find nothing", () => {
  for (const typed of ["", "  ", "/", "xyzzy", "berlinn", "+99"]) assert.deepEqual(found(typed), [], typed);
});

test("what is left in the field means a zone only if it can mean one alone", () => {
  assert.equal(meantZone("europe/berlin", ZONES, AT), "Europe/Berlin");
  assert.equal(meantZone("berl", ZONES, AT), "Europe/Berlin");
  assert.equal(meantZone("europe", ZONES, AT), null);
  assert.equal(meantZone("xyzzy", ZONES, AT), null);
});

test("a zone is said by its city and its distance", () => {
  assert.deepEqual(zoneOf("Europe/Berlin", AT), { name: "Europe/Berlin", city: "Berlin", region: "Europe", offset: "UTC+1" });
  assert.equal(zoneOf("America/St_Johns", AT).offset, "UTC−3:30");
  assert.deepEqual(zoneOf("UTC", AT), { name: "UTC", city: "UTC", region: "", offset: "UTC" });
  assert.equal(zoneOf("America/Indiana/Knox", AT).city, "Indiana, Knox");
});
