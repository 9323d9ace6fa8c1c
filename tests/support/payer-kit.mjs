// Fresh wallets for one test case. The deployer's account sends all transactions, so that no facilitator's
// nonce changes.
import { concat, encodeFunctionData, parseAbi } from "viem";
import { privateKeyToAccount, sign } from "viem/accounts";
import { CHAIN_ID, FACTORY, USDC } from "../../dev/chain/accounts.mjs";
import { usdcAbi } from "../../dev/chain/chain.mjs";
import { ask, request } from "./facilitators.mjs";
import { payTerms, terms } from "./terms.mjs";
import { accountsOf, contractWallet, miniWallet, send } from "./wallets.mjs";

const MONEY = 1_000_000n;
const walletAbi = parseAbi(["function setOwner(address newOwner)"]);

const mint = (address) => encodeFunctionData({ abi: usdcAbi, functionName: "mint", args: [address, MONEY] });

/**
 * Wallets derived from `name`. Only `payer` has money. `settles` asks `facilitator`.
 */
export async function payerKit(chain, name, version, facilitator) {
  const [payer, stranger, payee] = accountsOf(name, 3);
  const kit = { chain, version, payer, stranger, payTo: payee.address };
  kit.settles = ({ payment, requirements }) => ask(facilitator, "settle", request(payment, requirements));
  kit.fund = (address, token = USDC) => send(chain, { to: token, data: mint(address) });
  kit.pays = async (wallet, changes) => {
    const requirements = terms(version, payee.address, changes);
    return { payment: await payTerms(version, requirements, wallet), requirements };
  };
  kit.wallet = async (make, { deployed = false, funded = true, ...options } = {}) => {
    const wallet = await make(chain, payer, options);
    if (funded) await kit.fund(wallet.address);
    if (deployed) await wallet.deploy();
    return wallet;
  };
  await kit.fund(payer.address);
  return kit;
}

/** The payer's own address as a contract (EIP-7702): its key makes it do what MiniWallet does. */
export async function delegate({ chain, payer, stranger }) {
  const code = await miniWallet(chain, stranger);
  await code.deploy();
  const terms = { contractAddress: code.address, chainId: CHAIN_ID, nonce: 0 };
  const authorization = await privateKeyToAccount(payer.privateKey).signAuthorization(terms);
  const data = encodeFunctionData({ abi: walletAbi, functionName: "setOwner", args: [payer.address] });
  await send(chain, { to: payer.address, data, authorizationList: [authorization] });
  const signature = async (hash) => concat(["0x01", await sign({ hash, privateKey: payer.privateKey, to: "hex" })]);
  return contractWallet(chain, { address: payer.address, factory: FACTORY, data: "0x00000000", signature });
}
