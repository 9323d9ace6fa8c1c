// Payments, good and bad, and what the facilitators have to say about them.
//
// A case is `[name, makes, said]`. `makes` gets fresh wallets (tests/support/payer-kit.mjs) and gives
// `payment` and `requirements`, and if need be the `body` of the request, what was paid `already`, which
// `token` is meant, and a `bystander`'s wallet that is not to be made. `said` is what both facilitators say
// of both requests, or what `differs`; in a function, for each version.
import { concat, encodeFunctionData, parseAbi, slice, zeroHash } from "viem";
import { FACTORY, MULTICALL3, USDC } from "../../dev/chain/accounts.mjs";
import { request } from "../support/facilitators.mjs";
import * as forgery from "../support/forgery.mjs";
import { resign } from "../support/pay.mjs";
import { delegate } from "../support/payer-kit.mjs";
import { safeWallet, soladyWallet } from "../support/smart-wallets.mjs";
import { PRICE, terms } from "../support/terms.mjs";
import { cancel, spend } from "../support/usdc.mjs";
import { miniWallet } from "../support/wallets.mjs";

const { addToV, ask, changeFactory, changeSignature, copyOf, highS, offer, tamper, unwrap, without, withSignature } =
  forgery;

const WALLETS = { "a MiniWallet": miniWallet, "a Safe": safeWallet, "Solady's wallet": soladyWallet };
const factoryAbi = parseAbi([
  "function addressOf(address owner, bytes32 salt) view returns (address)",
  "function create(address owner, bytes32 salt) returns (address)",
]);
// The end of a signature that is wrapped (ERC-6492).
const MAGIC = `0x${"6492".repeat(16)}`;
// Where a case puts a copy of a contract that is good elsewhere.
const OTHER_FACTORY = "0x00000000000000000000000000000000fac70002";
const OTHER_TOKEN = "0x0000000000000000000000000000000000c01200";

const now = () => Math.floor(Date.now() / 1000);
const otherNetwork = ({ version }) => ({ network: version === 1 ? "base" : "eip155:8453" });

// --- how payments are made ---

const same = (one) => one;
/** A key pays, and `change` does something with that. */
const byKey = (change = same) => async (kit) => change(await kit.pays(kit.payer), kit);
/** A contract pays. */
const byWallet = (make, options, change = same) => async (kit) =>
  change(await kit.pays(await kit.wallet(make, options)), kit);

/** A key signs something else than the official client did, or another one signs. */
const signs = (changes, options = () => ({})) =>
  byKey(async (one, kit) => ({ ...one, payment: await resign(one.payment, kit.payer, changes(kit), options(kit)) }));

/** An account with a key gets code (EIP-7702), and pays as the one or the other. */
const byDelegate = (choose) => async (kit) => {
  const wallet = await delegate(kit);
  return kit.pays(choose(kit, wallet));
};

/** Signed while the wallet was not there, shown when it is. */
const wrapped = (make) => async (kit) => {
  const wallet = await kit.wallet(make);
  const one = await kit.pays(wallet);
  await wallet.deploy();
  return one;
};

const copy = async ({ chain: { client, test } }, from, to) =>
  test.setCode({ address: to, bytecode: await client.getCode({ address: from }) });

/** A wallet of a factory that works, but that no facilitator was told of. */
const strangersFactory = (chain, owner) => miniWallet(chain, owner, { factory: OTHER_FACTORY });
const unlisted = (makes) => async (kit) => {
  await copy(kit, FACTORY, OTHER_FACTORY);
  return makes(kit);
};

/** A call of our factory about a stranger's wallet. */
async function aboutStranger(one, { chain, stranger }) {
  const data = encodeFunctionData({ abi: factoryAbi, functionName: "create", args: [stranger.address, zeroHash] });
  const { address: bystander } = await miniWallet(chain, stranger);
  return { ...changeFactory(one, { address: FACTORY, data }), bystander };
}

function callThatMakesNothing(one, { payer }) {
  const data = encodeFunctionData({ abi: factoryAbi, functionName: "addressOf", args: [payer.address, zeroHash] });
  return changeFactory(one, { address: FACTORY, data });
}

