// @ai-sdk/mcp knows no payments. Its transport takes a `fetch`: that of mppx pays.
import { createMCPClient } from "@ai-sdk/mcp";
import { payingFetch, print, seat, SERVER_URL } from "./settings.mjs";

const client = await createMCPClient({ transport: { type: "http", url: SERVER_URL, fetch: payingFetch() } });
const tools = await client.tools();
const call = (name, input) => tools[name].execute(input, { toolCallId: "1", messages: [] });
print(await call("listEvents", {}), await call("rsvpToEvent", seat));
await client.close();
