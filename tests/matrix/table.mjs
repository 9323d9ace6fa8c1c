// The table of docs/clients.md: made from the rows, the lists of packages and what each client did.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "../../dev/lib/process.mjs";
import { ROWS } from "./rows.mjs";

const page = path.join(root, "docs/clients.md");
const [START, END] = ["<!-- written by `npm run matrix` -->\n", "<!-- end -->\n"];
const read = (file) => readFileSync(path.join(root, file), "utf8");

/** The version of a row's client in the list of packages that it is installed from; undefined for commands of the machine. */
export function versionOf({ name, at }) {
  if (at === undefined) return undefined;
  const version = VERSIONS[at](name);
  if (!/^\d+(\.\d+)+$/.test(version ?? "")) throw new Error(`${at} does not fix a version of ${name}`);
  return version;
}

const VERSIONS = {
  root: (name) => JSON.parse(read("package.json")).devDependencies[name],
  npm: (name) => JSON.parse(read("tests/matrix/npm/package.json")).dependencies[name],
  mcp1: (name) => frozen("mcp1", name),
  mcp2: (name) => frozen("mcp2", name),
  rust: (name) => new RegExp(`^${name} = .*"=([\\d.]+)"`, "m").exec(read("tests/matrix/rust/Cargo.toml"))?.[1],
};
const frozen = (list, name) => new RegExp(`^${name}==(\\S+)$`, "m").exec(read(`tests/matrix/python/${list}.txt`))?.[1];

/** What a row's result should be. */
export const expected = ({ fault }) => (fault ? `does not pay; the fault is ${fault.whose}` : "pays");

/** A row as people name it. */
export const titleOf = (row) => [`\`${row.name}\``, versionOf(row)].filter(Boolean).join(" ") + (row.mode ? `, ${row.mode}` : "");

/** The table, where `resultOf(row)` says what each client did. */
export function tableOf(resultOf) {
  const lines = ROWS.map((row) => `| ${row.language} | ${titleOf(row)} | ${row.speaks} | ${row.by} | ${resultOf(row)} |`);
  return ["| | client | speaks | who pays | result |", "|---|---|---|---|---|", ...lines, ""].join("\n");
}

/** The table that the document has. */
export function committedTable() {
  const text = readFileSync(page, "utf8");
  return text.slice(text.indexOf(START) + START.length, text.indexOf(END));
}

/** Writes the table into the document. */
export function writeTable(table) {
  const text = readFileSync(page, "utf8");
  writeFileSync(page, text.slice(0, text.indexOf(START) + START.length) + table + text.slice(text.indexOf(END)));
}
