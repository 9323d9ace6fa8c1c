// The Inspector's command. It knows no payments; `--tool-metadata` puts one into `_meta`.
import { command, jsonIn, output } from "./command.mjs";
import { payAsText, print, seat, SERVER_URL } from "./settings.mjs";

const script = command("mcp-inspector", "@modelcontextprotocol/inspector");
const call = async (tool, ...args) => jsonIn(await output(script, "--cli", SERVER_URL, "--transport", "http", "--method", "tools/call", "--tool-name", tool, ...args));
const free = await call("listEvents");
const argument = ["--tool-arg", `eventId=${seat.eventId}`];
const challenge = await call("rsvpToEvent", ...argument);
const payment = await payAsText(challenge.structuredContent);
print(free, await call("rsvpToEvent", ...argument, "--tool-metadata", `x402/payment=${payment}`));
