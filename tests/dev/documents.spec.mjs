// The documents: every link leads somewhere, and every command and older word in them is one that there is.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { COMMANDS } from "../../dev/lib/commands.mjs";
import { root } from "../../dev/lib/process.mjs";

const markdownIn = (folder, recursive) =>
  readdirSync(path.join(root, folder), { recursive })
    .filter((name) => name.endsWith(".md"))
    .map((name) => path.join(folder, name));
const pages = [...markdownIn("", false), ...markdownIn("docs", true), "src/ARCHITECTURE.md", "tests/README.md"];
const read = (page) => readFileSync(path.join(root, page), "utf8");

/** The text without its blocks of code. */
const prose = (text) => text.replaceAll(/^```[^]*?^```$/gm, "");

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsIn(text) {
  const headings = [...prose(text).matchAll(/^#{1,6} +(.+)$/gm)].map(([, title]) => title.toLowerCase());
  return headings.map((title) => title.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-"));
}

/** What the page's relative links point to; addresses of rustdoc (`module::item`) are cargo's to check. */
function linksIn(text) {
  const plain = prose(text).replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]]/g, " "));
  const targets = [...plain.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target) && !target.includes("::"));
}

/** Why a link leads nowhere; undefined if it does not. */
function faultOf(page, target) {
  const [place, anchor] = target.split("#");
  const file = place === "" ? page : path.join(path.dirname(page), place);
  if (!existsSync(path.join(root, file))) return "there is no such file";
  if (anchor === undefined) return undefined;
  if (!statSync(path.join(root, file)).isFile()) return "a folder has no anchors";
  return anchorsIn(read(file)).includes(anchor) ? undefined : "there is no such heading";
}

test("every link in the documents leads somewhere", () => {
  const links = pages.flatMap((page) => linksIn(read(page)).map((target) => ({ page, target, fault: faultOf(page, target) })));
  assert.ok(links.length >= 80, `only ${links.length} links were found`);
  assert.deepEqual(
    links.filter(({ fault }) => fault !== undefined),
    [],
  );
});

test("a link that leads nowhere is seen", () => {
  assert.equal(faultOf("README.md", "docs/nowhere.md"), "there is no such file");
  assert.equal(faultOf("README.md", "docs/connect.md#nowhere"), "there is no such heading");
  assert.equal(faultOf("docs/rest.md", "../README.md#connect-a-client"), undefined);
  assert.deepEqual(linksIn("[a](b.md#c) `[x](y)` [d](https://e.example) [f](g::h)\n```\n[i](j)\n```\n"), ["b.md#c"]);
});

/** The files that a page names in backticks: `sale/flow.rs`, `{a,b}.rs`, `schema*.sql`; of `file::test` the file. */
function filesIn(text) {
  const named = [...text.matchAll(/`([\w./*{},-]+\.(?:rs|sql|mjs|tsx?|snap))(?:::[^`]*)?`/g)].map(([, name]) => name);
  const spelled = (name) => {
    const [, before, choices, after] = /^(.*?)\{([^}]*)\}(.*)$/.exec(name) ?? [];
    return choices === undefined ? [name] : choices.split(",").flatMap((choice) => spelled(before + choice + after));
  };
  return named.flatMap(spelled).filter((name) => !/^\*|-N\.|^make-/.test(name));
}

/** Whether the repository has a file of this path, under the root, `src/` or `tests/`; a name without a folder may stand anywhere in these. */
function isThere(name) {
  const pattern = new RegExp(`^${name.replaceAll(".", "\\.").replaceAll("*", "[^/]*")}$`);
  return sources.some((file) => pattern.test(name.includes("/") ? file : path.basename(file)) || pattern.test(file.replace(/^(?:src|tests)\//, "")));
}
const sources = ["src", "tests", "web/src", "dev"].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true }).map((name) => path.join(folder, name)),
);

test("every source file that the documents name is there", () => {
  // That page makes files; add-a-product.spec.mjs applies it.
  const named = pages.filter((page) => page !== "docs/add-a-product.md").flatMap((page) => filesIn(read(page)).map((name) => ({ page, name })));
  assert.ok(named.length >= 200, `only ${named.length} files are named`);
  assert.deepEqual(
    named.filter(({ name }) => !isThere(name)),
    [],
  );
  assert.deepEqual(filesIn("`src/sale/{flow,lock}.rs` `npm test` `src/base/id.rs::a test` `x/*.sql`"), ["src/sale/flow.rs", "src/sale/lock.rs", "src/base/id.rs", "x/*.sql"]);
  assert.deepEqual([isThere("sale/flow.rs"), isThere("flow.rs"), isThere("host/flow.rs"), isThere("nowhere.rs")], [true, true, false, false]);
});

test("every page of docs/ is reached from the README", () => {
  const reached = new Set(["README.md"]);
  for (const page of reached) {
    if (!page.endsWith(".md") || !existsSync(path.join(root, page))) continue;
    for (const target of linksIn(read(page))) reached.add(path.join(path.dirname(page), target.split("#")[0] || path.basename(page)));
  }
  assert.deepEqual(
    pages.filter((page) => page.startsWith("docs/") && !reached.has(page)),
    [],
  );
});

test("every command in the documents is one that there is", () => {
  const { scripts } = JSON.parse(read("package.json"));
  const named = pages.flatMap((page) => [...read(page).matchAll(/\bnpm (?:run ([\w-]+)|(start|test)\b)/g)].map(([, run, short]) => ({ page, name: run ?? short })));
  assert.ok(named.length >= 50, `only ${named.length} commands were found`);
  assert.deepEqual(
    named.filter(({ name }) => scripts[name] === undefined),
    [],
  );
  // And the page of commands has them all.
  const listed = [...read("docs/commands.md").matchAll(/^\| `npm (?:run )?([\w-]+)/gm)].map(([, name]) => name);
  assert.deepEqual([...listed].sort(), Object.keys(scripts).sort());
  assert.deepEqual(
    Object.keys(COMMANDS).filter((name) => !listed.includes(name)),
    [],
  );
});

test("the README is one screen", () => {
  assert.ok(read("README.md").trimEnd().split("\n").length <= 60);
});
