// Secrets that were bought. Their values are in the memory of this tab alone: neither the stored transcript
// nor an export has them.
import { isObject, numberOf, textOf } from "./read";

/** What a door has sold, without the value. */
export type BoughtSecret = {
  secretId: string;
  name: string;
  description: string;
  version: number | null;
  transactionHash: string | null;
};

/** A bought secret and its value, if the result of a call is one. */
export function secretOf(tool: string, result: unknown): { bought: BoughtSecret; value: string } | null {
  const content = isObject(result) ? result["structuredContent"] : undefined;
  const value = textOf(content, "secret");
  const secretId = textOf(content, "secretId");
  if (value === undefined || (tool !== SELLING_TOOL && secretId === undefined)) return null;
  const bought = {
    secretId: secretId ?? "",
    name: textOf(content, "name") ?? secretId ?? "a secret",
    description: textOf(content, "description") ?? "",
    version: numberOf(content, "version") ?? null,
    transactionHash: textOf(content, "transactionHash") ?? null,
  };
  return { bought, value };
}

/** Whether the answers of a tool are secrets, in whatever form. */
export function isSecretTool(tool: string): boolean {
  return tool === SELLING_TOOL;
}

/** Whether one of the values is in a text, be it as it is or inside of JSON, or of JSON inside of JSON. */
export function holdsOne(values: readonly string[], text: string): boolean {
  // A shorter one is in every other text, and says nothing there.
  const told = values.filter((value) => value.length >= 4);
  return told.some((value) => {
    const once = escaped(value);
    return [value, once, escaped(once)].some((form) => text.includes(form));
  });
}

const SELLING_TOOL = "retrieveSecret";

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
