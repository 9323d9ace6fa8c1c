// The way of a paid call as src/ARCHITECTURE.md tells it: a block of lines `module function, function`, each indented
// below the module that calls it.

const BLOCK = /^```text\n(edge\/calls gate\n[^]*?)^```$/m;

/** `{from, to, calls}` for each line but the first: two modules, and what the first calls in the second. */
export function wayIn(document) {
  const above = [];
  return BLOCK.exec(document)[1].trimEnd().split("\n").flatMap((line) => {
    const [, indent, module, names] = /^( *)(\S+) (.+)$/.exec(line);
    const depth = indent.length / 2;
    above.splice(depth, above.length, module);
    return depth === 0 ? [] : [{ from: above[depth - 1], to: module, calls: names.split(", ") }];
  });
}

/** The calls of a way that the sources do not have: the callee has no such function, or the caller does not call it. */
export function notInSources(way, files) {
  // A module is its file and the files of its parts.
  const codeOf = (module) => {
    const own = new RegExp(`^src/${module}(?:/mod)?\\.rs$|^src/${module}/[^/]+\\.rs$`);
    return files.filter(({ path }) => own.test(path)).map(({ code }) => code).join("\n");
  };
  const has = (code, name) => new RegExp(`\\bfn ${name}\\b|\\blet ${name} = \\|`).test(code);
  // A request to another object is `fetch_with_request`.
  const does = (code, name) => new RegExp(`(?<!fn )\\b${name}(?:_with_request)?\\(`).test(code);
  return way.flatMap(({ from, to, calls }) =>
    calls.filter((name) => !has(codeOf(to), name) || !does(codeOf(from), name)).map((name) => `${from} > ${to} ${name}`),
  );
}

/** The lines in which a module calls one of a higher layer. `layers`: names, the lowest first. */
export function turningBack(way, layers) {
  const layer = (module) => {
    const place = layers.indexOf(module.split("/")[0]);
    return place < 0 ? layers.length : place;
  };
  return way.filter(({ from, to }) => layer(to) > layer(from));
}
