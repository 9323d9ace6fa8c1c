// How to connect a client to the door: what to copy.
import { useSettings } from "../../../api/settings";
import type { ProfileView } from "../../../api/types";
import { Card, CopyBlock, Notice, linkProps } from "../../../parts";
import { clientsFor, type Client } from "./snippets";

/** The section. */
export function Connect({ profile }: { profile: ProfileView }) {
  const { settings } = useSettings();
  const url = profile.mcpUrl;
  return (
    <>
      <Card title="Door address" level={3}>
        <CopyBlock text={url} what="address of your door" />
        <p>
          Give it to anybody: it is no secret. Your public page is{" "}
          <a href={`/e/${profile.urlSafeId}`}>your list of events</a>.
        </p>
      </Card>
      <Notice kind="info">
        Every MCP client can use the free tools: list the events, and show one. Buying a seat needs a client
        that speaks x402: <a {...linkProps("/")}>the chat of this page</a>, <code>agents/x402</code>, or{" "}
        <code>@x402/fetch</code> over plain HTTP. Other clients get the price and how to pay as an answer, and
        no money moves.
      </Notice>
      {settings?.local && (
        <Notice kind="warn">
          This door is on your own machine: clients that run elsewhere, such as Claude on the web and ChatGPT,
          cannot reach it.
        </Notice>
      )}
      {clientsFor(url).map((client) => (
        <SetUp key={client.id} client={client} />
      ))}
    </>
  );
}

function SetUp({ client }: { client: Client }) {
  return (
    <Card title={client.name} level={3}>
      {client.steps.length === 1 ? (
        <p>{client.steps[0]}</p>
      ) : (
        <ol className="mm-steps">
          {client.steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      )}
      {client.snippets.map(({ label, text }) => (
        <div key={label} className="mm-snippet">
          <h4>{label}</h4>
          <CopyBlock text={text} what={`${client.name}: ${label}`} />
        </div>
      ))}
    </Card>
  );
}
