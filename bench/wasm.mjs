// Reads what a wasm file consists of: functions with their names, and data. No package does less than this.
const IMPORT = 2;
const CODE = 10;
const DATA = 11;
const CUSTOM = 0;
const SECTIONS = ["custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "datacount", "tag"];
const FUNCTION_NAMES = 1;

/**
 * `sections`: name and bytes of each. `functions`: name and bytes of each body, those without a name in the file as `?`.
 * `data`: the bytes of each segment. https://webassembly.github.io/spec/core/binary/modules.html
 */
export function readWasm(bytes) {
  const reader = new Reader(bytes, 8);
  const found = { sections: [], functions: [], data: [] };
  const names = new Map();
  let imported = 0;
  while (!reader.isAtEnd()) {
    const id = reader.byte();
    const size = reader.number();
    const section = reader.part(size);
    let name = SECTIONS[id] ?? "unknown";
    if (id === IMPORT) imported = importedFunctions(section);
    if (id === CODE) found.functions = section.list(() => section.sized().length);
    if (id === DATA) found.data = section.list(() => segment(section));
    if (id === CUSTOM) {
      name = `custom: ${section.text()}`;
      if (name === "custom: name") readNames(section, names);
    }
    found.sections.push({ name, size });
  }
  found.functions = found.functions.map((size, index) => ({ name: names.get(imported + index) ?? "?", size }));
  return found;
}

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  isAtEnd() {
    return this.at >= this.bytes.length;
  }

  byte() {
    return this.bytes[this.at++];
  }

  /** LEB128. */
  number() {
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  part(size) {
    this.at += size;
    return new Reader(this.bytes.subarray(this.at - size, this.at));
  }

  sized() {
    return this.part(this.number()).bytes;
  }

  text() {
    return new TextDecoder().decode(this.sized());
  }

  list(read) {
    return Array.from({ length: this.number() }, read);
  }
}

function importedFunctions(section) {
  const kinds = section.list(() => {
    section.sized();
    section.sized();
    const kind = section.byte();
    // A function has a type; a table a type and limits; a memory limits; a global a type and whether it changes.
    if (kind === 0) section.number();
    if (kind === 1) section.byte();
    if (kind === 1 || kind === 2) for (let left = section.number() & 1 ? 2 : 1; left > 0; left--) section.number();
    if (kind === 3) section.part(2);
    if (kind === 4) section.part(1), section.number();
    return kind;
  });
  return kinds.filter((kind) => kind === 0).length;
}

/** Of a segment its bytes. What stands before them is its place: `i32.const`, a number, `end`. */
function segment(section) {
  const kind = section.number();
  if (kind === 2) section.number();
  if (kind !== 1) section.byte(), section.number(), section.byte();
  return section.sized();
}

function readNames(section, names) {
  while (!section.isAtEnd()) {
    const kind = section.byte();
    const part = section.part(section.number());
    if (kind === FUNCTION_NAMES) part.list(() => names.set(part.number(), part.text()));
  }
}
