// thirdweb's x402 client.
import { createThirdwebClient, defineChain } from "thirdweb";
import { privateKeyToAccount } from "thirdweb/wallets";
import { createWalletAdapter } from "thirdweb/wallets";
import { wrapFetchWithPayment } from "thirdweb/x402";
import { print, seat, TOOLS_URL } from "./settings.mjs";

const client = createThirdwebClient({ clientId: "client-matrix" });
const account = privateKeyToAccount({ client, privateKey: process.env.PRIVATE_KEY });
const wallet = createWalletAdapter({ client, adaptedAccount: account, chain: defineChain(84532), onDisconnect: () => {}, switchChain: () => {} });
const paying = wrapFetchWithPayment(fetch, client, wallet);
const call = async (tool, body) => (await paying(`${TOOLS_URL}/${tool}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })).json();
print(await call("listEvents", {}), await call("rsvpToEvent", seat));
