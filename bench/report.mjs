// The report: a table of all scenarios, bars of the shares, and a line for each goal.
const BAR = 40;

export const isMet = ({ value, goal, isAtMost }) => (isAtMost ? value <= goal : value >= goal);

export const goalLine = (one) => `ratio ${one.name} ${number(one.value)} goal ${one.goal} ${isMet(one) ? "met" : "missed"}`;

/** The goals that are missed without a heading in bench/MISSED.md. */
export function unexplained(goals, document) {
  const explained = document.split("\n").filter((line) => line.startsWith("## ")).flatMap((line) => line.slice(3).split(", "));
  return goals.filter((one) => !isMet(one) && !explained.includes(one.name)).map(({ name }) => name);
}

const number = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(2));

/** The whole report, as Markdown. */
export function report({ scenarios, goals, statements }, { size, seconds }) {
  const lines = [
    "# Speed and size, beside a floor and a peer",
    "",
    "Written by `npm run bench -- --report`. One workerd runs all three, in turns; the figures are medians of three repeats, and",
    "only ratios of one run mean anything on another machine. The *floor* is a bare JavaScript Worker and object that do the",
    "least that a scenario needs (`bench/floor`). The *peer* has the same tools on npm `agents` (`bench/peer`). The facilitator",
    "and the chain answer at once (`bench/outside.mjs`).",
    "",
    `The run took ${(seconds / 60).toFixed(1)} minutes${size.isShort ? ", in its short form" : ""}; objects were ${size.isOnDisk ? "on disk" : "in memory"}.`,
    "",
    "## Goals",
    "",
    "```text",
    ...goals.map(goalLine),
    "```",
    "",
    "Why goals are missed, and what it would take: [MISSED.md](MISSED.md).",
    "",
    "## Share of the floor, 16 at a time",
    "",
    "```text",
    ...scenarios.filter(({ connections }) => connections === 16).flatMap(bars),
    "```",
    "",
    "## All figures",
    "",
    "| scenario | at a time | who | calls/s | share | p50 ms | p99 ms | CPU ms |",
    "|---|---|---|---|---|---|---|---|",
    ...scenarios.flatMap(rows),
    "",
  ];
  if (statements.length > 0) {
    lines.push("## SQL statements of a call", "", "| call | statements |", "|---|---|");
    lines.push(...statements.map(({ name, count }) => `| ${name} | ${count} |`), "");
  }
  return lines.join("\n");
}

function bars({ name, found }) {
  return Object.entries(found)
    .filter(([who]) => who !== "floor")
    .map(([who, { rate }]) => {
      const share = rate / found.floor.rate;
      return `${name.padEnd(24)} ${who.padEnd(5)} ${share.toFixed(2)} ${"█".repeat(Math.min(BAR, Math.round(share * BAR)))}`;
    });
}

const rows = ({ name, connections, found }) =>
  Object.entries(found).map(
    ([who, { rate, p50, p99, cpu }]) =>
      `| ${name} | ${connections} | ${who} | ${rate.toFixed(0)} | ${(rate / found.floor.rate).toFixed(2)} | ${p50.toFixed(1)} | ${p99.toFixed(1)} | ${cpu.toFixed(2)} |`,
  );
