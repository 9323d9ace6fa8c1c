// The values of the event form, and the event or changes that they describe. Pure.
import type { Ask, EventView, OwnEvent, Palette, Question } from "../../../api/types";
import { toAtomic } from "../../../base/amounts";
import { moneyWords, readMoney } from "../../../base/money-text";
import type { SentPromo } from "./promo-list";
import type { SentType } from "./type-list";
import { isZone, ownZone, toMoment, toWall } from "../shared/zones";

export const FIELDS = [
  "title",
  "description",
  "startsAt",
  "endsAt",
  "timeZone",
  "location",
  "guestsOnly",
  "capacity",
  "price",
  "askName",
  "askEmail",
  "refundPercent",
  "refundUntilHours",
  "remindHours",
  "refundIfMoved",
  "coverPalette",
  "coverShuffle",
] as const;
export type FieldName = (typeof FIELDS)[number];
/** The typed texts; times are wall-clock times in `timeZone`. */
export type Values = Record<FieldName, string>;
/** Lists in the form, which have fields of their own. */
export const LISTS = ["questions", "types", "promoCodes"] as const;
export type Errors = Partial<Record<FieldName | (typeof LISTS)[number], string>>;

export type NewEvent = {
  title: string;
  description: string;
  startsAt: string;
  endsAt?: string;
  timeZone: string;
  location?: string;
  guestsOnly?: string;
  questions?: Question[];
  types?: SentType[];
  promoCodes?: SentPromo[];
  capacity: number;
  price: string;
  askName: Ask;
  askEmail: Ask;
  refundPercent: number;
  refundUntilHours: number;
  remindHours: number;
  refundIfMoved: boolean;
  coverPalette?: Palette;
  coverShuffle?: number;
  /** Of a new event: it is not published. Of changes: `false` publishes it. */
  draft?: boolean;
};
/** `endsAt: null` removes the end, `coverPalette: null` the host's choice. */
export type Changes = Partial<Omit<NewEvent, "endsAt" | "coverPalette">> & {
  endsAt?: string | null;
  coverPalette?: Palette | null;
};

export const ASKS: readonly { value: Ask; label: string }[] = [
  { value: "notAsked", label: "Not asked for" },
  { value: "optional", label: "Asked for" },
  { value: "required", label: "Required" },
];
export const REMINDERS: readonly { value: string; label: string }[] = [
  { value: "0", label: "Not" },
  { value: "2", label: "2 hours before" },
  { value: "24", label: "A day before" },
  { value: "72", label: "3 days before" },
  { value: "168", label: "A week before" },
];
/** A reminder that was set elsewhere is kept. */
export const remindersWith = (hours: string) =>
  REMINDERS.some(({ value }) => value === hours)
    ? REMINDERS
    : [...REMINDERS, { value: hours, label: `${hours} hours before` }];
/** What guests get back that cancel after the host has moved the event to another time or place. */
export const IF_MOVED: readonly { value: string; label: string }[] = [
  { value: "yes", label: "Everything" },
  { value: "no", label: "As above" },
];
/** `value` is empty if the colours follow from the event. */
export const PALETTES: readonly { value: Palette | ""; label: string }[] = [
  { value: "", label: "Chosen for you" },
  { value: "pine", label: "Pine" },
  { value: "dusk", label: "Dusk" },
  { value: "tide", label: "Tide" },
  { value: "clay", label: "Clay" },
  { value: "plum", label: "Plum" },
  { value: "moss", label: "Moss" },
  { value: "ink", label: "Ink" },
  { value: "honey", label: "Honey" },
];
export type Read<T> = { ok: true; value: T } | { ok: false; errors: Errors };

export function emptyValues(): Values {
  return {
    title: "",
    description: "",
    startsAt: "",
    endsAt: "",
    timeZone: ownZone(),
    location: "",
    guestsOnly: "",
    capacity: "",
    price: "",
    askName: "optional",
    askEmail: "optional",
    refundPercent: "0",
    refundUntilHours: "0",
    remindHours: "24",
    refundIfMoved: "yes",
    coverPalette: "",
    coverShuffle: "0",
  };
}

