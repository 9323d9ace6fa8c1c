// Set-up instructions for MCP clients: the texts to copy, and where they go. Pure.

export type Snippet = { label: string; text: string };
export type Client = { id: string; name: string; steps: string[]; snippets: Snippet[] };

/** The set-up of each client for the server at `url`. */
export function clientsFor(url: string): Client[] {
  return [claude(url), cursor(url), vsCode(url), chatGpt(url), mcpRemote(url), curl(url)];
}

function claude(url: string): Client {
  return {
    id: "claude",
    name: "Claude",
    steps: [
      "In Claude (web or desktop): Settings → Connectors → Add custom connector, give it a name and paste the server URL. Leave the OAuth fields empty.",
      "In Claude Code: run the command.",
    ],
    snippets: [
      { label: "Server URL for the connector", text: url },
      { label: "Command for Claude Code", text: `claude mcp add --transport http events ${url}` },
    ],
  };
}

function cursor(url: string): Client {
  return {
    id: "cursor",
    name: "Cursor",
    steps: [
      "Put this into ~/.cursor/mcp.json (all projects) or .cursor/mcp.json (one project), then reload Cursor.",
    ],
    snippets: [{ label: "~/.cursor/mcp.json", text: pretty({ mcpServers: { events: { url } } }) }],
  };
}

function vsCode(url: string): Client {
  const added = JSON.stringify({ name: "events", type: "http", url });
  return {
    id: "vscode",
    name: "VS Code",
    steps: ["Put this into .vscode/mcp.json of a project, or run the command to have it in all of them."],
    snippets: [
      { label: ".vscode/mcp.json", text: pretty({ servers: { events: { type: "http", url } } }) },
      { label: "Command for all projects", text: `code --add-mcp '${added}'` },
    ],
  };
}

function chatGpt(url: string): Client {
  return {
    id: "chatgpt",
    name: "ChatGPT",
    steps: [
      "Settings → Connectors → Advanced settings: turn developer mode on.",
      "Back in Connectors: Create, give it a name, paste the server URL, and choose “No authentication”.",
    ],
    snippets: [{ label: "Server URL", text: url }],
  };
}

function mcpRemote(url: string): Client {
  return {
    id: "mcp-remote",
    name: "mcp-remote",
    steps: ["For clients that can only start a local program: enter this command in their settings."],
    snippets: [
      { label: "Command", text: `npx mcp-remote ${url}` },
      {
        label: "The same as JSON",
        text: pretty({ mcpServers: { events: { command: "npx", args: ["mcp-remote", url] } } }),
      },
    ],
  };
}

function curl(url: string): Client {
  const post = (body: object) =>
    `curl -s ${url} -H 'content-type: application/json' \\\n  -d '${JSON.stringify(body)}'`;
  return {
    id: "curl",
    name: "curl",
    steps: ["No client needed: the server answers plain JSON-RPC."],
    snippets: [
      { label: "List the tools", text: post({ jsonrpc: "2.0", id: 1, method: "tools/list" }) },
      {
        label: "List the events",
        text: post({ jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "listEvents" } }),
      },
    ],
  };
}

function pretty(value: object): string {
  return JSON.stringify(value, null, 2);
}
