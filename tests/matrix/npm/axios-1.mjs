// x402-axios, the client of version 1.
import axios from "axios";
import { createWalletClient, http } from "viem";
import { baseSepolia } from "viem/chains";
import { withPaymentInterceptor } from "x402-axios";
import { account, print, seat, TOOLS_URL } from "./settings.mjs";

const wallet = createWalletClient({ account, chain: baseSepolia, transport: http() });
const paying = withPaymentInterceptor(axios.create(), wallet);
const call = async (tool, body) => (await paying.post(`${TOOLS_URL}/${tool}`, body)).data;
print(await call("listEvents", {}), await call("rsvpToEvent", seat));