/** The event, and what only its host and its guests know. */
type Known = EventView & Partial<Pick<OwnEvent, "guestsOnly">>;

/** The values of `event`. */
export function valuesOf(event: Known): Values {
  return {
    title: event.title,
    description: event.description,
    startsAt: toWall(event.startsAt, event.timeZone),
    endsAt: event.endsAt ? toWall(event.endsAt, event.timeZone) : "",
    timeZone: event.timeZone,
    location: event.location ?? "",
    guestsOnly: event.guestsOnly ?? "",
    capacity: String(event.capacity),
    price: event.price,
    askName: event.askName,
    askEmail: event.askEmail,
    refundPercent: String(event.refundPercent),
    refundUntilHours: String(event.refundUntilHours),
    remindHours: String(event.remindHours),
    refundIfMoved: event.refundIfMoved ? "yes" : "no",
    coverPalette: event.coverPalette ?? "",
    coverShuffle: String(event.coverShuffle),
  };
}

/** The values of a copy of `event`. Times in the past are left out. */
export function valuesOfCopy(event: Known, now: number): Values {
  const values = valuesOf(event);
  return Date.parse(event.startsAt) > now ? values : { ...values, startsAt: "", endsAt: "" };
}

/** The new event that the form describes. */
export function readNew(values: Values): Read<NewEvent> {
  const errors = check(values);
  const startsAt = momentOf(values, "startsAt");
  if (Object.keys(errors).length > 0 || startsAt === null) return { ok: false, errors };
  const value: NewEvent = {
    title: values.title.trim(),
    description: values.description.trim(),
    startsAt,
    timeZone: values.timeZone.trim(),
    capacity: Number(values.capacity.trim()),
    price: priceOf(values),
    askName: askOf(values.askName),
    askEmail: askOf(values.askEmail),
    refundPercent: Number(values.refundPercent.trim()),
    refundUntilHours: Number(values.refundUntilHours.trim()),
    remindHours: Number(values.remindHours),
    refundIfMoved: values.refundIfMoved === "yes",
  };
  const palette = paletteOf(values.coverPalette);
  if (palette !== null) value.coverPalette = palette;
  const endsAt = momentOf(values, "endsAt");
  if (endsAt !== null) value.endsAt = endsAt;
  if (values.location.trim() !== "") value.location = values.location.trim();
  if (values.guestsOnly.trim() !== "") value.guestsOnly = values.guestsOnly.trim();
  return { ok: true, value };
}

/** The changes of `event` that the form describes. Unchanged fields are left out. */
export function readChanges(values: Values, event: Known): Read<Changes> {
  const before = valuesOf(event);
  const isUnchanged = (name: FieldName) => values[name].trim() === before[name].trim();
  const errors = check(values);
  // In another zone the same wall-clock time is another moment.
  const isUnchangedTime = (name: "startsAt" | "endsAt") => isUnchanged(name) && isUnchanged("timeZone");
  if (isUnchangedTime("startsAt")) delete errors.startsAt;
  if (isUnchangedTime("endsAt")) delete errors.endsAt;
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  const changes: Changes = {};
  if (!isUnchanged("title")) changes.title = values.title.trim();
  if (!isUnchanged("description")) changes.description = values.description.trim();
  if (!isUnchanged("timeZone")) changes.timeZone = values.timeZone.trim();
  // Empty text removes the location.
  if (!isUnchanged("location")) changes.location = values.location.trim();
  if (!isUnchanged("guestsOnly")) changes.guestsOnly = values.guestsOnly.trim();
  if (!isUnchanged("capacity")) changes.capacity = Number(values.capacity.trim());
  if (!isUnchanged("price")) changes.price = priceOf(values);
  if (!isUnchanged("askName")) changes.askName = askOf(values.askName);
  if (!isUnchanged("askEmail")) changes.askEmail = askOf(values.askEmail);
  if (!isUnchanged("refundPercent")) changes.refundPercent = Number(values.refundPercent.trim());
  if (!isUnchanged("refundUntilHours")) changes.refundUntilHours = Number(values.refundUntilHours.trim());
  if (!isUnchanged("remindHours")) changes.remindHours = Number(values.remindHours);
  if (!isUnchanged("refundIfMoved")) changes.refundIfMoved = values.refundIfMoved === "yes";
  if (!isUnchanged("coverPalette")) changes.coverPalette = paletteOf(values.coverPalette);
  if (!isUnchanged("coverShuffle")) changes.coverShuffle = Number(values.coverShuffle);
  for (const name of ["startsAt", "endsAt"] as const) {
    const moment = isUnchangedTime(name) ? null : momentOf(values, name);
    if (moment !== null) changes[name] = moment;
  }
  if (event.endsAt && values.endsAt === "") changes.endsAt = null;
  return { ok: true, value: changes };
}

