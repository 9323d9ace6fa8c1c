// The Inspector's command. It knows no payments; `--tool-metadata` puts one into `_meta`.
// With `--strict` it says which schemas some clients would refuse.
import { command, complaints, jsonIn, output } from "./command.mjs";
import { payAsText, print, seat, SERVER_URL } from "./settings.mjs";

const script = command("mcp-inspector", "@modelcontextprotocol/inspector");
const call = async (tool, ...args) => jsonIn(await output(script, "--cli", SERVER_URL, "--transport", "http", "--method", "tools/call", "--tool-name", tool, ...args));
for (const url of [SERVER_URL, new URL("/mcp", SERVER_URL).href]) {
  const found = await complaints(script, "--cli", url, "--transport", "http", "--method", "tools/list", "--strict");
  if (found !== "") throw new Error(found);
}
const free = await call("listEvents");
const argument = ["--tool-arg", `eventId=${seat.eventId}`];
const challenge = await call("rsvpToEvent", ...argument);
const payment = await payAsText(challenge.structuredContent);
print(free, await call("rsvpToEvent", ...argument, "--tool-metadata", `x402/payment=${payment}`));
