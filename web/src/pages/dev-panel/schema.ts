// Form fields for a JSON Schema; fields that no form control fits take JSON. Schemas are untrusted.
import { isObject, textOf } from "../../base/object";

export type FormField = {
  name: string;
  kind: "text" | "number" | "integer" | "boolean" | "choice" | "json";
  required: boolean;
  hint: string | undefined;
  choices: readonly string[];
};

const FIELDS_MAX = 40;

export function fieldsOf(schema: unknown): FormField[] {
  const properties: unknown = isObject(schema) ? schema["properties"] : undefined;
  if (!isObject(properties)) return [];
  const wanted: unknown = isObject(schema) ? schema["required"] : undefined;
  const required = Array.isArray(wanted) ? wanted : [];
  return Object.entries(properties)
    .slice(0, FIELDS_MAX)
    .map(([name, property]) => ({
      name,
      ...kindOf(property),
      required: required.includes(name),
      hint: textOf(property, "description"),
    }));
}

/** The typed arguments, or the errors by field. */
export function readForm(
  fields: readonly FormField[],
  values: Readonly<Record<string, string>>,
): { args: Record<string, unknown> } | { errors: Record<string, string> } {
  const args: Record<string, unknown> = {};
  const errors: Record<string, string> = {};
  for (const field of fields) {
    const typed = values[field.name] ?? "";
    if (typed.trim() === "") {
      if (field.required) errors[field.name] = "The tool needs this argument.";
      continue;
    }
    const read = readValue(field, typed);
    if ("error" in read) errors[field.name] = read.error;
    else args[field.name] = read.value;
  }
  return Object.keys(errors).length > 0 ? { errors } : { args };
}

function readValue(field: FormField, typed: string): { value: unknown } | { error: string } {
  const text = typed.trim();
  switch (field.kind) {
    case "boolean":
      return { value: text === "true" };
    case "integer":
      return /^-?\d{1,15}$/.test(text) ? { value: Number(text) } : { error: "Write a whole number." };
    case "number": {
      const value = Number(text);
      return Number.isFinite(value) ? { value } : { error: "Write a number." };
    }
    case "json":
      try {
        return { value: JSON.parse(text) };
      } catch {
        return { error: "Write JSON, such as [1, 2]." };
      }
    case "choice":
    case "text":
      return { value: typed };
  }
}

function kindOf(property: unknown): Pick<FormField, "kind" | "choices"> {
  const choices: unknown = isObject(property) ? property["enum"] : undefined;
  if (Array.isArray(choices) && choices.every((choice) => typeof choice === "string")) {
    return { kind: "choice", choices };
  }
  const type = typeOf(property);
  if (type === "string") return { kind: "text", choices: [] };
  if (type === "number" || type === "integer" || type === "boolean") return { kind: type, choices: [] };
  return { kind: "json", choices: [] };
}

// The type, without `null`: an empty field leaves the argument out.
function typeOf(property: unknown): string | undefined {
  const type: unknown = isObject(property) ? property["type"] : undefined;
  if (typeof type === "string") return type;
  if (!Array.isArray(type)) return undefined;
  const others = type.filter((one) => one !== "null");
  return others.length === 1 && typeof others[0] === "string" ? others[0] : undefined;
}
