// Reads the Rust sources as text: files, functions, imports. What it counts is counted from the form of the code, so it
// needs no compiler.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./process.mjs";

const TESTS = "#[cfg(test)]\nmod tests {";

/** All files of src/ but tests: `{path, module, text, code}`; `code` is without comments and without the tests at its end. */
export function sources() {
  const names = readdirSync(join(root, "src"), { recursive: true }).filter((name) => name.endsWith(".rs"));
  const files = names.filter((name) => !/(^|\/)(tests\/|tests\.rs$|page_types\.rs$)/.test(name)).sort();
  return files.map((name) => {
    const text = readFileSync(join(root, "src", name), "utf8").split(TESTS)[0];
    const module = name.slice(0, -".rs".length).replaceAll("/", "::").replace(/::mod$/, "");
    return { path: `src/${name}`, module, text, code: text.replaceAll(/\/\/[^\n]*/g, "") };
  });
}

/** All paths of a `use` tree: `a::{b, c::d}` gives `a::b` and `a::c::d`. */
export function expand(tree) {
  const start = tree.indexOf("{");
  if (start < 0) return [tree.split(" as ")[0].trim()].filter(Boolean);
  const parts = [""];
  let depth = 0;
  for (const c of tree.slice(start + 1, tree.lastIndexOf("}"))) {
    if (c === "{") depth += 1;
    if (c === "}") depth -= 1;
    if (c === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += c;
  }
  const prefix = tree.slice(0, start).trim();
  return parts.filter((part) => part.trim()).flatMap((part) => expand(prefix + part.trim()));
}

/** The modules that each module imports, as a map of sets; paths in expressions count too. */
export function imports(files) {
  const known = new Set(files.map(({ module }) => module));
  const named = (parts) => {
    for (let length = parts.length; length > 0; length -= 1) {
      const name = parts.slice(0, length).join("::");
      if (known.has(name)) return name;
    }
    return undefined;
  };
  const resolve = (path, module) => {
    const parts = path.split("::").map((part) => part.trim());
    if (parts[0] === "crate") return named(parts.slice(1));
    if (parts[0] === "self") return named([...module.split("::"), ...parts.slice(1)]);
    const ups = parts.findIndex((part) => part !== "super");
    return ups > 0 ? named([...module.split("::").slice(0, -ups), ...parts.slice(ups)]) : undefined;
  };
  const used = ({ module, code }) => {
    const trees = [...code.matchAll(/\buse\s+((?:crate|super|self)\b[^;]*);/g)].map(([, tree]) => tree.replaceAll(/\s+/g, " "));
    const inline = code.replaceAll(/\buse\s+[^;]*;/g, "").match(/\b(?:crate|super)(?:::\w+)+/g) ?? [];
    const found = [...trees.flatMap(expand), ...inline].map((path) => resolve(path, module));
    return new Set(found.filter((name) => name !== undefined && name !== module));
  };
  return new Map(files.map((file) => [file.module, used(file)]));
}

/** The modules that reach themselves. */
export function circles(graph) {
  const reaches = (from, goal, seen) =>
    [...(graph.get(from) ?? [])].some((next) => next === goal || (!seen.has(next) && reaches(next, goal, seen.add(next))));
  return [...graph.keys()].filter((module) => reaches(module, module, new Set()));
}

/** Imports that go from a lower layer to a higher one, `from > to`. `layers`: names, the lowest first. */
export function upward(graph, layers) {
  const layer = (module) => {
    const place = layers.indexOf(module.split("::")[0]);
    return place < 0 ? layers.length : place;
  };
  return [...graph].flatMap(([from, used]) => [...used].filter((to) => layer(to) > layer(from)).map((to) => `${from} > ${to}`));
}

/** The functions of a formatted file: `{name, lines}`. Lines of the body count, without comments and empty lines, as clippy counts them. */
export function functions(text) {
  const lines = text.split("\n");
  return lines.flatMap((line, first) => {
    const [, indent, name] = /^( *)(?:pub(?:\([\w: ]+\))? )?(?:const )?(?:async )?fn (\w+)/.exec(line) ?? [];
    if (name === undefined) return [];
    if (/[;}]$/.test(line)) return [{ name, lines: 1 }];
    const isEnd = (other) => other === `${indent}}` || (other.startsWith(`${indent})`) && other.endsWith(";"));
    const own = lines.slice(first, first + lines.slice(first).findIndex(isEnd));
    const body = own.slice(own.findIndex((other) => other.endsWith("{")) + 1);
    return [{ name, lines: body.filter((other) => !/^\s*(\/\/|$)/.test(other)).length }];
  });
}
