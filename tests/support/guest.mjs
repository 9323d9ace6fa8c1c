// A whole deployment with our own facilitator, a host with events, and guest sessions at it.
import { FACTORY, FACTORY_CREATE, relayer } from "../../dev/chain/accounts.mjs";
import { openGuest } from "../../dev/lib/guest.mjs";
import { createEvent, openDoor, startNetwork } from "./network.mjs";

/** `network` as everywhere, `door` with one event at $0.05, and `guest(options)` to open sessions.
 * A deployment that `isAway` is not on the developer's machine, for all it knows, and has no host. */
export async function startGuests({ vars = {}, secrets = {}, isAway = false } = {}) {
  const network = await startNetwork({
    facilitatorUrl: "self",
    vars: {
      FACILITATOR_API: "open",
      WALLET_FACTORIES: `${FACTORY}:${FACTORY_CREATE}`,
      SMART_WALLET_FACTORY: FACTORY,
      ...(isAway && { PUBLIC_URL: "https://concierge.example" }),
      ...vars,
    },
    secrets: { RELAYER_PRIVATE_KEY: relayer.privateKey, ...secrets },
  });
  const [door, event] = isAway ? [] : await sells(network);
  const address = `${network.worker.url.replace(/^http/, "ws")}/agent`;
  const open = [];
  const guest = async ({ resume, ...options } = {}) => {
    const query = resume ? `?session=${resume.session}&token=${resume.token}` : "";
    const opened = await openGuest(address + query, options);
    open.push(opened);
    return opened;
  };
  const stop = async () => {
    for (const one of open) one.close();
    await network.stop();
  };
  // What the Worker takes for a door of its own begins with PUBLIC_URL.
  const mcpUrl = door && `${network.publicUrl}/mcp/users/${door.scope}`;
  return { network, door, event, guest, mcpUrl, address, stop };
}

async function sells(network) {
  const door = await openDoor(network);
  return [door, await createEvent(network, door)];
}

/** A guest that is connected to the door and pays with a wallet that has money. */
export async function readyGuest(stage, { wallet = "smart", account, policy, money = 1_000_000n, ...options } = {}) {
  const guest = await stage.guest({ account, ...options });
  guest.send({ type: "use_wallet", kind: wallet, ...(account && { address: account.address }) });
  const { guestAddress } = await guest.next("wallet_info");
  if (money > 0n) await stage.network.chain.mint(guestAddress, money);
  if (policy) {
    guest.send({ type: "set_policy", ...policy });
    await guest.next("policy", ({ policy: now }) => Object.entries(policy).every(([name, value]) => typeof value !== "string" || Number(now[name]) === Number(value)));
  }
  guest.send({ type: "connect_mcp", url: stage.mcpUrl });
  await guest.next("mcp_connected");
  return Object.assign(guest, { address: guestAddress });
}

export const buys = (event, callId) => ({ type: "call_tool", tool: "rsvpToEvent", arguments: { eventId: event.id }, ...(callId && { callId }) });

/** All tabs of a session are answered within a second, whatever else goes on in it. */
export async function isAwake(...tabs) {
  for (const tab of tabs) {
    tab.send({ type: "chat", text: "help" });
    await Promise.all(tabs.map((one) => one.next("chat", ({ text }) => text.startsWith("I can:"), 1)));
  }
}
