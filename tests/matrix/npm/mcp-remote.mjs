// mcp-remote carries MCP from a local program to the server. It passes `_meta` on, with the payment and the receipt.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { command } from "./command.mjs";
import { info, pay, print, seat, SERVER_URL } from "./settings.mjs";

const client = new Client(info);
await client.connect(new StdioClientTransport({ command: process.execPath, args: [command("mcp-remote"), SERVER_URL], stderr: "ignore" }));
const free = await client.callTool({ name: "listEvents", arguments: {} });
const call = { name: "rsvpToEvent", arguments: seat };
const challenge = await client.callTool(call);
const _meta = { "x402/payment": await pay(challenge.structuredContent) };
print(free, await client.callTool({ ...call, _meta }));
await client.close();
