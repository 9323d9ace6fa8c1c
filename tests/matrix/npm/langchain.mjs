// @langchain/mcp-adapters knows no payments. Its hook `beforeToolCall` adds a header to a call.
import { MultiServerMCPClient } from "@langchain/mcp-adapters";
import { payAsText, print, seat, SERVER_URL } from "./settings.mjs";

let payment;
const beforeToolCall = () => (payment ? { headers: { "payment-signature": payment } } : {});
const client = new MultiServerMCPClient({ mcpServers: { events: { transport: "http", url: SERVER_URL } }, beforeToolCall });
const tools = await client.getTools();
const tool = (name) => tools.find((one) => one.name === name);
const free = await tool("listEvents").invoke({});
// What the server answers to a call without payment comes as an error with its text.
const challenge = await tool("rsvpToEvent").invoke(seat).then(String, ({ message }) => message);
payment = await payAsText(JSON.parse(challenge.slice(challenge.indexOf("{"))));
print(free, await tool("rsvpToEvent").invoke(seat));
await client.close();
