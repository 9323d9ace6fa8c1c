// A stage for guest sessions: a deployment of `guests.mjs`, a host with an event, and sessions at it.
import { agentUrl, openSession, startGuests } from "./guests.mjs";
import { createEvent, openServer } from "./network.mjs";

/** `network` as everywhere, `server` with one event at $0.05, and `guest(options)` to open sessions.
 * A deployment that `isAway` is not on the developer's machine, for all it knows, and has no host. */
export async function startStage({ vars = {}, secrets = {}, isAway = false } = {}) {
  const away = isAway && { PUBLIC_URL: "https://concierge.example" };
  const network = await startGuests({ vars: { ...away, ...vars }, secrets });
  const [server, event] = isAway ? [] : await sells(network);
  const open = [];
  const guest = async (options) => {
    const opened = await openSession(network, options);
    open.push(opened);
    return opened;
  };
  const stop = async () => {
    for (const one of open) one.close();
    await network.stop();
  };
  // What the Worker takes for a server of its own begins with PUBLIC_URL.
  const mcpUrl = server && `${network.publicUrl}/mcp/users/${server.scope}`;
  return { network, server, event, guest, mcpUrl, address: agentUrl(network), stop };
}

async function sells(network) {
  const server = await openServer(network);
  return [server, await createEvent(network, server)];
}

/** A guest that is connected to the server and pays with a wallet that has money. */
export async function readyGuest(stage, { wallet = "smart", account, policy, money = 1_000_000n, ...options } = {}) {
  const guest = await stage.guest({ account, ...options });
  guest.send({ type: "use_wallet", kind: wallet, ...(account && { address: account.address }) });
  const { guestAddress } = await guest.next("wallet_info");
  if (money > 0n) await stage.network.chain.mint(guestAddress, money);
  if (policy) {
    guest.send({ type: "set_policy", ...policy });
    const wanted = Object.entries(policy).filter(([, value]) => typeof value === "string");
    await guest.next("policy", ({ policy: now }) => wanted.every(([name, value]) => Number(now[name]) === Number(value)));
  }
  guest.send({ type: "connect_mcp", url: stage.mcpUrl });
  await guest.next("mcp_connected");
  return Object.assign(guest, { address: guestAddress });
}

/** Every tab of the session gets an answer within one second, also while the session does something else. */
export async function isAwake(...tabs) {
  for (const tab of tabs) {
    tab.send({ type: "chat", text: "help" });
    await Promise.all(tabs.map((one) => one.next("chat", ({ text }) => text.startsWith("I can:"), 1)));
  }
}
