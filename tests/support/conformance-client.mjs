// What the conformance suite starts as "the client": it tells a guest session to connect to the server of the scenario
// and to call its tools. `node conformance-client.mjs <address of /agent> <address of the server>`
//
// The guest's bytes pass through this process. A scenario's server ends when its last connection does, and the local runtime
// keeps that of an event stream open which the guest has aborted; so it closes with the client, as with every other one.
import { connect, createServer } from "node:net";
import { openGuest } from "../../dev/lib/guest.mjs";

const [agent, server] = process.argv.slice(2);
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? "{}");
const guest = await openGuest(agent, { seconds: 20 });

/** Calls a tool, and gives the answer for it. */
async function call(tool, args = {}) {
  const callId = `${tool}-${guest.messages.length}`;
  guest.send({ type: "call_tool", tool, arguments: args, callId });
  const answer = await guest.next(["tool_result", "tool_error"], (message) => message.callId === callId);
  if (answer.type === "tool_error") throw new Error(`${tool}: ${answer.result}`);
  return answer.result;
}

/** Answers `text` in the chat for every field that a server asks for. */
function typesAlways(text) {
  guest.on("chat", ({ text: said }) => {
    if (said.includes("Type your answer") || said.includes('Type "yes"')) guest.send({ type: "chat", text });
  });
}

const SCENARIOS = {
  initialize: async () => {},
  tools_call: () => call("add_numbers", { a: 5, b: 3 }),
  "elicitation-sep1034-client-defaults": () => {
    typesAlways("skip");
    return call("test_client_elicitation_defaults");
  },
  "sse-retry": () => call("test_reconnection"),
  "request-metadata": async () => {},
  "sep-2322-client-request-state": async () => {
    const first = call("test_mrtr_echo_state");
    await guest.next("chat");
    await call("test_mrtr_unrelated");
    guest.send({ type: "chat", text: "yes" });
    await first;
    typesAlways("yes");
    await call("test_mrtr_no_state");
    await call("test_mrtr_no_result_type");
  },
  "http-standard-headers": async ({ tools }) => {
    for (const { name } of tools) await call(name);
  },
  "http-custom-headers": async () => {
    for (const { name, arguments: args } of context.toolCalls) await call(name, args);
  },
  "http-invalid-tool-headers": async ({ tools }) => {
    for (const { name } of tools) await call(name, { region: "us-west1" });
  },
  "json-schema-ref-no-deref": async () => {},
  "json-schema-2020-12-preservation": async ({ tools }) => {
    const { inputSchema } = tools.find(({ name }) => name === "json_schema_2020_12_tool");
    await call("json_schema_echo", { schema: inputSchema });
  },
};

/** The same address, at a port of this process. */
async function throughHere(address) {
  const { port, hostname, pathname } = new URL(address);
  const relay = createServer((socket) => {
    const other = connect(Number(port), hostname);
    socket.pipe(other).pipe(socket);
    for (const end of [socket, other]) end.on("error", () => [socket, other].forEach((one) => one.destroy()));
  });
  await new Promise((resolve) => relay.listen(0, "127.0.0.1", resolve));
  relay.unref();
  return `http://127.0.0.1:${relay.address().port}${pathname}`;
}

guest.send({ type: "connect_mcp", url: await throughHere(server) });
const connected = await guest.next(["mcp_connected", "error"]);
if (connected.type === "error") throw new Error(connected.message);
await SCENARIOS[process.env.MCP_CONFORMANCE_SCENARIO](connected);
guest.close();
await guest.closed;
process.exit(0);
