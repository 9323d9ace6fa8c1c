// The code of a document that a program can apply. A block whose first line is a comment with a path is that whole
// file. One whose first line is `// add to <path> after "<text>"` is inserted in a file that exists, after the last line
// that contains the text.

const FENCED = /^```(?:rust|sql)\n(?:\/\/|--) ([^\n]+)\n([^]*?)^```$/gm;
const ADDS = /^add to (\S+) after "(.+)"$/;
const PATH = /^[\w-]+(?:\/[\w.-]+)+$/;

/** `{files, additions}` of a document, in its order: `{path, text}` and `{path, after, text}` each. */
export function blocksIn(document) {
  const blocks = [...document.matchAll(FENCED)].map(([, title, text]) => ({ title, text }));
  const files = blocks.filter(({ title }) => PATH.test(title)).map(({ title, text }) => ({ path: title, text }));
  const additions = blocks.flatMap(({ title, text }) => {
    const [, path, after] = ADDS.exec(title) ?? [];
    return path === undefined ? [] : [{ path, after, text }];
  });
  return { files, additions };
}

/** A file with an addition; fails if no line contains the text that it follows. */
export function withAddition(source, { path, after, text }) {
  const lines = source.split("\n");
  const last = lines.findLastIndex((line) => line.includes(after));
  if (last < 0) throw new Error(`${path} has no line with ${after}`);
  lines.splice(last + 1, 0, ...text.trimEnd().split("\n"));
  return lines.join("\n");
}

/** The lines that additions insert in one file. */
export const linesAdded = (additions, path) =>
  additions.filter((one) => one.path === path).reduce((sum, { text }) => sum + text.trimEnd().split("\n").length, 0);
