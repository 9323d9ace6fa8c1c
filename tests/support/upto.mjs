// Payments of x402's `upto` scheme, step by step: the payer permits the most, the facilitator that it names moves part
// of that. They are made and signed by the official packages; what a test changes in one, it signs anew.
import { x402Client } from "@x402/core/client";
import { uptoPermit2WitnessTypes, x402UptoPermit2ProxyABI } from "@x402/evm";
import { createPermit2ApprovalTx, UptoEvmScheme } from "@x402/evm/upto/client";
import { createWalletClient, encodeFunctionData, erc20Abi, http, maxUint256, parseAbi, parseEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { baseSepolia } from "viem/chains";
import { CHAIN_ID, PERMIT2, UPTO_PROXY, USDC } from "../../dev/chain/accounts.mjs";
import { ask, request } from "./facilitators.mjs";
import { payerKit } from "./payer-kit.mjs";
import { challengeOf, terms } from "./terms.mjs";

/** The most that a payment permits, if nothing else is said. */
export const MOST = 10_000n;
export const OTHER_TOKEN = "0x0000000000000000000000000000000000c01200";
// Permit2 reverts with errors of its own.
const permit2Abi = parseAbi([
  "function nonceBitmap(address owner, uint256 word) view returns (uint256)",
  "function invalidateUnorderedNonces(uint256 word, uint256 mask)",
  "error InvalidAmount(uint256 maxAmount)",
  "error InvalidContractSignature()",
  "error InvalidNonce()",
  "error InvalidSignature()",
  "error InvalidSignatureLength()",
  "error InvalidSigner()",
  "error SignatureExpired(uint256 signatureDeadline)",
]);
const proxy = { address: UPTO_PROXY, abi: [...x402UptoPermit2ProxyABI, ...permit2Abi] };
const ETHER = parseEther("1");
const now = () => Math.floor(Date.now() / 1000);

// --- what the payer does on the chain ---

/** Sends from `payer`'s own account, which is given ETH if it has little. A wallet that is a contract needs no key. */
async function sendAs({ url, client, test }, payer, transaction) {
  const { address } = payer;
  if ((await client.getBalance({ address })) < ETHER) await test.setBalance({ address, value: ETHER });
  if (!payer.privateKey) await test.impersonateAccount({ address });
  const account = payer.privateKey ? privateKeyToAccount(payer.privateKey) : address;
  const sender = createWalletClient({ account, chain: baseSepolia, transport: http(url) });
  const receipt = await client.waitForTransactionReceipt({ hash: await sender.sendTransaction(transaction) });
  if (receipt.status !== "success") throw new Error(`${receipt.transactionHash} failed`);
  return receipt;
}

/** `payer` lets Permit2 move its token: all of it, as the official package proposes, or `amount`. */
export function approvePermit2(chain, payer, amount = maxUint256, token = USDC) {
  const { to, data } = createPermit2ApprovalTx(token);
  const args = [PERMIT2, amount];
  const own = encodeFunctionData({ abi: erc20Abi, functionName: "approve", args });
  return sendAs(chain, payer, { to, data: amount === maxUint256 ? data : own });
}

/** Whether Permit2 has seen `nonce` of `owner` used. */
export async function isPermitUsed(chain, owner, nonce) {
  const [word, bit] = [BigInt(nonce) >> 8n, BigInt(nonce) & 255n];
  const asked = { address: PERMIT2, abi: permit2Abi, functionName: "nonceBitmap", args: [owner, word] };
  return ((await chain.client.readContract(asked)) >> bit) % 2n === 1n;
}

/** `payer` makes the payment's nonce useless, as Permit2 allows. */
export function cancelPermit(chain, payer, { payload: { permit2Authorization } }) {
  const nonce = BigInt(permit2Authorization.nonce);
  const args = [nonce >> 8n, 1n << (nonce & 255n)];
  const data = encodeFunctionData({ abi: permit2Abi, functionName: "invalidateUnorderedNonces", args });
  return sendAs(chain, payer, { to: PERMIT2, data });
}

// --- payments ---

/** Payment requirements of the scheme; `facilitator` is the address that may settle. */
export function uptoTerms(payTo, facilitator, changes = {}) {
  const { extra, ...common } = terms(2, payTo);
  const named = { ...extra, assetTransferMethod: "permit2", facilitatorAddress: facilitator };
  return { ...common, scheme: "upto", amount: String(MOST), extra: named, ...changes };
}

/** The official client of a payer, for this scheme alone. `payer` has a private key, or is a wallet that signs. */
export function uptoClient(payer) {
  const signer = payer.signTypedData ? payer : privateKeyToAccount(payer.privateKey);
  return new x402Client().register("eip155:*", new UptoEvmScheme(signer));
}

/** What the official client makes of the requirements. */
export const payUpto = (requirements, payer) => uptoClient(payer).createPaymentPayload(challengeOf(2, requirements));

/** Other words in the payment, under the signature that it had. `changes` reach into `permitted` and `witness`. */
export function alterUpto(payment, changes) {
  const old = payment.payload.permit2Authorization;
  const permitted = { ...old.permitted, ...changes.permitted };
  const witness = { ...old.witness, ...changes.witness };
  const permit2Authorization = { ...old, ...changes, permitted, witness };
  return { ...payment, payload: { ...payment.payload, permit2Authorization } };
}

/** The same signed anew by `payer`, or by `signer` in its name. */
export async function resignUpto(payment, payer, changes, { signer = payer, domain = {} } = {}) {
  const altered = alterUpto(payment, changes);
  const { from: _, ...message } = altered.payload.permit2Authorization;
  const account = signer.signTypedData ? signer : privateKeyToAccount(signer.privateKey);
  const signature = await account.signTypedData({
    domain: { name: "Permit2", chainId: CHAIN_ID, verifyingContract: PERMIT2, ...domain },
    types: uptoPermit2WitnessTypes,
    primaryType: "PermitWitnessTransferFrom",
    message,
  });
  return { ...altered, payload: { ...altered.payload, signature } };
}

/**
 * What may be wrong in a payment, as `changes` of it; each is to be refused, with the old signature and with a new one.
 * `stranger` is of the kit.
 */
export const forgeries = {
  "another payee": ({ stranger }) => ({ witness: { to: stranger.address } }),
  "another facilitator": ({ stranger }) => ({ witness: { facilitator: stranger.address } }),
  "another spender": ({ stranger }) => ({ spender: stranger.address }),
  "another token": () => ({ permitted: { token: OTHER_TOKEN } }),
  "less than is asked for": () => ({ permitted: { amount: String(MOST - 1n) } }),
  "more than is asked for": () => ({ permitted: { amount: String(MOST + 1n) } }),
  "a deadline that is over": () => ({ deadline: String(now() - 60) }),
  "a time that has not come": () => ({ witness: { validAfter: String(now() + 600) } }),
};

// --- the contract itself, without a facilitator ---

function settleArgs({ payload: { permit2Authorization, signature } }, amount) {
  const { from, permitted, nonce, deadline, witness } = permit2Authorization;
  const permit = { permitted, nonce, deadline };
  return [permit, amount, from, witness, signature];
}

/** What the proxy says when `sender` (an address) asks it to move `amount`: the name of an error, or "settled". */
export async function askProxy({ client }, payment, amount, sender) {
  const call = { ...proxy, functionName: "settle", args: settleArgs(payment, amount), account: sender };
  try {
    await client.simulateContract(call);
    return "settled";
  } catch (error) {
    const { data, reason } = error.walk(({ name }) => name === "ContractFunctionRevertedError") ?? {};
    if (!data) throw error;
    return data.errorName === "Error" ? reason : data.errorName;
  }
}

/** Has the proxy move `amount`, by `sender` with its key; no facilitator hears of it. */
export function settleAtProxy(chain, payment, amount, sender) {
  const data = encodeFunctionData({ ...proxy, functionName: "settle", args: settleArgs(payment, amount) });
  return sendAs(chain, sender, { to: UPTO_PROXY, data });
}

// --- all of it, for one test case ---

/**
 * Wallets derived from `name`, as `payerKit` makes them; `payer` has approved Permit2. `facilitator` has a `url` and
 * the address of its `relayer`. `pays` gives `payment` and `requirements`, which `verifies` and `settles` ask about.
 */
export async function uptoKit(chain, name, facilitator, { approved = true } = {}) {
  const kit = await payerKit(chain, name, 2, facilitator);
  kit.facilitator = facilitator;
  kit.approve = (wallet, ...rest) => approvePermit2(chain, wallet, ...rest);
  kit.pays = async (wallet = kit.payer, changes) => {
    const requirements = uptoTerms(kit.payTo, facilitator.relayer, changes);
    return { payment: await payUpto(requirements, wallet), requirements };
  };
  kit.verifies = ({ payment, requirements }) => ask(facilitator, "verify", request(payment, requirements));
  // What is settled stands where the price was.
  kit.settles = ({ payment, requirements }, amount = MOST) =>
    ask(facilitator, "settle", request(payment, { ...requirements, amount: String(amount) }));
  kit.received = () => chain.balance(kit.payTo);
  kit.isUsed = ({ payment: { payload } }) =>
    isPermitUsed(chain, payload.permit2Authorization.from, payload.permit2Authorization.nonce);
  if (approved) await kit.approve(kit.payer);
  return kit;
}
