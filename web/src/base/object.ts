// Reading values that other programs made: nothing is taken for granted.

/** The JSON value, or undefined if the text is not JSON. */
export function parseJson(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether the value is an object; arrays are not. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The structured content of a tool's result. */
export function contentOf(result: unknown): unknown {
  return isObject(result) ? result["structuredContent"] : undefined;
}

/** The member if it is a non-empty text. */
export function textOf(value: unknown, key: string): string | undefined {
  const member = isObject(value) ? value[key] : undefined;
  return typeof member === "string" && member !== "" ? member : undefined;
}

/** The member if it is a finite number. */
export function numberOf(value: unknown, key: string): number | undefined {
  const member = isObject(value) ? value[key] : undefined;
  return typeof member === "number" && Number.isFinite(member) ? member : undefined;
}
