import { useState } from "react";
import { isObject } from "../../base/object";
import { Badge, Button, Empty, Json, Time, tabAfter } from "../../parts";
import { useSession, type Exchange } from "../../session";
import { CopyAs } from "./copy-buttons";
import { masked } from "./mask";
import { useFiltered } from "./filtered";
import { PaySteps } from "./pay-steps";
import { aboutOf, paymentParts, readable } from "./wire";

const KINDS: Record<string, (exchange: Exchange) => boolean> = {
  All: () => true,
  Calls: (exchange) => aboutOf(exchange).tool !== null,
  Payments: (exchange) => paymentParts(exchange).length > 0,
  Errors: ({ status, error }) => error !== null || (status !== null && status >= 400 && status !== 402),
};

/** The requests to MCP servers and their answers, newest first. */
export function WireTab() {
  const exchanges = useSession((state) => state.exchanges);
  const { shown, search } = useFiltered(exchanges, textsOf, KINDS);
  return (
    <div className="stack">
      {search}
      {shown.length === 0 ? (
        <Empty title={exchanges.length === 0 ? "No messages yet" : "No message fits the search"}>
          Requests to MCP servers and their answers are listed here.
        </Empty>
      ) : (
        <ol className="exchanges">
          {shown.map((exchange) => (
            <li key={exchange.key}>
              <Message exchange={exchange} />
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

/** All text of the exchange. */
function textsOf(exchange: Exchange): string {
  const { url, method, status, requestBody, responseBody, requestHeaders, responseHeaders, error } = exchange;
  const headers = [...requestHeaders, ...responseHeaders].map((header) => header.join(": "));
  return [url, method, String(status), requestBody, responseBody, ...headers, error ?? ""].join("\n");
}

function Message({ exchange }: { exchange: Exchange }) {
  const [isOpen, setIsOpen] = useState(false);
  const { status } = exchange;
  const { name, words } = aboutOf(exchange);
  return (
    <div className="exchange">
      <button
        type="button"
        className="exchange-row"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
      >
        <Time at={exchange.timestamp} show="time" />
        <span className="exchange-name">
          <span className="mono">{name}</span> {words}
        </span>
        <Badge tone={status === null ? "bad" : status === 402 ? "warn" : status >= 400 ? "bad" : "ok"}>
          {status ?? "no answer"}
        </Badge>
      </button>
      {isOpen && <Parts exchange={exchange} name={name} />}
    </div>
  );
}

const PARTS = ["Payment", "Arguments", "Answer", "Headers"] as const;

function Parts({ exchange, name }: { exchange: Exchange; name: string }) {
  const payment = paymentParts(exchange);
  const [chosen, setChosen] = useState(payment.length > 0 ? 0 : 1);
  const [isRevealed, setIsRevealed] = useState(false);
  const id = `exchange-${exchange.key}`;
  const part = PARTS[chosen] ?? "Arguments";
  const show = (value: unknown) => (isRevealed ? value : masked(value));
  return (
    <div className="stack-tight exchange-parts">
      <span className="second mono exchange-url">
        {exchange.method} {exchange.url}
      </span>
      <PaySteps exchange={exchange} />
      <CopyAs
        name={name}
        call={{
          url: exchange.url,
          method: exchange.method,
          headers: exchange.requestHeaders,
          body: exchange.requestBody,
        }}
      />
      <div className="tabs" role="tablist" aria-label={`Parts of ${name}`}>
        {PARTS.map((one, place) => (
          <button
            key={one}
            type="button"
            role="tab"
            id={`${id}-${one}`}
            aria-selected={place === chosen}
            aria-controls={`${id}-view`}
            tabIndex={place === chosen ? 0 : -1}
            onClick={() => setChosen(place)}
            onKeyDown={(event) => {
              const next = tabAfter(event.key, chosen, PARTS.length);
              if (next === null) return;
              event.preventDefault();
              setChosen(next);
              document.getElementById(`${id}-${PARTS[next]}`)?.focus();
            }}
          >
            {one}
          </button>
        ))}
      </div>
      <div className="stack-tight" role="tabpanel" id={`${id}-view`} aria-labelledby={`${id}-${part}`}>
        <Part part={part} exchange={exchange} show={show} />
      </div>
      <span>
        <Button size="small" kind="ghost" pressed={isRevealed} onClick={() => setIsRevealed(!isRevealed)}>
          Reveal signatures and tokens
        </Button>
      </span>
    </div>
  );
}

type PartProps = { part: (typeof PARTS)[number]; exchange: Exchange; show: (value: unknown) => unknown };

function Part({ part, exchange, show }: PartProps) {
  switch (part) {
    case "Payment": {
      const parts = paymentParts(exchange);
      if (parts.length === 0) return <p className="second">Nothing about a payment.</p>;
      return parts.map(({ name, value }) => (
        <div key={name} className="stack-tight">
          <h3 className="part-title">{name}</h3>
          <Json value={show(value)} label={name} />
        </div>
      ));
    }
    case "Arguments":
      return <Json value={show(argumentsOf(exchange))} label="Body of the request" />;
    case "Answer":
      return (
        <>
          {exchange.error !== null && <p className="field-error">{exchange.error}</p>}
          <Json value={show(readable(exchange.responseBody))} label="Body of the answer" />
        </>
      );
    case "Headers":
      return (
        <>
          <h3 className="part-title">Request</h3>
          <Json value={show(exchange.requestHeaders)} label="Headers of the request" />
          <h3 className="part-title">Answer</h3>
          <Json value={show(exchange.responseHeaders)} label="Headers of the answer" />
        </>
      );
  }
}

function argumentsOf(exchange: Exchange): unknown {
  const body = readable(exchange.requestBody);
  return isObject(body) && isObject(body["params"]) ? body : exchange.requestBody === "" ? "(no body)" : body;
}
