// Bought secrets. Their values are only in the memory of this tab: neither in the stored transcript nor in an
// export.
import { contentOf, numberOf, textOf } from "../base/object";

/** A bought secret without its value. */
export type BoughtSecret = {
  secretId: string;
  name: string;
  description: string;
  version: number | null;
  transactionHash: string | null;
};

/** The bought secret and its value, if the result of a call is one. */
export function secretOf(tool: string, result: unknown): { bought: BoughtSecret; value: string } | null {
  const content = contentOf(result);
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

/** Whether the tool sells secrets, so that its answer is one in any shape. */
export function isSecretTool(tool: string): boolean {
  return tool === SELLING_TOOL;
}

/** Whether the text contains one of the secrets: as it is, inside JSON, or inside JSON in JSON. */
export function containsSecret(values: readonly string[], text: string): boolean {
  // Shorter values are in too many texts by chance.
  const long = values.filter((value) => value.length >= 4);
  return long.some((value) => {
    const once = escaped(value);
    return [value, once, escaped(once)].some((form) => text.includes(form));
  });
}

const SELLING_TOOL = "retrieveSecret";

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
