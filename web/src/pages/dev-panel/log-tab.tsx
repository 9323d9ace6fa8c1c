import { useState } from "react";
import { Badge, Button, CopyButton, Empty, SelectField, TextField, Time } from "../../parts";
import { saveFile } from "../../base/save";
import { clearLog, containsSecret, currentSession, useSession, type Exchange } from "../../session";

const TONES: Record<string, "plain" | "info" | "bad"> = { info: "plain", payment: "info", error: "bad" };

/** The steps of the agent. */
export function LogTab() {
  const log = useSession((state) => state.log);
  const [text, setText] = useState("");
  const [kind, setKind] = useState("");
  const kinds = [...new Set(log.map((line) => line.kind))].toSorted();
  const wanted = text.trim().toLowerCase();
  const shown = log.filter(
    (line) =>
      (kind === "" || line.kind === kind) && (wanted === "" || line.text.toLowerCase().includes(wanted)),
  );
  const asText = shown
    .map((line) => `${new Date(line.at).toISOString()} ${line.kind} ${line.text}`)
    .join("\n");
  return (
    <div className="stack">
      <div className="filters">
        <TextField label="Filter" type="search" value={text} onChange={setText} />
        <SelectField
          label="Kind"
          value={kind}
          onChange={setKind}
          options={[{ value: "", label: "All" }, ...kinds.map((value) => ({ value, label: value }))]}
        />
      </div>
      <div className="row">
        <CopyButton text={asText} label="Copy" what="the log" />
        <Button size="small" onClick={exportAll}>
          Export as JSON
        </Button>
        <Button size="small" onClick={clearLog}>
          Clear
        </Button>
        <span className="small quiet" role="status">
          {shown.length} of {log.length} lines
        </span>
      </div>
      {shown.length === 0 ? (
        <Empty title={log.length === 0 ? "Nothing has happened yet" : "No line fits the filter"} />
      ) : (
        <ol className="log-lines">
          {shown.map((line) => (
            <li key={line.key}>
              <span className="row">
                <Time at={line.at} show="time" />
                <Badge tone={TONES[line.kind] ?? "plain"}>{line.kind}</Badge>
              </span>
              <span>{line.text}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

/** Exports log and messages for a report, without secrets: no token, no key, no bought value. */
function exportAll(): void {
  const { session, server, log, exchanges, secrets } = currentSession();
  const values = Object.values(secrets);
  const lines = log.map(({ at, kind, text }) => ({ at: new Date(at).toISOString(), kind, text }));
  const messages = exchanges.map((exchange) => withoutSecrets(exchange, values));
  const value = { exportedAt: new Date().toISOString(), session, server, log: lines, exchanges: messages };
  saveFile("events-concierge-log.json", "application/json", JSON.stringify(value, null, 2));
}

const LEFT_OUT = "(left out: there is a secret in it)";

function withoutSecrets({ type: _type, key: _key, ...exchange }: Exchange, values: readonly string[]) {
  const { requestBody, responseBody } = exchange;
  // The value that a host stores is as secret as a bought one.
  const isStoring = requestBody.includes('"storeSecret"');
  return {
    ...exchange,
    requestBody: isStoring || containsSecret(values, requestBody) ? LEFT_OUT : requestBody,
    responseBody: containsSecret(values, responseBody) ? LEFT_OUT : responseBody,
  };
}
