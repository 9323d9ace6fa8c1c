// Programs that pay, the same as in docs/clients.md (a test compares them), and the settings that they read. Pure.
import type { Client } from "./snippets";

/** The programs, for the server at `url`. */
export function payingPrograms(url: string): Client {
  const tool = `${url.replace("/mcp/users/", "/x402/users/")}/tools/rsvpToEvent`;
  const settings = `export TOOL_URL=${tool}\nexport EVENT_ID=evt_…\nexport PRIVATE_KEY=0x…`;
  return {
    id: "programs",
    name: "A program of your own that pays",
    steps: [
      "Set the address, an event and the key of a wallet with USDC, then run one of the programs. It prints the ticket.",
    ],
    snippets: [{ label: "Settings", text: settings }, ...PROGRAMS],
  };
}

const PROGRAMS: Client["snippets"] = [
  {
    label: "TypeScript — npm install @x402/fetch@2.27 @x402/evm@2.27 viem@2.57",
    text: `import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { privateKeyToAccount } from "viem/accounts";

const wallet = privateKeyToAccount(process.env.PRIVATE_KEY as \`0x\${string}\`);
const pay = wrapFetchWithPayment(fetch, new x402Client().register("eip155:*", new ExactEvmScheme(wallet)));
const body = JSON.stringify({ eventId: process.env.EVENT_ID });
const headers = { "content-type": "application/json" };
const answer = await pay(process.env.TOOL_URL!, { method: "POST", headers, body });
console.log(await answer.text());`,
  },
  {
    label: 'Python — pip install "x402[evm,requests]==2.25.0"',
    text: `import os
from eth_account import Account
from x402 import x402ClientSync
from x402.http.clients import x402_requests
from x402.mechanisms.evm import EthAccountSigner
from x402.mechanisms.evm.exact.register import register_exact_evm_client

wallet = EthAccountSigner(Account.from_key(os.environ["PRIVATE_KEY"]))
session = x402_requests(register_exact_evm_client(x402ClientSync(), wallet))
answer = session.post(os.environ["TOOL_URL"], json={"eventId": os.environ["EVENT_ID"]})
print(answer.text)`,
  },
  {
    label:
      "Rust — cargo add r402@0.21 alloy-signer-local@2.5 serde_json@1 tokio@1 -F tokio/full && cargo add reqwest@0.13 reqwest-middleware@0.5 -F reqwest-middleware/json",
    text: `use alloy_signer_local::PrivateKeySigner;
use r402::{evm::Eip155ExactClient, http::{WithPayments, X402Client}};
use std::{env::var, error::Error, sync::Arc};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let wallet = Arc::new(var("PRIVATE_KEY")?.parse::<PrivateKeySigner>()?);
    let client = reqwest::Client::new().with_payments(X402Client::new().register(Eip155ExactClient::new(wallet)));
    let seat = serde_json::json!({ "eventId": var("EVENT_ID")? });
    let answer = client.post(var("TOOL_URL")?).json(&seat).send().await?;
    println!("{}", answer.text().await?);
    Ok(())
}`,
  },
  {
    label: "curl — npm install mppx@0.11",
    text: `ask() { curl -s "$TOOL_URL" -H 'content-type: application/json' -d '{"eventId": "'"$EVENT_ID"'"}' "$@"; }
CHALLENGE=$(ask -D - -o price.json | grep -i '^www-authenticate:' | cut -d' ' -f2-)
PAYMENT=$(MPPX_PRIVATE_KEY=$PRIVATE_KEY npx mppx sign --challenge "$CHALLENGE")
ask -H "Authorization: $PAYMENT"`,
  },
];
