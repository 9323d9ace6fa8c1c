// A server in the test's own process.
import { createServer } from "node:http";

/** Answers requests at a free port of this machine: `{origin, port, stop}`. `stop` breaks off what is under way. */
export async function serve(handler) {
  const server = createServer(handler);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { server, port, origin: `http://127.0.0.1:${port}`, stop };
}

/** Of a message's own form, which `fetch` has changed. */
const OF_THE_FORM = ["connection", "content-encoding", "content-length", "transfer-encoding"];

/** Passes on an answer that `fetch` has got. */
export async function passOn(answer, response) {
  const headers = [...answer.headers].filter(([name]) => !OF_THE_FORM.includes(name));
  response.writeHead(answer.status, Object.fromEntries(headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
}
