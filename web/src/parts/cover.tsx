// A cover drawn from a seed, such as the id of an event: always the same for the same seed. No file, no request.

const PALETTES = [
  ["#0a3b31", "#0f6b57", "#3f9d84", "#bfe3d5", "#f2b84b", "#f6f1e3"],
  ["#221f4d", "#4a3f8f", "#e8663d", "#f8b98a", "#ffd76a", "#fdf0e2"],
  ["#0a2f4a", "#13649a", "#4fa9d8", "#c5e6f5", "#ff9068", "#f5f8f7"],
  ["#4b1d16", "#a13f26", "#dd7a54", "#f3c9a5", "#2f6f73", "#faf1e4"],
  ["#32123a", "#6f2a72", "#c2588f", "#f2bccd", "#ffcc66", "#fdf2f1"],
  ["#222e17", "#4d6328", "#8ea04f", "#dde3b4", "#e08a3c", "#f8f5e6"],
  ["#14181d", "#2c3742", "#5f7486", "#cbd5dc", "#ff6f59", "#f3f2ee"],
  ["#4a2f06", "#c07a12", "#efab3c", "#fbdf9c", "#1f6f66", "#fdf7e6"],
] as const;

const CELL = 20;

/** `columns` × `rows` cells of discs, halves and quarters. Decoration. */
export function Cover({ seed, columns = 4, rows = 4 }: { seed: string; columns?: number; rows?: number }) {
  const hash = hashOf(seed);
  const palette = PALETTES[hash & 7] ?? PALETTES[0];
  const random = xorshift(hash);
  const cells = Array.from({ length: columns * rows }, (_, place) => {
    const x = (place % columns) * CELL;
    const y = Math.floor(place / columns) * CELL;
    // Neighbours have different grounds: the ground follows from the place.
    const ground = palette[((place % columns) + 2 * Math.floor(place / columns) + (hash >>> 3)) % 4] ?? "";
    const others = palette.filter((colour) => colour !== ground);
    const ink = others[random() % others.length] ?? "";
    return { x, y, ground, ink, shape: random() % 5, turn: random() % 4 };
  });
  return (
    <svg
      className="cover"
      viewBox={`0 0 ${columns * CELL} ${rows * CELL}`}
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      {cells.map(({ x, y, ground, ink, shape, turn }) => (
        <g key={`${x} ${y}`} transform={`translate(${x} ${y}) rotate(${turn * 90} ${CELL / 2} ${CELL / 2})`}>
          <rect width={CELL} height={CELL} fill={ground} />
          <path d={SHAPES[shape]} fill={ink} />
        </g>
      ))}
    </svg>
  );
}

/** A quarter of a disc, half of one, a small one, a ring's quarter, a large quarter. */
const SHAPES = [
  "M0 0h20a20 20 0 0 1-20 20z",
  "M0 10a10 10 0 0 1 20 0z",
  "M10 4a6 6 0 1 1 0 12 6 6 0 0 1 0-12z",
  "M0 0h14a14 14 0 0 1-14 14zM0 6a6 6 0 0 0 6-6z",
  "M0 20a20 20 0 0 1 20-20v20z",
] as const;

// FNV-1a, 32 bits.
function hashOf(seed: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(seed)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

function xorshift(seed: number): () => number {
  let state = seed || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
