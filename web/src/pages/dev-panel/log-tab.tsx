import { Badge, Button, CopyButton, Empty, Time } from "../../parts";
import { clearLog, useSession, type LogLine } from "../../session";
import { useFiltered } from "./filtered";

const TONES: Record<string, "plain" | "info" | "bad"> = { info: "plain", payment: "info", error: "bad" };
const KINDS: Record<string, (line: LogLine) => boolean> = {
  All: () => true,
  Steps: ({ kind }) => kind === "info",
  Payments: ({ kind }) => kind === "payment",
  Errors: ({ kind }) => kind === "error",
};

/** The steps of the agent, newest first. */
export function LogTab() {
  const log = useSession((state) => state.log);
  const { shown, search } = useFiltered(log, (line) => line.text, KINDS);
  const asText = shown
    .map((line) => `${new Date(line.at).toISOString()} ${line.kind} ${line.text}`)
    .join("\n");
  return (
    <div className="stack">
      {search}
      <div className="row">
        <CopyButton text={asText} label="Copy" what="the log" />
        <Button size="small" onClick={clearLog}>
          Clear
        </Button>
      </div>
      {shown.length === 0 ? (
        <Empty title={log.length === 0 ? "Nothing has happened yet" : "No line fits the search"} />
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
