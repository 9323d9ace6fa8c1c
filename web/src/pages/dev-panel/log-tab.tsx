import { useState } from "react";
import { Badge, Button, CopyButton, Empty, Time } from "../../parts";
import { clearLog, useSession } from "../../session";
import { Search } from "./search";

const TONES: Record<string, "plain" | "info" | "bad"> = { info: "plain", payment: "info", error: "bad" };
const KINDS: Record<string, string> = { Steps: "info", Payments: "payment", Errors: "error" };

/** The steps of the agent, newest first. */
export function LogTab() {
  const log = useSession((state) => state.log);
  const [text, setText] = useState("");
  const [kind, setKind] = useState("All");
  const wanted = text.trim().toLowerCase();
  const found = log.filter((line) => wanted === "" || line.text.toLowerCase().includes(wanted));
  const isOf = (name: string) => found.filter((line) => name === "All" || line.kind === KINDS[name]);
  const shown = isOf(kind).toReversed();
  const kinds = ["All", ...Object.keys(KINDS)].map((name) => ({ name, count: isOf(name).length }));
  const asText = shown
    .map((line) => `${new Date(line.at).toISOString()} ${line.kind} ${line.text}`)
    .join("\n");
  return (
    <div className="stack">
      <Search
        value={text}
        onChange={setText}
        shown={shown.length}
        all={log.length}
        kinds={kinds}
        kind={kind}
        onKind={setKind}
      />
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
