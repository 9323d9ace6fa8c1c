// What the event form holds, and what becomes of it: a new event, or the changes of one. Pure.
import type { EventView } from "../../../api/types";
import { toAtomic } from "../../../base/amounts";
import { isZone, ownZone, toMoment, toWall } from "../shared/zones";

export const FIELDS = [
  "title",
  "description",
  "startsAt",
  "endsAt",
  "timeZone",
  "location",
  "capacity",
  "price",
] as const;
export type FieldName = (typeof FIELDS)[number];
/** What is typed; times are wall-clock times in `timeZone`. */
export type Values = Record<FieldName, string>;
export type Errors = Partial<Record<FieldName, string>>;

export type NewEvent = {
  title: string;
  description: string;
  startsAt: string;
  endsAt?: string;
  timeZone: string;
  location?: string;
  capacity: number;
  price: string;
};
/** An end that is null is taken away. */
export type Changes = Partial<Omit<NewEvent, "endsAt">> & { endsAt?: string | null };
export type Read<T> = { ok: true; value: T } | { ok: false; errors: Errors };

/** An empty form. */
export function emptyValues(): Values {
  return {
    title: "",
    description: "",
    startsAt: "",
    endsAt: "",
    timeZone: ownZone(),
    location: "",
    capacity: "",
    price: "",
  };
}

/** A form that shows `event`. */
export function valuesOf(event: EventView): Values {
  return {
    title: event.title,
    description: event.description,
    startsAt: toWall(event.startsAt, event.timeZone),
    endsAt: event.endsAt ? toWall(event.endsAt, event.timeZone) : "",
    timeZone: event.timeZone,
    location: event.location ?? "",
    capacity: String(event.capacity),
    price: event.price,
  };
}

/** A form for another event like `event`: a past one's times are left empty, for they can only be meant anew. */
export function valuesOfCopy(event: EventView, now: number): Values {
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
    price: values.price.trim(),
  };
  const endsAt = momentOf(values, "endsAt");
  if (endsAt !== null) value.endsAt = endsAt;
  if (values.location.trim() !== "") value.location = values.location.trim();
  return { ok: true, value };
}

/** What the form changes about `event`; what is as it was is left out, so that it stays. */
export function readChanges(values: Values, event: EventView): Read<Changes> {
  const was = valuesOf(event);
  const isSame = (name: FieldName) => values[name].trim() === was[name].trim();
  const errors = check(values);
  // The same wall-clock time is another moment in another zone.
  const isSameTime = (name: "startsAt" | "endsAt") => isSame(name) && isSame("timeZone");
  if (isSameTime("startsAt")) delete errors.startsAt;
  if (isSameTime("endsAt")) delete errors.endsAt;
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  const changes: Changes = {};
  if (!isSame("title")) changes.title = values.title.trim();
  if (!isSame("description")) changes.description = values.description.trim();
  if (!isSame("timeZone")) changes.timeZone = values.timeZone.trim();
  // Empty text takes the place away.
  if (!isSame("location")) changes.location = values.location.trim();
  if (!isSame("capacity")) changes.capacity = Number(values.capacity.trim());
  if (!isSame("price")) changes.price = values.price.trim();
  for (const name of ["startsAt", "endsAt"] as const) {
    const moment = isSameTime(name) ? null : momentOf(values, name);
    if (moment !== null) changes[name] = moment;
  }
  if (event.endsAt && values.endsAt === "") changes.endsAt = null;
  return { ok: true, value: changes };
}

/** What a time in the form means, in words; null if there is nothing to say about it. */
export function noteOnTime(values: Values, name: "startsAt" | "endsAt"): string | null {
  if (values[name] === "") return null;
  const meant = toMoment(values[name], values.timeZone.trim());
  if (meant.kind === "twice")
    return "The clocks are set back then, so this time comes twice: the first one is meant";
  return meant.kind === "once" ? `${meant.utc.slice(0, 16).replace("T", " ")} UTC` : null;
}

/** The field that an error of the server names at its beginning, such as `price: must be …`. */
export function fieldOfDetail(detail: string): { field: FieldName; remedy: string } | null {
  const found = /^(\w+): ([\s\S]+)$/.exec(detail);
  const field = FIELDS.find((name) => name === found?.[1]);
  return field && found?.[2] ? { field, remedy: sentence(found[2]) } : null;
}

export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function check(values: Values): Errors {
  const errors: Errors = {};
  if (values.title.trim() === "") errors.title = "Give the event a title";
  else if (length(values.title) > 200) errors.title = "Must have at most 200 characters";
  if (length(values.description) > 5000) errors.description = "Must have at most 5000 characters";
  if (length(values.location) > 300) errors.location = "Must have at most 300 characters";
  if (!isZone(values.timeZone.trim())) errors.timeZone = "Choose a time zone such as Europe/Berlin";
  const seats = values.capacity.trim();
  if (!/^\d{1,7}$/.test(seats) || Number(seats) > 1_000_000) {
    errors.capacity = "Must be a whole number up to 1,000,000, or 0 for unlimited";
  }
  const price = toAtomic(values.price.trim());
  if (price === null) errors.price = "Must be dollars such as 0.05, with at most 6 digits after the point";
  else if (price <= 0n || price > 100_000_000_000n)
    errors.price = "Must be more than 0 and at most 100000 dollars";
  checkTimes(values, errors);
  return errors;
}

function checkTimes(values: Values, errors: Errors): void {
  if (values.startsAt === "") errors.startsAt = "Say when it starts, with date and time";
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
  const meant = toMoment(values[name], values.timeZone.trim());
  return meant.kind === "once" || meant.kind === "twice" ? meant.utc : null;
}

/** In characters, as the server counts them. */
function length(text: string): number {
  return Array.from(text.trim()).length;
}
