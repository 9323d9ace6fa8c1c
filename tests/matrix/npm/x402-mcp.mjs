// x402-mcp (Vercel) around a client of the AI SDK. Its two tools are called as a model would call them.
import { createMCPClient } from "@ai-sdk/mcp";
import { withPayment } from "x402-mcp";
import { account, print, seat, SERVER_URL } from "./settings.mjs";

const plain = await createMCPClient({ transport: { type: "http", url: SERVER_URL } });
const client = await withPayment(plain, { account, network: "base-sepolia" });
const tools = await client.tools();
const call = (name, input) => tools[name].execute(input, { toolCallId: "1", messages: [] });
const free = await call("listEvents", {});
const challenge = await call("rsvpToEvent", seat);
const paymentRequirements = challenge._meta["x402/error"].accepts.find(({ maxAmountRequired }) => maxAmountRequired !== undefined);
const [name] = Object.keys(tools).filter((tool) => /payment/i.test(tool));
const { paymentAuthorization } = await call(name, { paymentRequirements });
print(free, await call("rsvpToEvent", { ...seat, paymentAuthorization }));
await client.close();