const inAsset = (asset) => async (kit) => {
  const one = offer(ask(await kit.pays(kit.payer), { asset }), kit.version === 2 ? { asset } : {});
  return { ...one, payment: await resign(one.payment, kit.payer, {}, { domain: { verifyingContract: asset } }) };
};

async function inOtherToken(kit) {
  await copy(kit, USDC, OTHER_TOKEN);
  await kit.fund(kit.payer.address, OTHER_TOKEN);
  return { ...(await inAsset(OTHER_TOKEN)(kit)), token: OTHER_TOKEN };
}

async function anothersSignature(one, kit) {
  const other = await safeWallet(kit.chain, kit.stranger);
  await other.deploy();
  return withSignature(one, (await kit.pays(other)).payment.payload.signature);
}

const inLowerCase = (one) =>
  JSON.parse(JSON.stringify(one).replace(/0x[0-9a-fA-F]{40}"/g, (address) => address.toLowerCase()));

const body = (change) =>
  byKey((one) => ({ ...one, body: change(copyOf(request(one.payment, one.requirements))) }));
const ofOtherVersion = (whole) => {
  const { x402Version: version, paymentRequirements: { payTo } } = whole;
  return { ...whole, paymentRequirements: terms(3 - version, payTo) };
};
const lacking = (...path) => body((whole) => without(whole, ...path));
const signed = (signature) =>
  body((whole) => {
    whole.paymentPayload.payload.signature = signature;
    return whole;
  });
const authorizing = (changes) =>
  body((whole) => {
    Object.assign(whole.paymentPayload.payload.authorization, changes);
    return whole;
  });

// --- what is said ---

const PAID = { verify: "valid", settle: "paid" };
const SIGNATURE = "invalid_exact_evm_signature";
const SIMULATION = "invalid_exact_evm_transaction_simulation_failed";
const BALANCE = "invalid_exact_evm_insufficient_balance";
const USED = "invalid_exact_evm_nonce_already_used";
const NOT_ALLOWED = "eip6492_factory_not_allowed";
const TOO_LATE = "invalid_exact_evm_payload_authorization_valid_before";
const TOO_EARLY = "invalid_exact_evm_payload_authorization_valid_after";
const RECIPIENT = "invalid_exact_evm_recipient_mismatch";
const NETWORK = "invalid_exact_evm_network_mismatch";
const SCHEME = "unsupported_scheme";
const ASSET = "invalid_payment_requirements";

const differs = (reference, ours, why) => ({ reference, ours, why });
const SENT_IN_VAIN = {
  verify: "valid",
  settle: "invalid_exact_evm_transfer_event_mismatch, and sent a transaction",
};
const VALUE = (version) =>
  version === 1 ? "invalid_exact_evm_authorization_value" : "invalid_exact_evm_payload_authorization_value_mismatch";
const noUsdcSignature = differs(SIMULATION, SIGNATURE, "USDC never takes such a signature; no chain has to be asked");
const notServed = (reference, ours) => differs(reference, ours, "a verdict, in the words of x402, section 9");
const usdcOnly = (reference) => differs(reference, ASSET, "ours settles the network's USDC and nothing else");
const badRequest = (reference) => differs(reference, "HTTP 400", "the sender's mistake, and the answer says which");

const good = [
  ["a key", byKey(), PAID],
  ...Object.entries(WALLETS).flatMap(([wallet, make]) => [
    [`${wallet} not on the chain yet`, byWallet(make), PAID],
    [`${wallet} on the chain`, byWallet(make, { deployed: true }), PAID],
    [`${wallet} on the chain, its signature still wrapped`, wrapped(make), PAID],
  ]),
  ["a wallet on the chain, wrapped with an unlisted factory", unlisted(wrapped(strangersFactory)), PAID],
  ["an account with a key and code (EIP-7702), as its code wants", byDelegate((_, wallet) => wallet), PAID],
  ["addresses in lower case", byKey(inLowerCase), PAID],
];

const signatures = [
  ["another key's signature", signs(() => ({}), ({ stranger }) => ({ signer: stranger })), SIGNATURE],
  ["a signature of something else", byKey((one) => changeSignature(one, tamper)), SIGNATURE],
  ["a signature for another chain", signs(() => ({}), () => ({ domain: { chainId: 8453 } })), SIGNATURE],
  ["a signature of 64 bytes", byKey((one) => changeSignature(one, (it) => slice(it, 0, 64))), SIGNATURE],
  [
    "a wrapper that cannot be read",
    byKey((one) => withSignature(one, concat(["0x0102", MAGIC]))),
    differs("HTTP 500", "invalid_exact_evm_failed_to_parse_signature", "a verdict; the reference has this word too"),
  ],
  ["s in the upper half", byKey((one) => changeSignature(one, highS)), noUsdcSignature],
  ["v is 0 or 1", byKey((one) => changeSignature(one, (it) => addToV(it, -27n))), noUsdcSignature],
  ["v is 29 or 30", byKey((one) => changeSignature(one, (it) => addToV(it, 2n))), SIGNATURE],
  ["an account with a key and code (EIP-7702), as a key", byDelegate((kit) => kit.payer), SIGNATURE],
  ["another wallet's signature", byWallet(safeWallet, { deployed: true }, anothersSignature), SIGNATURE],
  ["a wallet not on the chain yet, its signature not wrapped", byWallet(miniWallet, {}, unwrap), SIGNATURE],
  ...Object.entries(WALLETS).flatMap(([wallet, make]) => [
    [`${wallet} on the chain, its signature changed`, byWallet(make, { deployed: true }, tampered), SIGNATURE],
    [`${wallet} not on the chain yet, its signature changed`, byWallet(make, {}, tampered), SIMULATION],
  ]),
];

function tampered(one) {
  return changeSignature(one, tamper);
}

const factories = [
  ["a factory that is not listed", unlisted(byWallet(strangersFactory)), NOT_ALLOWED],
  [
    "a listed factory, and another function that makes nothing",
    byWallet(miniWallet, {}, callThatMakesNothing),
    differs(SIMULATION, NOT_ALLOWED, "the list names the function too"),
  ],
  [
    "a listed factory, and another function that makes the wallet",
    byWallet(safeWallet, { caller: "createProxyWithNonceL2" }),
    differs(PAID, NOT_ALLOWED, "the list names the function too: of others nobody knows what they do at our cost"),
  ],
  ["a listed factory makes another wallet than the payer", byWallet(miniWallet, {}, aboutStranger), SIMULATION],
  [
    "a key has a stranger's wallet made",
    byKey(aboutStranger),
    differs(
      { verify: "valid", settle: "paid, and made a stranger's wallet" },
      PAID,
      "who pays with a key needs no wallet: ours makes none at its own cost",
    ),
  ],
];

const nonces = [
  [
    "paid already, by this facilitator",
    byKey(async (one, kit) => {
      await kit.settles(one);
      return { ...one, already: PRICE };
    }),
    differs(USED, { verify: USED, settle: "paid" }, "who asks again gets the same answer again, and nothing is sent"),
  ],
  [
    "paid already, by another sender",
    byKey(async (one, kit) => {
      await spend(kit, one.payment);
      return { ...one, already: PRICE };
    }),
    USED,
  ],
  [
    "its nonce was used for something else",
    byKey(async (one, kit) => {
      await spend(kit, await resign(one.payment, kit.payer, { to: kit.stranger.address }));
      return one;
    }),
    USED,
  ],
  [
    "cancelled",
    byKey(async (one, kit) => {
      await cancel(kit, one.payment);
      return one;
    }),
    USED,
  ],
];

const conditions = [
  ["a key without money", (kit) => kit.pays(kit.stranger), BALANCE],
  ["a wallet without money, not on the chain yet", byWallet(miniWallet, { funded: false }), BALANCE],
  ["a wallet without money", byWallet(safeWallet, { funded: false, deployed: true }), BALANCE],
  ["expired", signs(() => ({ validBefore: String(now() - 1) })), TOO_LATE],
  ["expires in three seconds", signs(() => ({ validBefore: String(now() + 3) })), TOO_LATE],
  ["not valid yet", signs(() => ({ validAfter: String(now() + 60) })), TOO_EARLY],
  ["less than is asked for", signs(() => ({ value: String(PRICE - 1n) })), VALUE],
  ["more than is asked for", signs(() => ({ value: String(PRICE + 1n) })), VALUE],
  ["to another payee", signs(({ stranger }) => ({ to: stranger.address })), RECIPIENT],
];

const named = (name, version) => (kit) => kit.pays(kit.payer, { extra: { name, version } });

const requirements = [
  ["another name of the token", named("USD Coin", "2"), "invalid_exact_evm_token_name_mismatch"],
  ["another version of the token", named("USDC", "1"), "invalid_exact_evm_token_version_mismatch"],
  ["no extra", byKey((one) => without(one, "requirements", "extra")), "invalid_exact_evm_missing_eip712_domain"],
  [
    "another network is asked for",
    byKey((one, kit) => ask(one, otherNetwork(kit))),
    (version) => notServed(version === 1 ? NETWORK : "HTTP 500", "invalid_network"),
  ],
  ["another network is paid in", byKey((one, kit) => offer(one, otherNetwork(kit))), NETWORK],
  ["another scheme is asked for", byKey((one) => ask(one, { scheme: "upto" })), notServed("HTTP 500", SCHEME)],
  [
    "another scheme is paid with",
    byKey((one) => offer(one, { scheme: "upto" })),
    notServed("invalid_exact_evm_scheme", SCHEME),
  ],
  [
    "an unknown version",
    byKey((one) => ({ ...one, payment: { ...one.payment, x402Version: 3 } })),
    notServed("HTTP 500", "invalid_x402_version"),
  ],
  [
    "an account without code as the asset",
    (kit) => inAsset(kit.stranger.address)(kit),
    (version) => usdcOnly(version === 1 ? SENT_IN_VAIN : "asset_not_deployed_contract"),
  ],
  [
    "a contract that is no such token as the asset",
    inAsset(MULTICALL3),
    usdcOnly("invalid_exact_evm_eip3009_not_supported"),
  ],
  ["another token, of which the payer has enough", inOtherToken, usdcOnly(PAID)],
];

const malformed = [
  ["no JSON", body(() => "{")],
  ["an empty object", body(() => ({}))],
  ["a list", body((whole) => [whole])],
  ["no payment", lacking("paymentPayload")],
  ["no requirements", lacking("paymentRequirements")],
  ["requirements of the other version", body(ofOtherVersion)],
  ["no payload", lacking("paymentPayload", "payload")],
  ["no authorization", lacking("paymentPayload", "payload", "authorization")],
  ["no signature", lacking("paymentPayload", "payload", "signature")],
  ["a signature of no bytes", signed("0x"), SIGNATURE],
  ["a value that is no number", authorizing({ value: "abc" })],
  ["a value of more than 256 bits", authorizing({ value: String(2n ** 256n) }), SIGNATURE],
  ["a nonce of 31 bytes", authorizing({ nonce: `0x${"11".repeat(31)}` }), SIGNATURE],
  ["a payer that is no address", authorizing({ from: "0x1234" }), SIGNATURE],
].map(([what, makes, reference = "HTTP 500"]) => [`malformed: ${what}`, makes, badRequest(reference)]);

const ofBoth = (said) => (typeof said === "string" ? { verify: said, settle: said } : said);

/** All cases, in both versions: `{name, version, makes, reference, ours, why}`. */
export const cases = [good, signatures, factories, nonces, conditions, requirements, malformed]
  .flat()
  .flatMap(([name, makes, says]) =>
    [1, 2].map((version) => {
      const said = typeof says === "function" ? says(version) : says;
      const { reference, ours, why } = said.why ? said : { reference: said, ours: said };
      return { name, version, makes, reference: ofBoth(reference), ours: ofBoth(ours), why };
    }),
  );
