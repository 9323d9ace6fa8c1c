// A call as a command or a program. What proves or pays is left out: the copy repeats the question, never the payment.
import { isObject, parseJson } from "../../base/object";

export type Call = {
  url: string;
  method: string;
  headers: readonly (readonly [string, string])[];
  body: string;
};

/** Headers that prove, pay, or are made by the program itself. */
const LEFT_OUT = /^(authorization|cookie|sign-in-with-x|x-payment|payment-signature|content-length|host)$/i;

export const LANGUAGES = ["curl", "TypeScript", "Python"] as const;
export type Language = (typeof LANGUAGES)[number];

export function copyAs(language: Language, call: Call): string {
  const headers = call.headers.filter(([name]) => !LEFT_OUT.test(name));
  const body = withoutPayment(call.body);
  switch (language) {
    case "curl":
      return curl({ ...call, headers, body });
    case "TypeScript":
      return typeScript({ ...call, headers, body });
    case "Python":
      return python({ ...call, headers, body });
  }
}

function curl({ url, method, headers, body }: Call): string {
  const parts = [
    `curl -sS -X ${method} ${quoted(url)}`,
    ...headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === "" ? [] : [`--data-raw ${quoted(body)}`]),
  ];
  return parts.join(" \\\n  ");
}

function typeScript({ url, method, headers, body }: Call): string {
  const lines = [
    `const answer = await fetch(${JSON.stringify(url)}, {`,
    `  method: ${JSON.stringify(method)},`,
    `  headers: ${JSON.stringify(Object.fromEntries(headers))},`,
    ...(body === "" ? [] : [`  body: ${JSON.stringify(body)},`]),
    "});",
    "console.log(answer.status, await answer.text());",
  ];
  return lines.join("\n");
}

function python({ url, method, headers, body }: Call): string {
  const lines = [
    "import urllib.error",
    "import urllib.request",
    "",
    "request = urllib.request.Request(",
    `    ${pythonText(url)},`,
    `    method=${pythonText(method)},`,
    `    headers={${headers.map(([name, value]) => `${pythonText(name)}: ${pythonText(value)}`).join(", ")}},`,
    ...(body === "" ? [] : [`    data=${pythonText(body)}.encode(),`]),
    ")",
    "try:",
    "    answer = urllib.request.urlopen(request)",
    "except urllib.error.HTTPError as error:",
    "    answer = error",
    "print(answer.status, answer.read().decode())",
  ];
  return lines.join("\n");
}

/** For a POSIX shell: nothing inside single quotes has a meaning. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A JSON text is a Python literal, except for characters beyond the BMP, which Python reads one by one. */
function pythonText(text: string): string {
  const escaped = JSON.stringify(text).replace(/[\u{10000}-\u{10FFFF}]/gu, (found) => {
    const point = (found.codePointAt(0) ?? 0).toString(16).padStart(8, "0");
    return `\\U${point}`;
  });
  return escaped;
}

/** The body without the payment in `_meta`. */
function withoutPayment(body: string): string {
  const value = parseJson(body);
  if (!isObject(value) || !isObject(value["params"]) || !isObject(value["params"]["_meta"])) return body;
  const meta = Object.entries(value["params"]["_meta"]).filter(([name]) => name !== "x402/payment");
  return JSON.stringify({ ...value, params: { ...value["params"], _meta: Object.fromEntries(meta) } });
}
