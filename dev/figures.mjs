// `npm run figures`: the figures of a house that is easy to keep, each beside its goal. A figure is counted from the
// sources by the rule that stands with it here, never by hand.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blocksIn, linesAdded } from "./lib/blocks.mjs";
import { Failure, parseOptions, root, runMain } from "./lib/process.mjs";
import { BUNDLE_GZIP_MAX, bundleSize, isReleaseBuilt } from "./lib/size.mjs";
import { circles, functions, imports, sources, upward } from "./lib/source.mjs";
import { notInSources, turningBack, wayIn } from "./lib/way.mjs";

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;
const DOC_WORDS_MIN = 4;

const read = (path) => readFileSync(join(root, path), "utf8");

/** All figures: `{name, value, goal, isMet, where}`. `where` names what is counted. */
export function figures() {
  const files = sources();
  const graph = imports(files);
  return [
    atMost("files-for-a-paid-tool", 2, filesForAPaidTool(files)),
    ...forAProduct(),
    ...ofAPaidCall(files),
    atMost("imports-upward", 0, upward(graph, layers())),
    atMost("modules-in-circles", 0, circles(graph)),
    atMost("methods-on-host", 25, methodsOnHost(files)),
    ...COPIES.map(({ name, isIn }) => atMost(`copies-of-${name}`, 1, files.filter(isIn).map(({ path }) => path))),
    atMost("files-over-400-lines", 0, longFiles(files)),
    atMost("functions-over-70-lines", 0, longFunctions(files)),
    atMost("doc-lines-of-3-words", 0, shortDocLines(files)),
    ...wasm(),
  ];
}

const atMost = (name, goal, where) => ({ name, value: where.length, goal, isMet: where.length <= goal, where });

/** The files of a product that name every one of its paid tools: a further one has to be named there too. The most of all products. */
function filesForAPaidTool(files) {
  const of = (product) => {
    const own = files.filter(({ path }) => path.startsWith(`src/products/${product}/`));
    const { code } = own.find(({ path }) => path.endsWith("/tools.rs"));
    const paid = [...code.matchAll(/^const (\w+): ToolSpec = ToolSpec \{[^]*?^\};/gm)].filter(([spec]) => spec.includes("Access::Paid"));
    const variants = paid.map(([, constant]) => new RegExp(`Self::(\\w+) => &${constant}\\b`).exec(code)[1]);
    const names = (file, variant) => new RegExp(`\\b(?:Tool|Self)::${variant}\\b`).test(file.code);
    return own.filter((file) => variants.every((variant) => names(file, variant))).map(({ path }) => path);
  };
  return products()
    .map(of)
    .reduce((most, one) => (one.length > most.length ? one : most));
}

const products = () => [...read("src/products/mod.rs").matchAll(/^pub mod (\w+);/gm)].map(([, name]) => name);

/** What docs/add-a-product.md touches outside of the product's folder; a test applies that page and runs it. */
function forAProduct() {
  const { additions } = blocksIn(read("docs/add-a-product.md"));
  const touched = [...new Set(additions.map(({ path }) => path))].filter((path) => path.startsWith("src/"));
  const storage = touched.filter((path) => /^src\/(ledger|host\/backup)\//.test(path));
  const kernel = touched.filter((path) => !storage.includes(path));
  const lines = kernel.flatMap((path) => Array(linesAdded(additions, path)).fill(path));
  return [atMost("files-for-a-product", 2, kernel), atMost("lines-for-a-product", 3, lines), atMost("files-for-its-storage", 2, storage)];
}

/** The calls from module to module of a paid call, from entry to answer, as src/ARCHITECTURE.md lists them. */
function ofAPaidCall(files) {
  const way = wayIn(read("src/ARCHITECTURE.md"));
  const shown = (hops) => hops.map(({ from, to }) => `${from} > ${to}`);
  return [
    atMost("hops-of-a-paid-call", 26, shown(way)),
    atMost("hops-that-turn-back", 3, shown(turningBack(way, layers()))),
    atMost("hops-not-in-the-sources", 0, notInSources(way, files)),
  ];
}

/** The order of tests/it/layers.rs. */
function layers() {
  const [, list] = /const LAYERS: \[&str; \d+\] = \[([^\]]+)\]/.exec(read("tests/it/layers.rs"));
  return [...list.matchAll(/"(\w+)"/g)].map(([, name]) => name);
}

