// Ports for servers on this machine.
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

// Below where systems take the ports of outgoing connections from. Whoever tries again and again to reach a
// server that is away is given such a port sooner or later, may be given the server's own, and then holds it.
// FREE_PORTS names fewer of them, so that programs side by side never choose the same one.
const [LOWEST, HIGHEST] = (process.env.FREE_PORTS ?? "10000-32000").split("-").map(Number);
const TRIES = 100;

/** A port that nobody listens on. */
export async function freePort() {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) return port;
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
