// Uses and cancels authorizations at the token, without a facilitator. The deployer's account sends, so that no
// facilitator's nonce changes.
import { encodeFunctionData, parseAbi } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { CHAIN_ID, USDC } from "../../dev/chain/accounts.mjs";
import { usdcAbi } from "../../dev/chain/chain.mjs";
import { send } from "./wallets.mjs";

const tokenAbi = parseAbi([
  "function cancelAuthorization(address authorizer, bytes32 nonce, bytes signature)",
  "function transferWithAuthorization(address, address, uint256, uint256, uint256, bytes32, bytes)",
]);

const callToken = (chain, functionName, args) =>
  send(chain, { to: USDC, data: encodeFunctionData({ abi: tokenAbi, functionName, args }) });

/** Whether the token has seen the authorization `nonce` of `address` used. */
export const isNonceUsed = ({ chain }, address, nonce) =>
  chain.client.readContract({ address: USDC, abi: usdcAbi, functionName: "authorizationState", args: [address, nonce] });

/** Has the payment's authorization used. */
export function spend({ chain }, { payload: { authorization, signature } }) {
  const { from, to, value, validAfter, validBefore, nonce } = authorization;
  const args = [from, to, BigInt(value), BigInt(validAfter), BigInt(validBefore), nonce, signature];
  return callToken(chain, "transferWithAuthorization", args);
}

/** `payer` cancels the payment's authorization, as EIP-3009 allows. */
export async function cancel({ chain, payer }, { payload: { authorization } }) {
  const { from, nonce } = authorization;
  const signature = await privateKeyToAccount(payer.privateKey).signTypedData({
    domain: { name: "USDC", version: "2", chainId: CHAIN_ID, verifyingContract: USDC },
    types: { CancelAuthorization: [{ name: "authorizer", type: "address" }, { name: "nonce", type: "bytes32" }] },
    primaryType: "CancelAuthorization",
    message: { authorizer: from, nonce },
  });
  return callToken(chain, "cancelAuthorization", [from, nonce, signature]);
}
