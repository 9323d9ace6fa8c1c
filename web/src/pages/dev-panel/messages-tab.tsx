import { useState } from "react";
import { isObject } from "../../base/object";
import { Badge, Button, Empty, Json, Time } from "../../parts";
import { useSession, type Exchange } from "../../session";
import { paymentParts, readable } from "./wire";

/** The requests to MCP servers and their answers, newest first. */
export function MessagesTab() {
  const exchanges = useSession((state) => state.exchanges);
  if (exchanges.length === 0) {
    return <Empty title="No messages yet">Requests to MCP servers and their answers are listed here.</Empty>;
  }
  return (
    <ol className="exchanges">
      {exchanges.toReversed().map((exchange) => (
        <li key={exchange.key}>
          <Message exchange={exchange} />
        </li>
      ))}
    </ol>
  );
}

function Message({ exchange }: { exchange: Exchange }) {
  const [isOpen, setIsOpen] = useState(false);
  const { status } = exchange;
  return (
    <div className="exchange">
      <Button size="small" expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        {isOpen ? "▾" : "▸"} {exchange.method} {methodOf(exchange)}
      </Button>
      <span className="row small">
        <Badge tone={status === null ? "bad" : status === 402 ? "warn" : status >= 400 ? "bad" : "ok"}>
          {status ?? "no answer"}
        </Badge>
        <Time at={exchange.timestamp} show="time" />
      </span>
      <span className="small quiet mono exchange-url">{exchange.url}</span>
      {isOpen && <Parts exchange={exchange} />}
    </div>
  );
}

function Parts({ exchange }: { exchange: Exchange }) {
  const payment = paymentParts(exchange);
  return (
    <div className="stack-tight">
      {payment.map(({ name, value }) => (
        <div key={name} className="stack-tight">
          <h3 className="part-title">{name}</h3>
          <Json value={value} label={name} />
        </div>
      ))}
      <h3 className="part-title">Request</h3>
      <Json value={headersText(exchange.requestHeaders)} label="Headers of the request" />
      {exchange.requestBody !== "" && (
        <Json value={readable(exchange.requestBody)} label="Body of the request" />
      )}
      <h3 className="part-title">Answer</h3>
      {exchange.error !== null && <p className="field-error">{exchange.error}</p>}
      <Json value={headersText(exchange.responseHeaders)} label="Headers of the answer" />
      {exchange.responseBody !== "" && (
        <Json value={readable(exchange.responseBody)} label="Body of the answer" />
      )}
    </div>
  );
}

function headersText(headers: readonly (readonly [string, string])[]): string {
  return headers.map(([name, value]) => `${name}: ${value}`).join("\n") || "(no headers)";
}

// The JSON-RPC method and tool say more than the URL, which is the same for all.
function methodOf(exchange: Exchange): string {
  const body = readable(exchange.requestBody);
  const method: unknown = isObject(body) ? body["method"] : undefined;
  const params: unknown = isObject(body) ? body["params"] : undefined;
  const name: unknown = isObject(params) ? params["name"] : undefined;
  if (typeof method !== "string") return "";
  return typeof name === "string" ? `${method} ${name}` : method;
}
