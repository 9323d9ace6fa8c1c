import { useState, type FormEvent } from "react";
import type { ToolView } from "../../api/types";
import { Badge, Button, Empty, Json, Notice, SelectField, TextArea, TextField, moneyText } from "../../parts";
import { callTool, useSession } from "../../session";
import type { Call } from "./copy-as";
import { CopyAs } from "./copy-buttons";
import { fieldsOf, readForm, type FormField } from "./schema";

/** The tools of the connected server, with a form for each. */
export function ToolsTab() {
  const tools = useSession((state) => state.tools);
  if (tools.length === 0) return <Empty title="No tools yet">Connect to a server in the chat.</Empty>;
  return (
    <div className="stack">
      {tools.map((tool) => (
        <details key={tool.name} className="tool">
          <summary>
            <span className="mono">{tool.name}</span> <Price tool={tool} />
          </summary>
          <Tool tool={tool} />
        </details>
      ))}
    </div>
  );
}

function Price({ tool }: { tool: ToolView }) {
  if (!tool.isPaid) return <Badge tone="ok">free</Badge>;
  return <Badge tone="warn">{tool.price === undefined ? "paid" : moneyText(tool.price)}</Badge>;
}

function Tool({ tool }: { tool: ToolView }) {
  const [callId, setCallId] = useState<string | null>(null);
  const outcome = useSession((state) => (callId === null ? undefined : state.outcomes[callId]));
  const isRunning = useSession((state) => state.running.some(({ id }) => id === callId));
  return (
    <div className="stack tool-body">
      <p className="small">{tool.description}</p>
      <CallForm tool={tool} isRunning={isRunning} onCall={setCallId} />
      <div role="status">
        {outcome !== undefined &&
          ("error" in outcome ? (
            <Notice kind={outcome.moneyMoved === "no" ? "error" : "warn"}>
              {outcome.error} (money moved: {outcome.moneyMoved})
            </Notice>
          ) : (
            <Json value={outcome.result} label={`Result of ${tool.name}`} />
          ))}
      </div>
      <details>
        <summary>Schema of its arguments</summary>
        <Json value={tool.inputSchema} label={`Schema of ${tool.name}`} />
      </details>
    </div>
  );
}

type CallFormProps = { tool: ToolView; isRunning: boolean; onCall: (callId: string | null) => void };

function CallForm({ tool, isRunning, onCall }: CallFormProps) {
  const fields = fieldsOf(tool.inputSchema);
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const isOpen = useSession((state) => state.link === "open");
  const mcpUrl = useSession((state) => state.server?.mcpUrl ?? "");
  const typed = readForm(fields, values);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isRunning) return;
    setErrors("errors" in typed ? typed.errors : {});
    if ("args" in typed) onCall(callTool(tool.name, typed.args, "panel"));
  };
  return (
    <form className="stack" onSubmit={submit} noValidate aria-label={`Call ${tool.name}`}>
      {fields.length === 0 && <p className="small quiet">It takes no arguments.</p>}
      {fields.map((field) => (
        <FieldOf
          key={field.name}
          field={field}
          value={values[field.name] ?? ""}
          error={errors[field.name]}
          onChange={(value) => setValues((before) => ({ ...before, [field.name]: value }))}
        />
      ))}
      <div className="row">
        <Button
          kind="primary"
          size="small"
          type="submit"
          busy={isRunning}
          disabled={!isOpen}
          label={`Call ${tool.name}`}
        >
          Call
        </Button>
        {tool.isPaid && (
          <span className="small quiet">Your limits decide whether you are asked before the payment.</span>
        )}
      </div>
      {"args" in typed && <CopyAs name={tool.name} call={callOf(mcpUrl, tool.name, typed.args)} />}
    </form>
  );
}

/** The call as any MCP client makes it, without a payment. */
function callOf(url: string, name: string, args: Record<string, unknown>): Call {
  const headers = [
    ["content-type", "application/json"],
    ["accept", "application/json, text/event-stream"],
  ] as const;
  const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } };
  return { url, method: "POST", headers, body: JSON.stringify(message) };
}

type FieldOfProps = {
  field: FormField;
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
};

function FieldOf({ field, value, error, onChange }: FieldOfProps) {
  const label = field.required ? field.name : `${field.name} (optional)`;
  const props = { label, value, error, onChange, required: field.required };
  const hint = field.hint === undefined ? {} : { hint: field.hint };
  if (field.kind === "json") return <TextArea {...props} hint={field.hint ?? "As JSON."} />;
  if (field.kind === "boolean" || field.kind === "choice") {
    const choices = field.kind === "boolean" ? ["true", "false"] : field.choices;
    const options = [
      { value: "", label: "—" },
      ...choices.map((choice) => ({ value: choice, label: choice })),
    ];
    return <SelectField {...props} {...hint} options={options} />;
  }
  return <TextField {...props} {...hint} inputMode={field.kind === "text" ? "text" : "decimal"} />;
}
