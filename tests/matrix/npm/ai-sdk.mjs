// @ai-sdk/mcp knows no payments. Its transport takes a `fetch`: that of mppx pays. It reads the list of events (SEP-3415), too.
import { createMCPClient } from "@ai-sdk/mcp";
import { payingFetch, print, seat, SERVER_URL } from "./settings.mjs";

const client = await createMCPClient({ transport: { type: "http", url: SERVER_URL, fetch: payingFetch() } });
const { events } = await client.experimental_events.list();
if (events[0]?.name !== "waitlist.offered") throw new Error(`events/list: ${JSON.stringify(events)}`);
const tools = await client.tools();
const call = (name, input) => tools[name].execute(input, { toolCallId: "1", messages: [] });
print(await call("listEvents", {}), await call("rsvpToEvent", seat));
await client.close();
