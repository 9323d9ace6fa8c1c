// Finding a time zone by its city, its region or its distance from UTC. Pure but for what the browser knows of zones.

export type Zone = {
  /** The IANA name: `Europe/Berlin`. */
  name: string;
  /** `Berlin`, `Port-au-Prince`, `Indiana, Knox` */
  city: string;
  /** `Europe`; empty for UTC. */
  region: string;
  /** From UTC at a moment: `UTC+1`, `UTC−3:30`, `UTC`. */
  offset: string;
};

/** How many zones are offered at a time. */
export const OFFERED = 8;

/** The zone with this IANA name, as it is at `at` (milliseconds). */
export function zoneOf(name: string, at: number): Zone {
  const [region = "", ...places] = name.split("/");
  const isOne = places.length === 0;
  const city = (isOne ? region : places.join(", ")).replaceAll("_", " ");
  return { name, city, region: isOne ? "" : region, offset: offsetText(name, at) };
}

/** The zones that fit the typed words, the best first: those whose city begins with them, then those with a word that does. */
export function searchZones(typed: string, names: readonly string[], at: number): Zone[] {
  const words = plainOf(typed).split(" ").filter(Boolean);
  if (words.length === 0) return [];
  const found = names
    .map((name) => ({ name, rank: rankOf(words, plainOf(name)) }))
    .filter(({ rank }) => rank > 0)
    .toSorted((a, b) => b.rank - a.rank || (a.name < b.name ? -1 : 1))
    .slice(0, OFFERED)
    .map(({ name }) => zoneOf(name, at));
  if (found.length > 0 || !/^(utc|gmt)?[+-]/.test(words.join(""))) return found;
  // By distance, which has to be asked for each zone, so only if no name fits.
  const distance = words
    .join("")
    .replace(/^(utc|gmt)/, "")
    .replace(/^([+-])0(\d)/, "$1$2");
  const wanted = `UTC${distance.replace("-", "−").replace(/:00$/, "")}`;
  const zones = names.map((name) => zoneOf(name, at));
  return zones.filter(({ offset }) => offset === wanted).slice(0, OFFERED);
}

/** The zone that is meant by typed words without a choice: the name itself, or the only one that fits. */
export function meantZone(typed: string, names: readonly string[], at: number): string | null {
  const plain = plainOf(typed);
  const same = names.find((name) => plainOf(name) === plain);
  if (same !== undefined) return same;
  const found = searchZones(typed, names, at);
  const [only] = found;
  return found.length === 1 && only ? only.name : null;
}

/** 0: does not fit. Each word must begin a word of the name. */
function rankOf(words: readonly string[], name: string): number {
  const parts = name.split(" ");
  if (!words.every((word) => parts.some((part) => part.startsWith(word)))) return 0;
  const phrase = words.join(" ");
  const city = parts.slice(1).join(" ");
  if (name === phrase) return 4;
  if (city === phrase) return 3;
  return city.startsWith(phrase) ? 2 : 1;
}

/** Without accents, in small letters, with spaces for what stands between words. */
function plainOf(text: string): string {
  return text
    .normalize("NFD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[\s_/,]+/g, " ")
    .trim();
}

function offsetText(zone: string, at: number): string {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    timeZoneName: "shortOffset",
  }).formatToParts(at);
  const text = parts.find(({ type }) => type === "timeZoneName")?.value ?? "UTC";
  return text
    .replace("GMT", "UTC")
    .replace("-", "−")
    .replace(/^UTC.0$/, "UTC");
}
