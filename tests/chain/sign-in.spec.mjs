// Contract wallets sign in: the chain says whether the wallet, or what it will be, accepts the signature
// (ERC-1271, ERC-6492).
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { concat, hashMessage, pad, parseErc6492Signature, serializeErc6492Signature } from "viem";
import { createSiweMessage } from "viem/siwe";
import { privateKeyToAccount, sign } from "viem/accounts";
import { NETWORK } from "../../dev/chain/accounts.mjs";
import { startChain } from "../../dev/chain/chain.mjs";
import { signInMessage } from "../../dev/sample-host.mjs";
import { startOwnNetwork } from "../support/facilitators.mjs";
import { tamper } from "../support/forgery.mjs";
import { rpcFaults } from "../support/hostile-rpc.mjs";
import { get, post, until } from "../support/network.mjs";
import { safeWallet, soladyWallet } from "../support/smart-wallets.mjs";
import { accountsOf, miniWallet } from "../support/wallets.mjs";

const KINDS = { "a MiniWallet": miniWallet, "a Safe": safeWallet, "Solady's wallet": soladyWallet };
let network;
let made = 0;

before(async () => {
  network = await startOwnNetwork();
});
afterEach(() => network.rpc.recovers());
after(() => network?.stop());

function newOwner() {
  made += 1;
  return accountsOf(`sign-in ${made}`, 1)[0];
}

async function newWallet(make, deployed) {
  const owner = newOwner();
  const wallet = await make(network.chain, owner);
  if (deployed) await wallet.deploy();
  return { ...wallet, owner };
}

async function newMessage({ address }) {
  const { nonce } = await post(network, "/api/auth/nonce", {}).then((answer) => answer.json());
  return signInMessage(network.publicUrl, address, nonce);
}

async function send(message, signature) {
  const answer = await post(network, "/api/auth/siwe", { message, signature });
  return { status: answer.status, ...(await answer.json()) };
}

function isRefused({ status, type, detail }, code = "sign_in_refused", expected = 401) {
  assert.deepEqual([status, type], [expected, `urn:events-concierge:problem:${code}`], detail);
}

const isThere = async ({ address }) => (await network.chain.client.getCode({ address })) !== undefined;

/** The signature with `change` made to what is inside of its wrapper, if it has one. */
function changed(whole, change) {
  const { address, data, signature } = parseErc6492Signature(whole);
  return address ? serializeErc6492Signature({ address, data, signature: change(signature) }) : change(signature);
}

for (const [kind, make] of Object.entries(KINDS)) {
  for (const [when, deployed] of [["on the chain (ERC-1271)", true], ["not on the chain yet (ERC-6492)", false]]) {
    describe(`${kind}, ${when}`, () => {
      test("signs in once, is the host of a server, and sends nothing to the chain", async () => {
        const wallet = await newWallet(make, deployed);
        const message = await newMessage(wallet);
        const signature = await wallet.signMessage({ message });
        assert.equal(parseErc6492Signature(signature).address !== undefined, !deployed, "how it is wrapped");
        const session = await send(message, signature);
        assert.equal(session.status, 200, session.detail);
        assert.equal(session.userId, `${NETWORK}:${wallet.address.toLowerCase()}`, "CAIP-10");
        isRefused(await send(message, signature), "nonce_used");
        const foreign = await post(network, "/api/users/mcp", { userId: `eip155:8453:${wallet.address}` }, session.token);
        assert.deepEqual([foreign.status, (await foreign.json()).title], [403, "not yours"]);
        // Without its chain it is meant all the same.
        assert.equal((await post(network, "/api/users/mcp", { userId: wallet.address }, session.token)).status, 201);
        const body = { userId: session.userId, walletAddress: wallet.address };
        assert.equal((await post(network, "/api/users/mcp", body, session.token)).status, 200);
        const me = await get(network, "/api/users/me", session.token).then((answer) => answer.json());
        assert.deepEqual([me.userId, me.walletAddress], [session.userId, wallet.address]);
        const record = await until(() => network.worker.kv.get(`users:${session.userId}`));
        assert.equal(JSON.parse(record).userId, session.userId);
        assert.equal((await get(network, "/api/users/events", session.token)).status, 200);
        assert.equal(await isThere(wallet), deployed);
        assert.equal(network.rpc.sent.size, 0);
      });

      test("is refused with a signature that was tampered with", async () => {
        const wallet = await newWallet(make, deployed);
        const message = await newMessage(wallet);
        const signature = await wallet.signMessage({ message });
        isRefused(await send(message, changed(signature, tamper)));
        assert.equal((await send(message, signature)).status, 200, "its own is good, and the nonce was not used up");
      });

      test("is refused with a signature for another message, or of another wallet", async () => {
        const [wallet, foreign] = [await newWallet(make, deployed), await newWallet(make, deployed)];
        const message = await newMessage(wallet);
        isRefused(await send(message, await wallet.signMessage({ message: await newMessage(wallet) })));
        isRefused(await send(message, await foreign.signMessage({ message })));
        const account = privateKeyToAccount(wallet.owner.privateKey);
        isRefused(await send(message, await account.signMessage({ message })));
        const { address, data } = wallet.factory;
        const stranger = parseErc6492Signature(await foreign.signMessage({ message })).signature;
        isRefused(await send(message, serializeErc6492Signature({ address, data, signature: stranger })));
      });

      test("nobody can say while the endpoint is down, and it signs in when that is over", async () => {
        const wallet = await newWallet(make, deployed);
        const message = await newMessage(wallet);
        const signature = await wallet.signMessage({ message });
        for (const fault of ["isDown", "fails", "limits", "isNoJson", "hasNothing", "refuses"]) {
          for (const method of ["eth_getCode", "eth_call"]) {
            network.rpc.misbehave(rpcFaults[fault], method);
            isRefused(await send(message, signature), "chain_unavailable", 503);
            assert.equal(network.rpc.count(method), 1, `${fault}, ${method}`);
            network.rpc.recovers();
          }
        }
        assert.equal((await send(message, signature)).status, 200);
      });
    });
  }

  test(`${kind} of a factory that is not on the list is refused before it is called`, async () => {
    const wallet = await newWallet(make, false);
    const message = await newMessage(wallet);
    const { signature, data } = parseErc6492Signature(await wallet.signMessage({ message }));
    const address = newOwner().address;
    isRefused(await send(message, serializeErc6492Signature({ address, data, signature })));
    const other = `0xffffffff${data.slice(10)}`;
    const known = wallet.factory.address;
    isRefused(await send(message, serializeErc6492Signature({ address: known, data: other, signature })));
    isRefused(await send(message, signature));
  });
}

