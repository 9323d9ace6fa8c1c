import { useSettings } from "../../../api/settings";
import type { ProfileView } from "../../../api/types";
import { Card, CopyBlock, Notice, linkProps } from "../../../parts";
import { payingPrograms } from "./programs";
import { clientsFor, type Client } from "./snippets";

/** How to connect MCP clients to the server. */
export function Connect({ profile }: { profile: ProfileView }) {
  const { settings } = useSettings();
  const url = profile.mcpUrl;
  return (
    <>
      <Card title="Server URL" level={3}>
        <CopyBlock text={url} what="server URL" />
        <p>
          The URL is public: share it with anybody. Your public page is{" "}
          <a href={`/e/${profile.urlSafeId}`}>your list of events</a>.
        </p>
      </Card>
      <Notice kind="info">
        Every MCP client can call the free tools, which list events and show one. Buying a seat needs a client
        that supports x402: <a {...linkProps("/")}>the chat of this page</a>, <code>agents/x402</code>, or a
        program of a few lines (below). Other clients get the price and the way to pay as an answer, and no
        money moves.
      </Notice>
      {settings?.local && (
        <Notice kind="warn">
          This server is on your own machine: clients that run elsewhere, such as Claude on the web and
          ChatGPT, cannot reach it.
        </Notice>
      )}
      {[...clientsFor(url), payingPrograms(url)].map((client) => (
        <ClientCard key={client.id} client={client} />
      ))}
    </>
  );
}

function ClientCard({ client }: { client: Client }) {
  return (
    <Card title={client.name} level={3}>
      {client.steps.length === 1 ? (
        <p>{client.steps[0]}</p>
      ) : (
        <ol className="host-steps">
          {client.steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      )}
      {client.snippets.map(({ label, text }) => (
        <div key={label} className="host-snippet">
          <h4>{label}</h4>
          <CopyBlock text={text} what={`${client.name}: ${label}`} />
        </div>
      ))}
    </Card>
  );
}
