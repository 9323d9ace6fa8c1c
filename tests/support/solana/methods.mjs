// The methods of a node's JSON-RPC interface that x402 and a Worker need, over the machine. Any other is "not found".
import { fail, invalid, readAddress, readConfig, readEncoding, readSignature, readWire, RpcError } from "./asked.mjs";
import { LIFETIME_BLOCKS } from "./machine.mjs";
import { blockTimeOf, shownAccount, shownAmount, shownInner, shownMemo, shownStatus, shownTransaction } from "./shown.mjs";
import { GENESIS_HASH, readMint, readToken, TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from "./tokens.mjs";

const VERSION = "2.3.13";
const FEATURE_SET = 3_640_012_085;
const SIGNATURES_MAX = 256;
const ACCOUNTS_MAX = 100;
const CONTEXT = ["commitment", "minContextSlot"];
const ENCODINGS = [undefined, "base58", "base64", "jsonParsed"];
const UNVERIFIED = "Transaction signature verification failure";

/** The methods by name; each takes its list of parameters. They throw what a node answers as an error. */
export function methodsOf(one) {
  const context = (commitment) => ({ slot: one.slot(commitment), apiVersion: VERSION });
  const inContext = ({ commitment = "finalized" }, value) => ({ context: context(commitment), value });
  const configOf = (value, ...fields) => {
    const config = readConfig(value, [...CONTEXT, ...fields]);
    const slot = one.slot(config.commitment ?? "finalized");
    if (config.minContextSlot > slot) fail(-32016, "Minimum context slot has not been reached", { contextSlot: slot });
    return config;
  };
  return {
    getHealth: () => "ok",
    getVersion: () => ({ "solana-core": VERSION, "feature-set": FEATURE_SET }),
    getGenesisHash: () => GENESIS_HASH,
    getSlot: ([asked]) => one.slot(configOf(asked).commitment ?? "finalized"),
    getBlockHeight: ([asked]) => one.height(configOf(asked).commitment ?? "finalized"),
    getMinimumBalanceForRentExemption: ([bytes]) => {
      if (!Number.isSafeInteger(bytes) || bytes < 0) throw invalid("Invalid params: invalid type: expected usize.");
      return one.svm.minimumBalanceForRentExemption(BigInt(bytes));
    },
    getLatestBlockhash: ([asked]) => {
      const config = configOf(asked);
      const height = one.height(config.commitment ?? "finalized");
      return inContext(config, { blockhash: one.hashOf(height), lastValidBlockHeight: height + LIFETIME_BLOCKS });
    },
    isBlockhashValid: ([hash, asked]) => inContext(configOf(asked), one.isFresh(readAddress(hash))),
    ...accountMethods(one, configOf, inContext),
    ...historyMethods(one, configOf, context),
    ...transactionMethods(one, configOf, context),
  };
}

function accountMethods(one, configOf, inContext) {
  const at = ({ commitment = "finalized" }) => (address) => one.account(address, commitment);
  const shown = (config) => {
    const encoding = readEncoding(config.encoding, ENCODINGS);
    return (address) => shownAccount(at(config)(address), encoding, at(config));
  };
  return {
    getBalance: ([address, asked]) => {
      const config = configOf(asked);
      const found = at(config)(readAddress(address));
      return inContext(config, found.exists ? found.lamports : 0n);
    },
    getAccountInfo: ([address, asked]) => {
      const config = configOf(asked, "encoding");
      return inContext(config, shown(config)(readAddress(address)));
    },
    getMultipleAccounts: ([addresses, asked]) => {
      if (!Array.isArray(addresses)) throw invalid("Invalid params: invalid type: expected a sequence.");
      if (addresses.length > ACCOUNTS_MAX) throw invalid(`Too many inputs provided; max ${ACCOUNTS_MAX}`);
      const config = configOf(asked, "encoding");
      return inContext(config, addresses.map(readAddress).map(shown({ encoding: "base64", ...config })));
    },
    getTokenAccountBalance: ([address, asked]) => {
      const config = configOf(asked);
      const found = at(config)(readAddress(address));
      if (!found.exists) throw invalid("Invalid param: could not find account");
      const token = readToken(found);
      if (!token) throw invalid("Invalid param: not a Token account");
      return inContext(config, shownAmount(token.amount, readMint(at(config)(token.mint)).decimals));
    },
    getTokenAccountsByOwner: ([owner, filter, asked]) => {
      readAddress(owner);
      const config = configOf(asked, "encoding");
      const { mint, programId } = readConfig(filter, ["mint", "programId"]);
      if ((mint === undefined) === (programId === undefined)) throw invalid("Invalid params: expected either mint or programId.");
      if (mint !== undefined && !readMint(at(config)(mint))) throw invalid("Invalid param: could not find mint");
      const program = programId ?? at(config)(mint).programAddress;
      if (![TOKEN_PROGRAM, TOKEN_2022_PROGRAM].includes(program)) throw invalid("Invalid param: unrecognized Token program id");
      const isMeant = (token) => token?.owner === owner && (mint === undefined || token.mint === mint);
      const found = one.svm.getProgramAccounts(program).map(({ address }) => address).filter((address) => isMeant(readToken(at(config)(address))));
      return inContext(config, found.map((pubkey) => ({ pubkey, account: shown(config)(pubkey) })));
    },
  };
}

function historyMethods(one, configOf, context) {
  const confirmed = (asked, ...fields) => {
    const config = configOf(asked, ...fields);
    if (config.commitment === "processed") throw invalid("Method does not support commitment below `confirmed`");
    return { ...config, isSeen: (entry) => one.has(entry, config.commitment ?? "finalized") };
  };
  const statusOf = (entry) => {
    const confirmationStatus = one.commitmentOf(entry);
    const confirmations = confirmationStatus === "finalized" ? null : Math.min(one.slot() - entry.slot, 31);
    return { slot: entry.slot, confirmations, err: entry.err, status: shownStatus(entry.err), confirmationStatus };
  };
  return {
    getSignatureStatuses: ([signatures, asked]) => {
      if (!Array.isArray(signatures)) throw invalid("Invalid params: invalid type: expected a sequence.");
      if (signatures.length > SIGNATURES_MAX) throw invalid(`Too many inputs provided; max ${SIGNATURES_MAX}`);
      const { searchTransactionHistory: isSearched } = readConfig(asked, ["searchTransactionHistory"]);
      const value = signatures.map(readSignature).map((signature) => {
        const entry = one.landed.find((landed) => landed.signature === signature);
        // What is older is in the history only.
        const isRecent = entry && one.slot() - entry.slot <= LIFETIME_BLOCKS;
        return isRecent || (isSearched && entry) ? statusOf(entry) : null;
      });
      return { context: context("processed"), value };
    },
    getSignaturesForAddress: ([address, asked]) => {
      readAddress(address);
      const { limit = 1_000, before, until, isSeen } = confirmed(asked, "limit", "before", "until");
      const newest = one.landed.filter(isSeen).reverse();
      const from = before === undefined ? 0 : newest.findIndex(({ signature }) => signature === before) + 1;
      if (before !== undefined && from === 0) return [];
      const end = newest.findIndex(({ signature }) => signature === until);
      const asFar = newest.slice(from, end === -1 ? undefined : end).filter(({ keys }) => keys.includes(address));
      return asFar.slice(0, limit).map((entry) => ({
        signature: entry.signature,
        slot: entry.slot,
        err: entry.err,
        memo: shownMemo(entry),
        blockTime: blockTimeOf(entry),
        confirmationStatus: one.commitmentOf(entry),
      }));
    },
    getTransaction: ([signature, asked]) => {
      readSignature(signature);
      const { isSeen, ...config } = confirmed(asked, "encoding", "maxSupportedTransactionVersion");
      const encoding = readEncoding(config.encoding, ["json", "base64"], "json");
      const entry = one.landed.find((landed) => landed.signature === signature && isSeen(landed));
      if (entry === undefined) return null;
      if (entry.message.version === 0 && config.maxSupportedTransactionVersion !== 0) {
        const remedy = 'Please try the request again with the following configuration parameter: "maxSupportedTransactionVersion": 0';
        fail(-32015, `Transaction version (0) is not supported by the requesting client. ${remedy}`);
      }
      return shownTransaction(entry, encoding, one.account);
    },
  };
}

function transactionMethods(one, configOf, context) {
  const shownOutcome = ({ err, logs, units, returned, inner }, { innerInstructions }) => {
    const data = Buffer.from(returned?.data() ?? []);
    return {
      err,
      logs,
      accounts: null,
      unitsConsumed: Number(units),
      returnData: data.length === 0 ? null : { data: [data.toString("base64"), "base64"] },
      innerInstructions: innerInstructions ? shownInner(inner) : null,
    };
  };
  return {
    simulateTransaction: ([wire, asked]) => {
      const config = configOf(asked, "encoding", "sigVerify", "replaceRecentBlockhash", "innerInstructions");
      const { sigVerify, replaceRecentBlockhash: isRenewed = false, commitment = "finalized" } = config;
      if (sigVerify && isRenewed) throw invalid("sigVerify may not be used with replaceRecentBlockhash");
      const read = readWire(wire, config.encoding);
      if (sigVerify && !one.isSigned(read)) fail(-32003, UNVERIFIED);
      const value = shownOutcome(one.simulate(read, { isRenewed }), config);
      const height = one.height(commitment);
      if (isRenewed) value.replacementBlockhash = { blockhash: one.hashOf(height), lastValidBlockHeight: height + LIFETIME_BLOCKS };
      return { context: context(commitment), value };
    },
    sendTransaction: ([wire, asked]) => {
      const config = readConfig(asked, ["encoding", "skipPreflight", "preflightCommitment", "maxRetries", "minContextSlot"]);
      const read = readWire(wire, config.encoding);
      if (!config.skipPreflight) {
        if (!one.isSigned(read)) fail(-32003, UNVERIFIED);
        const outcome = one.simulate(read);
        const said = `Transaction simulation failed: ${wordsFor(outcome.err)}`;
        if (outcome.err !== null) throw new RpcError(-32002, said, shownOutcome(outcome, {}));
      }
      one.send(read);
      return read.signature;
    },
  };
}

const WORDS = {
  AlreadyProcessed: "This transaction has already been processed",
  BlockhashNotFound: "Blockhash not found",
  AccountNotFound: "Attempt to debit an account but found no record of a prior credit.",
  InsufficientFundsForFee: "Insufficient funds for fee",
};

function wordsFor(err) {
  const [index, error] = err?.InstructionError ?? [];
  if (index === undefined) return WORDS[err] ?? JSON.stringify(err);
  const words = error.Custom === undefined ? error : `custom program error: 0x${error.Custom.toString(16)}`;
  return `Error processing Instruction ${index}: ${words}`;
}
