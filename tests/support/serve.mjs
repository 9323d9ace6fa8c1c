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
