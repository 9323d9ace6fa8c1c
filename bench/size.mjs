// `node bench/size.mjs`: what each part of the Worker's wasm costs. `--report` writes the tables of bench/SIZE.md.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { bindgen, buildWorker, compiledWasm } from "../dev/build.mjs";
import { environment, root, run, runMain } from "../dev/lib/process.mjs";
import { BUNDLE_GZIP_MAX, bundleSize, inKilobytes } from "../dev/lib/size.mjs";
import { readWasm } from "./wasm.mjs";

const OWN = "events_concierge";
const REPORT = join(root, "bench", "SIZE.md");
const BEGINS = "<!-- written by `node bench/size.mjs --report` -->\n";
const ENDS = "<!-- end -->";
/** Parts that cost less are added up. */
const SMALL = 5_000;
/** Printable characters in a row that count as text. */
const TEXT = /[\x20-\x7e\n\t]{16,}/g;

/** What functions do, the first that fits: Rust makes most of these for each type. */
const KINDS = [
  ["drops values", /drop_in_place/],
  ["parses JSON and JavaScript values (`Deserialize`)", /[Dd]eserialize|Visitor|visit_|serde_json::de|(Map|Seq)Access|serde_core::de/],
  ["writes JSON (`Serialize`)", /[Ss]erialize|serde_json::(ser|value::ser)/],
  ["schemas of tools (`schemars`)", /schemars|JsonSchema|json_schema/],
  ["prints for debugging (`Debug`)", /Debug/],
  ["formats texts (`Display`, `core::fmt`)", /Display|core::fmt|fmt::|write_fmt|flt2dec/],
  ["SQL transactions (`atomically`)", /atomically|transaction_sync/],
  ["asynchronous functions and closures", /\{\{closure\}\}|Future>::poll/],
  ["panics", /panic/],
];

/** Whose code a function is, from its name: `a::b::c`, `<a::B as c::D>::e`. Drop code belongs to what is dropped. */
function ownerOf(name) {
  const dropped = /^core::ptr::drop_in_place<(.+)>/.exec(name)?.[1] ?? name;
  const path = dropped.replace(/^[<&\s([]*(?:mut |dyn |\[|&)*/, "").split(/[<>, ]/)[0].replace(/\[[0-9a-f]+\]/g, "").split("::");
  if (path[0] === OWN) return path.length > 1 ? `ours: ${path[1]}` : "ours: the rest";
  if (["core", "alloc", "std", "str", "f64", "char"].includes(path[0])) return "Rust's library";
  return /^[a-z]\w+$/.test(path[0]) ? path[0].replaceAll("_", "-") : "generic, owner unknown";
}

const kindOf = (name) => KINDS.find(([, pattern]) => pattern.test(name))?.[0] ?? "everything else";

/** The sum and the number of functions by what `keyOf` says, the largest first. */
function sums(functions, keyOf) {
  const all = new Map();
  for (const { name, size } of functions) {
    const key = keyOf(name);
    const { bytes, count } = all.get(key) ?? { bytes: 0, count: 0 };
    all.set(key, { bytes: bytes + size, count: count + 1 });
  }
  const sorted = [...all].sort(([, a], [, b]) => b.bytes - a.bytes);
  const large = sorted.filter(([, { bytes }]) => bytes >= SMALL);
  const small = sorted.slice(large.length);
  if (small.length === 0) return large;
  const rest = small.reduce((sum, [, { bytes, count }]) => ({ bytes: sum.bytes + bytes, count: sum.count + count }), { bytes: 0, count: 0 });
  return [...large, [small.length === 1 ? small[0][0] : `${small.length} smaller ones`, rest]];
}

const gzipped = (bytes) => gzipSync(bytes, { level: 9 }).length;

function tables(functions, data, sections) {
  const code = functions.reduce((sum, { size }) => sum + size, 0);
  const share = (bytes) => `${((100 * bytes) / code).toFixed(1)} %`;
  const table = (title, keyOf) => [
    `| ${title} | functions | kB | of the code |`,
    "|---|---|---|---|",
    ...sums(functions, keyOf).map(([name, { bytes, count }]) => `| ${name} | ${count} | ${(bytes / 1000).toFixed(1)} | ${share(bytes)} |`),
    "",
  ];
  const { bytes, gzipped: total } = bundleSize();
  const all = Buffer.concat(data);
  const text = all.toString("latin1").match(TEXT).join("");
  const paths = text.match(/[\w./-]{1,120}\.rs/g).join("");
  const other = sections.filter(({ name }) => !["code", "data", "custom: name"].includes(name)).reduce((sum, { size }) => sum + size, 0);
  return [
    `The bundle is ${inKilobytes(bytes)}, ${inKilobytes(total)} gzipped; at most ${inKilobytes(BUNDLE_GZIP_MAX)} are allowed.`,
    "",
    "| section | kB | gzipped by itself |",
    "|---|---|---|",
    `| code | ${(code / 1000).toFixed(1)} | ${inKilobytes(total - gzipped(all))} (what data leaves of the whole) |`,
    `| data | ${(all.length / 1000).toFixed(1)} | ${inKilobytes(gzipped(all))} |`,
    `| of it text: SQL, descriptions, messages, pages | ${(text.length / 1000).toFixed(1)} | ${inKilobytes(gzipped(text))} |`,
    `| of that paths of source files, for panics | ${(paths.length / 1000).toFixed(1)} | ${inKilobytes(gzipped(paths))} |`,
    `| imports, exports, types, tables | ${(other / 1000).toFixed(1)} | |`,
    "",
    ...table("code of", ownerOf),
    ...table("code that", kindOf),
  ].join("\n");
}

async function main(args) {
  const { report } = parseArgs({ args, options: { report: { type: "boolean" } } }).values;
  await buildWorker();
  const folder = join(root, ".dev", "named");
  rmSync(folder, { recursive: true, force: true });
  await run(bindgen, [compiledWasm("release"), folder], { env: { ...environment(), KEEP_NAMES: "1" } });
  const { functions, data, sections } = readWasm(readFileSync(join(folder, "index_bg.wasm")));
  const text = tables(functions, data, sections);
  if (!report) return console.log(text);
  const [before, rest] = readFileSync(REPORT, "utf8").split(BEGINS);
  writeFileSync(REPORT, `${before}${BEGINS}\n${text}\n${ENDS}${rest.split(ENDS)[1]}`);
}

await runMain(import.meta.url, main);
