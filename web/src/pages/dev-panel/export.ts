import { saveFile } from "../../base/save";
import { currentSession, withoutSecrets } from "../../session";

const LEFT_OUT = "(left out: there was a secret in it)";

/** Exports log and messages for a report, without secrets: no token, no key, no bought value. */
export function exportAll(): void {
  const { session, server, log, exchanges, secrets } = currentSession();
  const values = Object.values(secrets);
  const lines = log.map(({ at, kind, text }) => ({ at: new Date(at).toISOString(), kind, text }));
  const messages = exchanges.map(({ type: _type, key: _key, ...exchange }) =>
    withoutSecrets(exchange, values, LEFT_OUT),
  );
  const value = { exportedAt: new Date().toISOString(), session, server, log: lines, exchanges: messages };
  saveFile("events-concierge-log.json", "application/json", JSON.stringify(value, null, 2));
}
