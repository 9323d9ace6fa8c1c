// How the page speaks to the server's HTTP side.

/** What the server, or the way to it, had against a request. `message` is for people. */
export class ApiError extends Error {
  /** HTTP status; 0 if the server could not be reached. */
  readonly status: number;
  /** What to do about it. */
  readonly detail: string;
  /** A stable name of what is wrong: "not_signed_in". */
  readonly code: string;
  /** Joins with the server's logs. */
  readonly requestId: string | undefined;
  /** "no", "unknown" or "yes", where money was involved. */
  readonly moneyMoved: string | undefined;

  constructor(about: {
    status: number;
    detail: string;
    code: string;
    requestId?: string | undefined;
    moneyMoved?: string | undefined;
  }) {
    super(about.detail);
    this.name = "ApiError";
    this.status = about.status;
    this.detail = about.detail;
    this.code = about.code;
    this.requestId = about.requestId;
    this.moneyMoved = about.moneyMoved;
  }
}

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

/** Asks the server and returns its JSON, which is what `types.ts` says of that path. Throws `ApiError`. */
export async function request<T>(method: Method, path: string, body?: unknown): Promise<T> {
  const response = await reach(path, {
    method,
    credentials: "same-origin",
    headers: {
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text().catch(() => "");
  if (!response.ok) throw refusal(response, text);
  // The server's own answers are typed by the server; this is the one place that takes its word for it.
  return (text === "" ? undefined : parse(text, response.status)) as T;
}

/** Says an error in words, whatever was thrown. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch {
    const detail = "The server cannot be reached. Check your connection and try again.";
    throw new ApiError({ status: 0, detail, code: "unreachable" });
  }
}

function parse(text: string, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError({ status, detail: "The server's answer is not JSON. Try again.", code: "not_json" });
  }
}

function refusal(response: Response, text: string): ApiError {
  const problem = problemOf(text);
  const word = (name: string) => {
    const value = problem[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  return new ApiError({
    status: response.status,
    detail: word("detail") ?? word("title") ?? `The server answered with HTTP ${response.status}. Try again.`,
    code: word("code") ?? word("type")?.split(/[/:#]/).at(-1) ?? `http_${response.status}`,
    requestId: word("requestId") ?? response.headers.get("x-request-id") ?? undefined,
    moneyMoved: word("moneyMoved"),
  });
}

function problemOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
