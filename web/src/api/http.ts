// Requests to the REST API of this deployment.
import { parseJson, textOf } from "../base/object";

/** A refused or failed request. `message` says what to do. */
export class ApiError extends Error {
  /** HTTP status; 0 if there was no answer. */
  readonly status: number;
  readonly detail: string;
  /** A stable name of the error: "not_signed_in". */
  readonly code: string;
  /** Finds the request in the logs of the Worker. */
  readonly requestId: string | undefined;
  /** "no", "unknown" or "yes", where money was involved. */
  readonly moneyMoved: string | undefined;
  /** The whole answer, if it is JSON. */
  readonly answer: unknown;

  constructor(about: {
    status: number;
    detail: string;
    code: string;
    requestId?: string | undefined;
    moneyMoved?: string | undefined;
    answer?: unknown;
  }) {
    super(about.detail);
    this.name = "ApiError";
    this.status = about.status;
    this.detail = about.detail;
    this.code = about.code;
    this.requestId = about.requestId;
    this.moneyMoved = about.moneyMoved;
    this.answer = about.answer;
  }
}

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

/** Sends a request and returns the JSON answer, typed as in `types.ts`. Throws `ApiError`. */
export async function request<T>(method: Method, path: string, body?: unknown): Promise<T> {
  const response = await send(path, {
    method,
    credentials: "same-origin",
    headers: {
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await textOfAnswer(response);
  if (!response.ok) throw refusal(response, text ?? "");
  if (text === undefined) throw lost();
  // The Worker generates these types, so its answers are not checked here. Nowhere else is a type asserted.
  return (text === "" ? undefined : parse(text, response.status)) as T;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function hasStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof ApiError && error.code === code;
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch {
    throw lost();
  }
}

/** Undefined if the connection ended within the answer. */
function textOfAnswer(response: Response): Promise<string | undefined> {
  return response.text().catch(() => undefined);
}

function lost(): ApiError {
  const detail = "The connection was lost. Check your network, then try again.";
  return new ApiError({ status: 0, detail, code: "unreachable" });
}

function parse(text: string, status: number): unknown {
  const value = parseJson(text);
  if (value !== undefined) return value;
  throw new ApiError({ status, detail: "The answer is not JSON. Try again.", code: "not_json" });
}

function refusal(response: Response, text: string): ApiError {
  const problem = parseJson(text);
  const member = (name: string) => textOf(problem, name);
  return new ApiError({
    status: response.status,
    detail: member("detail") ?? member("title") ?? `The answer was HTTP ${response.status}. Try again.`,
    code: member("code") ?? member("type")?.split(/[/:#]/).at(-1) ?? `http_${response.status}`,
    requestId: member("requestId") ?? response.headers.get("x-request-id") ?? undefined,
    moneyMoved: member("moneyMoved"),
    answer: problem,
  });
}
