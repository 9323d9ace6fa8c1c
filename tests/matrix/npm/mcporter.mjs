// mcporter's command. It knows no payments; `--header` adds one to a call.
import { command, jsonIn, output } from "./command.mjs";
import { payAsText, print, seat, SERVER_URL } from "./settings.mjs";

const script = command("mcporter");
const call = async (tool, args, ...more) => jsonIn(await output(script, "call", "--http-url", SERVER_URL, "--allow-http", "--tool", tool, "--args", JSON.stringify(args), "--output", "json", ...more));
const free = await call("listEvents", {});
const challenge = await call("rsvpToEvent", seat);
const payment = await payAsText(challenge.structuredContent ?? challenge);
print(free, await call("rsvpToEvent", seat, "--header", `PAYMENT-SIGNATURE=${payment}`));
