// A wallet on Solana that sends USDC without x402: one transfer, whose fee it pays itself.
import {
  AccountRole,
  address,
  appendTransactionMessageInstruction,
  createTransactionMessage,
  getBase64EncodedWireTransaction,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
} from "@solana/kit";
import { SOLANA_USDC, TOKEN_PROGRAM, tokenAccountOf } from "./tokens.mjs";

const TRANSFER_CHECKED = 12;
const DECIMALS = 6;

/** Sends so many atomic units to an owner that has a token account. The transaction's signature. */
export async function sendByHand(chain, { from, to, amount }) {
  chain.giveSol(from.address);
  const data = Buffer.alloc(10);
  data.writeUInt8(TRANSFER_CHECKED, 0);
  data.writeBigUInt64LE(amount, 1);
  data.writeUInt8(DECIMALS, 9);
  const [source, destination] = await Promise.all([from.address, to].map(tokenAccountOf));
  const accounts = [
    { address: source, role: AccountRole.WRITABLE },
    { address: address(SOLANA_USDC), role: AccountRole.READONLY },
    { address: destination, role: AccountRole.WRITABLE },
    { address: from.address, role: AccountRole.READONLY_SIGNER, signer: from },
  ];
  const { value } = await asked(chain, "getLatestBlockhash", [{ commitment: "confirmed" }]);
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (empty) => setTransactionMessageFeePayerSigner(from, empty),
    (paid) => setTransactionMessageLifetimeUsingBlockhash({ ...value, lastValidBlockHeight: BigInt(value.lastValidBlockHeight) }, paid),
    (bounded) => appendTransactionMessageInstruction({ programAddress: address(TOKEN_PROGRAM), accounts, data }, bounded),
  );
  const wire = getBase64EncodedWireTransaction(await signTransactionMessageWithSigners(message));
  return asked(chain, "sendTransaction", [wire, { encoding: "base64" }]);
}

async function asked(chain, method, params) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await fetch(chain.rpcUrl, { method: "POST", headers: { "content-type": "application/json" }, body });
  const { result, error } = await answer.json();
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
}
