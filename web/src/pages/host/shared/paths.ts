// Paths of the REST API for the signed-in host.

/** A list of the host, or one item of it. */
export function own(list: string, id?: string): string {
  return id === undefined ? `/api/users/${list}` : `/api/users/${list}/${encodeURIComponent(id)}`;
}

/** The answer of several requests: what happened, as a sentence. */
export type Outcome = { message: string };