test("a key signs in without any question to the chain", async () => {
  network.rpc.misbehave(rpcFaults.isDown);
  const owner = newOwner();
  const message = await newMessage(owner);
  const signature = await privateKeyToAccount(owner.privateKey).signMessage({ message });
  assert.equal((await send(message, signature)).status, 200);
});

test("an owner who was rotated away on one network does not sign in there through another", async () => {
  // A second network, on whose chain the wallet of Ada's address has another owner.
  const otherChain = await startChain();
  const second = "eip155:80002";
  const { vars } = network.settings;
  try {
    const [ada, mallory] = [newOwner(), newOwner()];
    const wallet = await miniWallet(network.chain, ada);
    await wallet.deploy();
    const hers = await miniWallet(otherChain, mallory);
    await hers.deploy();
    const bytecode = await otherChain.client.getCode({ address: hers.address });
    await otherChain.test.setCode({ address: wallet.address, bytecode });
    await otherChain.test.setStorageAt({ address: wallet.address, index: 0, value: pad(mallory.address) });
    const rpcs = { ...JSON.parse(vars.RPC_URLS), [second]: otherChain.url };
    await network.worker.restart({ vars: { ...vars, NETWORKS: `${NETWORK},${second}`, RPC_URLS: JSON.stringify(rpcs) } });
    const signs = async ({ privateKey }, chainId) => {
      const { nonce } = await post(network, "/api/auth/nonce", {}).then((answer) => answer.json());
      const about = { domain: new URL(network.publicUrl).host, uri: network.publicUrl, nonce, version: "1" };
      const message = createSiweMessage({ ...about, address: wallet.address, chainId });
      const hash = hashMessage(message);
      return send(message, concat(["0x01", await sign({ hash, privateKey, to: "hex" })]));
    };
    isRefused(await signs(mallory, 84532));
    isRefused(await signs(ada, 80002));
    const [here, there] = [await signs(ada, 84532), await signs(mallory, 80002)];
    assert.deepEqual([here.status, there.status], [200, 200], `${here.detail} ${there.detail}`);
    const address = wallet.address.toLowerCase();
    assert.deepEqual([here.userId, there.userId], [`${NETWORK}:${address}`, `${second}:${address}`]);
    assert.notEqual(here.scope, there.scope);
    // Guests may pay on both, so that the address alone is not surely hers.
    const unnamed = await post(network, "/api/users/mcp", { userId: here.userId }, here.token);
    assert.equal(unnamed.status, 422);
    assert.match((await unnamed.json()).detail, /^walletAddress: .*Polygon Amoy/);
    const body = { userId: here.userId, walletAddress: wallet.address };
    assert.equal((await post(network, "/api/users/mcp", body, here.token)).status, 201);
    const taken = await post(network, "/api/users/mcp", { ...body, walletAddress: mallory.address }, there.token);
    assert.deepEqual([taken.status, (await taken.json()).title], [403, "not yours"]);
    assert.equal((await get(network, "/api/users/events", there.token)).status, 404, "it has no server");
    assert.equal((await get(network, "/api/users/events", here.token)).status, 200);
  } finally {
    await network.worker.restart({ vars });
    await otherChain.stop();
  }
});
