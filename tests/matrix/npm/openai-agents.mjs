// @openai/agents knows no payments. Its MCP server takes a `fetch`: that of mppx pays.
import { MCPServerStreamableHttp } from "@openai/agents";
import { payingFetch, print, seat, SERVER_URL } from "./settings.mjs";

const server = new MCPServerStreamableHttp({ name: "events", url: SERVER_URL, fetch: payingFetch() });
await server.connect();
print(await server.callTool("listEvents", {}), await server.callTool("rsvpToEvent", seat));
await server.close();
