// The test of tests/soak/kill.spec.mjs; `npm test` runs it with one kill at each point.
import { after, before, test } from "node:test";
import { startKillable } from "../support/killable.mjs";
import { POINTS } from "./points.mjs";
import { killRound, startStage } from "./rounds.mjs";
import { atKill, checkRevenue, checkRound, checkTheEnd, states, untilNothingIsOpen } from "./truth.mjs";

const LOG_LINES = 60;

/** `kills` at each point. The same `seed` makes the same crowds and waits, though never the same races. */
export function killing(kills, seed) {
  let stage;
  before(async () => (stage = await startStage(await startKillable(), randomFrom(seed))));
  after(() => stage?.worker.stop());

  test(`killed ${kills} times at each of ${POINTS.length} points under load, seed ${seed}`, async () => {
    const began = Date.now();
    const rounds = [];
    let unchecked = [];
    for (let number = 0; number < kills * POINTS.length; number += 1) {
      const point = POINTS[number % POINTS.length];
      const isLast = number === kills * POINTS.length - 1;
      const hasty = !isLast && stage.random() < 0.5;
      try {
        const round = await killRound(stage, point, number, { hasty, atKill: (killed) => atKill(stage, killed) });
        rounds.push(round);
        unchecked.push(round);
        if (number % 10 === 9) console.log(`# ${number + 1} kills`);
        if (hasty) continue;
        await untilNothingIsOpen(stage);
        for (const settled of unchecked) await checkRound(stage, settled);
        await checkRevenue(stage);
        unchecked = [];
      } catch (error) {
        const where = `seed ${seed}, round ${number} (${point.name})`;
        const log = stage.worker.log().split("\n").filter((line) => !line.includes("200 OK"));
        throw new Error([`${where}: ${error.message}`, ...log.slice(-LOG_LINES)].join("\n"), { cause: error });
      }
    }
    await checkTheEnd(stage);
    for (const point of POINTS) console.log(`# ${lineOf(point, rounds.filter((round) => round.point === point))}`);
    console.log(`# ${rounds.length} kills in ${((Date.now() - began) / 60_000).toFixed(1)} minutes`);
  });
}

function lineOf(point, rounds) {
  const attempts = rounds.flatMap((round) => round.attempts);
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
  const slowest = Math.max(0, ...attempts.map(({ foundAfter }) => foundAfter ?? 0));
  const found = Object.entries(states(attempts.filter(({ role }) => role !== "late")));
  return [
    `${point.name}: ${rounds.length} kills`,
    `${attempts.length} payments`,
    `${sum(rounds.map(({ paid }) => paid))} paid`,
    `at least ${Math.min(...rounds.map(({ inFlight }) => inFlight))} in flight`,
    `the slowest was found out ${slowest.toFixed(1)} s after the start`,
    `at the kill: ${found.map(([state, count]) => `${count} ${state}`).join(", ")}`,
    `not in KV then: ${sum(rounds.map(({ unsent }) => unsent.tickets))} tickets, revenue ${sum(rounds.map(({ unsent }) => unsent.revenue))} times`,
  ].join("; ");
}

/** Numbers from 0 to 1 (mulberry32). */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