/** Functions in the blocks `impl<W: World> Host<W>`. */
function methodsOnHost(files) {
  const blocks = files.flatMap(({ text }) => [...text.matchAll(/^impl<W: World> Host<W> \{$[^]*?^\}$/gm)]);
  return blocks.flatMap(([block]) => functions(block).map(({ name }) => name));
}

/** What there should be once, and how a file shows that it does it. */
const COPIES = [
  // A file that makes or reads cursors has a type for them.
  { name: "paging", isIn: ({ code }) => /\b(?:struct|enum) \w*Cursor\b/.test(code) },
  // A file that decides that an authorization can no longer be used knows how long a chain may take.
  { name: "the-fate-of-an-authorization", isIn: ({ code }) => /\benum \w+(?:<[^>{]*>)? \{[^}]*\bRanOut\b/.test(code) },
  // A file that builds a request to an object names a host that only objects have.
  { name: "calls-between-objects", isIn: ({ path, text }) => path.startsWith("src/edge/") && /"https:\/\/[^"]*\.internal/.test(text) },
  // A file that doubles a wait.
  {
    name: "back-off",
    isIn: ({ code }) => /\bsaturating_pow\(|\bchecked_shl\(|1(?:_\w+)? << (?!\d)|\b(?:pause|wait|delay)\.saturating_mul\(2\)/.test(code),
  },
];

const longFiles = (files) => files.filter(({ text }) => text.trimEnd().split("\n").length > FILE_LINES_MAX).map(({ path }) => path);

const longFunctions = (files) =>
  files.flatMap(({ path, text }) => functions(text).filter(({ lines }) => lines > FUNCTION_LINES_MAX).map(({ name }) => `${path} ${name}`));

/** Doc lines that say as little as a name: a whole comment of one line. Headings and the last line of a longer comment are not counted. */
function shortDocLines(files) {
  return files.flatMap(({ path, text }) => {
    const lines = text.split("\n").map((line) => /^\s*\/\/[/!](?: (.*))?$/.exec(line)?.[1] ?? (/^\s*\/\/[/!]$/.test(line) ? "" : undefined));
    const isShort = (line, index) =>
      line !== undefined && line !== "" && !line.startsWith("#") && lines[index - 1] === undefined && lines[index + 1] === undefined && line.split(/\s+/).length < DOC_WORDS_MIN;
    return lines.flatMap((line, index) => (isShort(line, index) ? [`${path}:${index + 1}`] : []));
  });
}

/** Bytes of the built Worker, gzipped; nothing if no release is built. */
function wasm() {
  if (!isReleaseBuilt()) return [];
  const [goal, value] = [BUNDLE_GZIP_MAX, bundleSize().gzipped];
  return [{ name: "wasm-gzip-bytes", value, goal, isMet: value <= goal, where: [] }];
}

async function main(args) {
  const options = { where: { type: "string" } };
  const { where } = parseOptions("figures", { args, options }).values;
  const all = figures();
  if (where !== undefined) {
    const figure = all.find(({ name }) => name === where);
    if (figure === undefined) throw new Failure(`there is no figure ${where}: ${all.map(({ name }) => name).join(", ")}`);
    for (const line of figure.where) console.log(line);
    return;
  }
  for (const { name, value, goal, isMet } of all) console.log(`figure ${name} ${value} goal ${goal} ${isMet ? "met" : "missed"}`);
}

await runMain(import.meta.url, main);
