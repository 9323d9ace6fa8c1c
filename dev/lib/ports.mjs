// Ports for servers on this machine.
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

// Below the range of ports for outgoing connections. A client that keeps retrying a stopped server could otherwise be
// given the server's own port and hold it. FREE_PORTS limits the range, so that programs side by side never choose the
// same port.
const [LOWEST, HIGHEST] = (process.env.FREE_PORTS ?? "10000-32000").split("-").map(Number);
const TRIES = 100;
/** The port of this range that `fetch` and browsers refuse ("bad ports" of the Fetch standard). */
const REFUSED = 10_080;
/** Who was given a port may not listen yet. */
const given = new Set();

/** A port that nobody listens on, and another one each time. */
export async function freePort() {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    if (port === REFUSED || given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`none of ${TRIES} ports between ${LOWEST} and ${HIGHEST} is free`);
}

/** Whether nobody listens on a port, on either address of this machine. */
export async function isFree(port) {
  for (const address of ["127.0.0.1", "::1"]) {
    const taken = await new Promise((resolve) => {
      const server = createServer();
      server.once("error", (error) => resolve(error.code === "EADDRINUSE"));
      server.listen(port, address, () => server.close(() => resolve(false)));
    });
    if (taken) return false;
  }
  return true;
}