/** What the price is, in words, while it is typed. */
export function priceHint({ price }: Values): string | null {
  const decimal = readMoney(price);
  return decimal === null || toAtomic(decimal) === null ? null : `${moneyWords(decimal)} a seat`;
}

/** The price as the API takes it: what cannot be read stays, and is refused. */
const priceOf = ({ price }: Values): string => readMoney(price) ?? price.trim();
const askOf = (text: string): Ask => ASKS.find(({ value }) => value === text)?.value ?? "optional";
const paletteOf = (text: string): Palette | null =>
  PALETTES.find(({ value }) => value === text)?.value || null;

function check(values: Values): Errors {
  const errors: Errors = {};
  if (values.title.trim() === "") errors.title = "Give the event a title";
  else if (length(values.title) > 200) errors.title = "Must have at most 200 characters";
  if (length(values.description) > 5000) errors.description = "Must have at most 5000 characters";
  if (length(values.location) > 300) errors.location = "Must have at most 300 characters";
  if (length(values.guestsOnly) > 300) errors.guestsOnly = "Must have at most 300 characters";
  if (!isZone(values.timeZone.trim())) errors.timeZone = "Choose a time zone such as Europe/Berlin";
  const seats = values.capacity.trim();
  if (!/^\d{1,7}$/.test(seats) || Number(seats) > 1_000_000) {
    errors.capacity = "Must be a whole number up to 1,000,000";
  }
  const price = toAtomic(priceOf(values));
  if (price === null) errors.price = "Must be dollars such as 0.05, with at most 6 digits after the point";
  else if (price > 100_000_000_000n) errors.price = "Must be at most 100000 dollars; 0 for a free event";
  if (!isWhole(values.refundPercent, 100)) errors.refundPercent = "Must be a whole number from 0 to 100";
  if (!isWhole(values.refundUntilHours, 8_784))
    errors.refundUntilHours = "Must be a whole number of hours up to 8784, a year";
  checkTimes(values, errors);
  return errors;
}

function isWhole(text: string, most: number): boolean {
  return /^\d{1,7}$/.test(text.trim()) && Number(text.trim()) <= most;
}

function checkTimes(values: Values, errors: Errors): void {
  if (values.startsAt === "") errors.startsAt = "Enter a date and a time";
  for (const name of ["startsAt", "endsAt"] as const) {
    if (values[name] === "" || errors.timeZone) continue;
    const { kind } = toMoment(values[name], values.timeZone.trim());
    if (kind === "unreadable") errors[name] = "Must be a date and a time";
    if (kind === "never") {
      errors[name] =
        "The clocks are set forward over this time, so it does not exist that day: choose another";
    }
  }
  const start = momentOf(values, "startsAt");
  const end = momentOf(values, "endsAt");
  if (start !== null && end !== null && Date.parse(end) <= Date.parse(start)) {
    errors.endsAt = "Must be later than the start";
  }
}

function momentOf(values: Values, name: "startsAt" | "endsAt"): string | null {
  const meaning = toMoment(values[name], values.timeZone.trim());
  return meaning.kind === "once" || meaning.kind === "twice" ? meaning.utc : null;
}

/** In characters, as the API counts them. */
function length(text: string): number {
  return Array.from(text.trim()).length;
}
