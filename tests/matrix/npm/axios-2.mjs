// @x402/axios, as its README says.
import { wrapAxiosWithPaymentFromConfig } from "@x402/axios";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import axios from "axios";
import { account, print, seat, TOOLS_URL } from "./settings.mjs";

const paying = wrapAxiosWithPaymentFromConfig(axios.create(), { schemes: [{ network: "eip155:84532", client: new ExactEvmScheme(account) }] });
const call = async (tool, body) => (await paying.post(`${TOOLS_URL}/${tool}`, body)).data;
print(await call("listEvents", {}), await call("rsvpToEvent", seat));
