// x402-fetch, the client of version 1.
import { baseSepolia } from "viem/chains";
import { createWalletClient, http } from "viem";
import { wrapFetchWithPayment } from "x402-fetch";
import { account, print, seat, TOOLS_URL } from "./settings.mjs";

const wallet = createWalletClient({ account, chain: baseSepolia, transport: http() });
const paying = wrapFetchWithPayment(fetch, wallet);
const call = (tool, body) => paying(`${TOOLS_URL}/${tool}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
print(await (await call("listEvents", {})).json(), await (await call("rsvpToEvent", seat)).json());
