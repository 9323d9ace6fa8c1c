//! A node of a chain: transactions wait in its pool until a block takes them, in the order of their
//! nonces; blocks are dropped, fees rise, answers are lost.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use alloy_consensus::TxEip1559;
use alloy_consensus::transaction::{RlpEcdsaDecodableTx, SignableTransaction};
use alloy_primitives::{Address, B256, U256, hex};
use alloy_sol_types::{SolCall, sol};
use events_concierge::chain::eip3009::{Authorization, Via};
use events_concierge::chain::networks::Network;
use events_concierge::chain::permit2::{Permit, UPTO_PROXY, digest_of};
use events_concierge::chain::signature::recover;
use events_concierge::chain::transaction::Token::transferWithAuthorization_0Call as Transfer;
use events_concierge::ports::{HttpError, HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::engine::{Sim, Slot};

pub(crate) const URL: &str = "http://node.test";
const GWEI: u128 = 1_000_000_000;
/// What a transfer needs.
const GAS: u64 = 80_000;
/// How old a block that the chain drops may be, milliseconds: younger than the look that a relayer
/// takes once more.
const REORG_AGE: i64 = 15_000;

type Answer = Result<HttpResponse, HttpError>;

sol! {
    struct Permitted {
        address token;
        uint256 amount;
        uint256 nonce;
        uint256 deadline;
    }

    struct Witness {
        address to;
        address facilitator;
        uint256 validAfter;
    }

    // The words of the proxy's call are the same; its selector is another.
    function settleUpto(Permitted permit, uint256 amount, address owner, Witness witness, bytes signature) external;
}

/// The selector of the proxy's `settle`.
const SETTLE: [u8; 4] = [0xff, 0x11, 0xe7, 0xb4];

/// A transfer in a transaction, with the payer's signature.
#[derive(Clone)]
pub(crate) struct Signed {
    pub(crate) authorization: Authorization,
    pub(crate) is_good: bool,
}

#[derive(Clone)]
struct Sent {
    from: Address,
    nonce: u64,
    hash: B256,
    max_fee: u128,
    transfer: Option<Signed>,
}

/// What a payer that is a contract says in the block: no, whatever it said before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// It says yes where `tx.gasprice` is 0.
    ToFreeCalls,
    /// It says yes to every simulation.
    ToSimulations,
    /// It is honest.
    Never,
}

#[derive(Clone)]
struct Mined {
    /// The number of its block.
    block: usize,
    sent: Sent,
    moved: bool,
}

#[derive(Default)]
pub(crate) struct Node {
    /// When each block was made, milliseconds. Most are empty, so what they have taken is a list of its own.
    blocks: Vec<i64>,
    mined: Vec<Mined>,
    pool: Vec<Sent>,
    /// What was asked about before, by its call data.
    transfers: BTreeMap<Vec<u8>, Option<Signed>>,
    balances: BTreeMap<Address, u64>,
    base_fee: u128,
    pub(crate) down_until: i64,
    pub(crate) relayer: Address,
    /// Payers that are contracts.
    pub(crate) contracts: BTreeMap<Address, Lie>,
    /// Whether it refuses to say what became of transactions.
    pub(crate) hides_receipts: bool,
    pub(crate) replaced: u64,
    pub(crate) fillers: u64,
}

impl Node {
    pub(crate) fn start(sim: &Rc<Sim>, relayer: Address, payers: &[(Address, u64)]) {
        let mut node = sim.node.borrow_mut();
        node.relayer = relayer;
        node.base_fee = GWEI;
        node.balances = payers.iter().copied().collect();
        node.blocks.push(sim.now.get());
        drop(node);
        Self::tick(sim);
    }

    fn tick(sim: &Rc<Sim>) {
        sim.after(sim.rng.range(800, 2_500), |sim| {
            let mut node = sim.node.borrow_mut();
            // Now and then gas is dear for a while.
            node.base_fee = match sim.rng.below(100) {
                0..3 if sim.chaos.get() => 20 * GWEI,
                0..40 => GWEI,
                _ if sim.chaos.get() => node.base_fee,
                _ => GWEI,
            };
            node.mine(sim.now.get());
            drop(node);
            Self::tick(sim);
        });
    }

    fn mine(&mut self, at: i64) {
        let block = self.blocks.len();
        self.blocks.push(at);
        loop {
            let next = self.pool.iter().position(|sent| {
                sent.nonce == self.nonce(sent.from) && sent.max_fee >= self.base_fee
            });
            let Some(next) = next else { break };
            let sent = self.pool.remove(next);
            let moved = sent.transfer.as_ref().is_some_and(|transfer| {
                self.is_good(transfer, at) && !self.lies(transfer.authorization.from)
            });
            self.mined.push(Mined { block, sent, moved });
        }
        self.pool.retain(|sent| {
            let next = self.mined.iter().filter(|mined| mined.sent.from == sent.from).count();
            sent.nonce >= u64::try_from(next).unwrap()
        });
    }

    fn newest(&self) -> usize {
        self.blocks.len() - 1
    }

    fn nonce(&self, of: Address) -> u64 {
        self.nonce_in(self.newest(), of)
    }

    /// The next nonce after this block.
    fn nonce_in(&self, block: usize, of: Address) -> u64 {
        let mined = self.mined.iter().filter(|mined| mined.block <= block);
        u64::try_from(mined.filter(|mined| mined.sent.from == of).count()).unwrap()
    }

    pub(crate) fn relayer_nonce(&self) -> u64 {
        self.nonce(self.relayer)
    }

    /// Where this authorization's money moved.
    pub(crate) fn moved(&self, authorization: &Authorization) -> Option<B256> {
        self.use_of(authorization).filter(|(_, same)| *same).map(|(hash, _)| hash)
    }

    pub(crate) fn balance(&self, of: Address) -> u64 {
        let spent = self.mined.iter().filter(|mined| mined.moved);
        let spent = spent.filter_map(|mined| mined.sent.transfer.as_ref());
        let spent = spent.filter(|transfer| transfer.authorization.from == of);
        let spent: u64 =
            spent.map(|transfer| u64::try_from(transfer.authorization.value).unwrap()).sum();
        self.balances.get(&of).copied().unwrap_or(0).saturating_sub(spent)
    }

    /// In which transaction the nonce was used, and whether by this very authorization.
    fn use_of(&self, authorization: &Authorization) -> Option<(B256, bool)> {
        self.mined.iter().filter(|mined| mined.moved).find_map(|mined| {
            let used = &mined.sent.transfer.as_ref()?.authorization;
            let is_used = used.from == authorization.from
                && used.nonce == authorization.nonce
                && used.via == authorization.via;
            is_used.then(|| (mined.sent.hash, used == authorization))
        })
    }

    /// Whether the nonce was used for something else.
    pub(crate) fn is_void(&self, authorization: &Authorization) -> bool {
        self.use_of(authorization).is_some_and(|(_, same)| !same)
    }

    fn is_good(&self, transfer: &Signed, at: i64) -> bool {
        let Signed { authorization, is_good } = transfer;
        *is_good
            && self.use_of(authorization).is_none()
            && U256::from(at / 1000) < authorization.valid_before
            && U256::from(self.balance(authorization.from)) >= authorization.value
    }

    pub(crate) fn fund(&mut self, payer: Address, value: u64) {
        self.balances.insert(payer, value);
    }

    fn pooled(&self) -> impl Iterator<Item = &Authorization> {
        self.pool.iter().filter_map(|sent| Some(&sent.transfer.as_ref()?.authorization))
    }

    fn lies(&self, payer: Address) -> bool {
        self.contracts.get(&payer).is_some_and(|lie| *lie != Lie::Never)
    }

    /// What a simulation of the transfer says.
    fn is_simulated(&self, transfer: &Signed, call: &Value, at: i64) -> bool {
        let is_free = call.get("maxFeePerGas").is_none();
        let lie = self.contracts.get(&transfer.authorization.from);
        let Authorization { from, nonce, via, .. } = transfer.authorization;
        // The pending block has what the pool has.
        let is_sent = self.pooled().any(|it| it.from == from && it.nonce == nonce && it.via == via);
        !is_sent && self.is_good(transfer, at) && (is_free || lie != Some(&Lie::ToFreeCalls))
    }

    /// When the relayer's transactions for this payer were refused, milliseconds.
    pub(crate) fn refused_at(&self, payer: Address) -> Vec<i64> {
        self.refused(payer).map(|mined| self.blocks[mined.block]).collect()
    }

    /// What was refused of the relayer's transactions for this payer.
    fn refused(&self, payer: Address) -> impl DoubleEndedIterator<Item = &Mined> {
        self.mined.iter().filter(move |mined| {
            let of = mined.sent.transfer.as_ref().map(|it| it.authorization.from);
            mined.sent.from == self.relayer && !mined.moved && of == Some(payer)
        })
    }

    /// Another sender submits the authorization. A permit it cannot submit, so its payer uses the nonce for something else.
    pub(crate) fn front_run(&mut self, sim: &Sim, authorization: &Authorization) {
        let authorization = &match authorization.via {
            Via::Token => authorization.clone(),
            Via::Permit2 => {
                Authorization { to: authorization.from, value: U256::ZERO, ..authorization.clone() }
            }
        };
        let from = Address::repeat_byte(0xee);
        let pending = self.pool.iter().filter(|sent| sent.from == from).count();
        let nonce = self.nonce(from) + u64::try_from(pending).unwrap();
        let transfer = Signed { authorization: authorization.clone(), is_good: true };
        let hash = B256::from(U256::from(sim.fresh()) + (U256::from(0xee) << 200));
        let sent = Sent { from, nonce, hash, max_fee: 1000 * GWEI, transfer: Some(transfer) };
        self.pool.push(sent);
    }

    /// Another program uses the relayer's key.
    pub(crate) fn use_key(&mut self, sim: &Sim) {
        let nonce = self.pending_nonce();
        let hash = B256::from(U256::from(sim.fresh()) + (U256::from(0xaa) << 200));
        let from = self.relayer;
        self.pool.push(Sent { from, nonce, hash, max_fee: 1000 * GWEI, transfer: None });
    }

    fn pending_nonce(&self) -> u64 {
        let mut next = self.nonce(self.relayer);
        while self.pool.iter().any(|sent| sent.from == self.relayer && sent.nonce == next) {
            next += 1;
        }
        next
    }

    /// Drops the newest block; its transactions come back to the pool or are forgotten.
    pub(crate) fn reorg(&mut self, sim: &Sim) -> usize {
        let now = sim.now.get();
        if self.blocks.len() < 2 || now - self.blocks.last().unwrap() > REORG_AGE {
            return 0;
        }
        let dropped = self.cut(1);
        let count = dropped.len();
        let comes_back = sim.rng.chance(400);
        for mined in dropped {
            // Others' transactions are their own business.
            if comes_back || mined.sent.from != self.relayer || mined.sent.hash[0] == 0 {
                self.pool.push(mined.sent);
            }
        }
        count
    }

    /// Drops so many of the newest blocks, however old; their transactions come back to the pool, or are forgotten.
    pub(crate) fn drop_blocks(&mut self, count: usize, comes_back: bool) {
        let sent = self.cut(count).into_iter().map(|mined| mined.sent);
        self.pool.extend(sent.filter(|_| comes_back));
    }

    /// Takes away so many of the newest blocks; what they had taken.
    fn cut(&mut self, count: usize) -> Vec<Mined> {
        let kept = self.blocks.len().checked_sub(count).unwrap();
        self.blocks.truncate(kept);
        let first = self.mined.partition_point(|mined| mined.block < kept);
        self.mined.split_off(first)
    }

    /// How many blocks have come after the one that has refused a transaction of the relayer for this payer.
    pub(crate) fn blocks_since_refusal(&self, payer: Address) -> Option<usize> {
        self.refused(payer).next_back().map(|mined| self.newest() - mined.block)
    }

    /// The number of blocks since another program used the relayer's key.
    pub(crate) fn blocks_since_foreign_use(&self) -> Option<usize> {
        let is_foreign =
            |mined: &&Mined| mined.sent.from == self.relayer && mined.sent.transfer.is_none();
        self.mined.iter().rfind(is_foreign).map(|mined| self.newest() - mined.block)
    }

    /// How many blocks have come since the first one that took a transaction of the relayer.
    pub(crate) fn blocks_since_first(&self) -> Option<usize> {
        let first = self.mined.iter().find(|mined| mined.sent.from == self.relayer);
        first.map(|mined| self.newest() - mined.block)
    }

    /// The pool forgets something.
    pub(crate) fn evict(&mut self, sim: &Sim) {
        let is_ours = |at: &usize| self.pool[*at].from == self.relayer;
        let ours: Vec<usize> = (0..self.pool.len()).filter(is_ours).collect();
        if !ours.is_empty() {
            self.pool.remove(ours[sim.rng.below(ours.len())]);
        }
    }

    fn take(&mut self, raw: &str) -> Result<Value, (i64, &'static str)> {
        let bytes = hex::decode(raw).unwrap();
        let signed = TxEip1559::eip2718_decode(&mut bytes.as_slice()).unwrap();
        let digest = signed.tx().signature_hash();
        let from = signed.signature().recover_address_from_prehash(&digest).unwrap();
        let (hash, nonce, max_fee) =
            (*signed.hash(), signed.tx().nonce, signed.tx().max_fee_per_gas);
        if nonce < self.nonce(from) {
            return Err((-32003, "nonce too low"));
        }
        if self.pool.iter().any(|sent| sent.hash == hash) {
            return Err((-32003, "transaction already imported"));
        }
        if let Some(at) = self.pool.iter().position(|it| it.from == from && it.nonce == nonce) {
            if max_fee < self.pool[at].max_fee * 11 / 10 {
                return Err((-32003, "replacement transaction underpriced"));
            }
            self.pool.remove(at);
            self.replaced += 1;
        }
        let transfer = self.transfer_of(&signed.tx().input);
        self.fillers += u64::from(transfer.is_none());
        self.pool.push(Sent { from, nonce, hash, max_fee, transfer });
        Ok(json!(hash))
    }

    fn answer(&mut self, sim: &Sim, ask: &Value) -> Result<Value, (i64, &'static str)> {
        let params = &ask["params"];
        let reverts = Err((3, "execution reverted"));
        Ok(match ask["method"].as_str().unwrap() {
            "eth_chainId" => json!("0x14a34"),
            "eth_getCode" => {
                let of: Address = params[0].as_str().unwrap().parse().unwrap();
                // Every liar has other code.
                match self.contracts.get(&of) {
                    None if of == UPTO_PROXY => json!("0x60"),
                    Some(Lie::Never) => json!("0x60"),
                    Some(Lie::ToFreeCalls | Lie::ToSimulations) => json!(of),
                    None => json!("0x"),
                }
            }
            "eth_maxPriorityFeePerGas" => json!("0x3b9aca00"),
            "eth_getBalance" => json!("0xde0b6b3a7640000"),
            "eth_blockNumber" => json!(format!("{:#x}", self.newest())),
            "eth_getTransactionCount" => match self.until(&params[1])? {
                Some(block) => json!(format!("{:#x}", self.nonce_in(block, self.relayer))),
                None => json!(format!("{:#x}", self.pending_nonce())),
            },
            "eth_getBlockByNumber" => self.block(params[0].as_str().unwrap()),
            "eth_sendRawTransaction" => return self.take(params[0].as_str().unwrap()),
            "eth_getTransactionReceipt" if self.hides_receipts => {
                return Err((-32005, "limit exceeded"));
            }
            "eth_getTransactionReceipt" => self.receipt(params[0].as_str().unwrap()),
            "eth_estimateGas" | "eth_call" => {
                let data = hex::decode(params[0]["data"].as_str().unwrap()).unwrap();
                match self.transfer_of(&data) {
                    Some(transfer) if self.is_simulated(&transfer, &params[0], sim.now.get()) => {
                        json!(format!("{GAS:#x}"))
                    }
                    Some(_) => return reverts,
                    None => {
                        let block = self.until(&params[1])?.unwrap_or(self.newest());
                        let is_pending = params[1] == "pending";
                        let read = self.read(&data, block, is_pending);
                        return read.ok_or((3, "execution reverted"));
                    }
                }
            }
            "eth_getLogs" => self.logs(&params[0]["topics"]),
            method => panic!("an RPC method that is not in use: {method}"),
        })
    }

    /// The transfer that is called, looked at once: its signature takes its time.
    fn transfer_of(&mut self, data: &[u8]) -> Option<Signed> {
        let known = self.transfers.entry(data.to_vec());
        known.or_insert_with_key(|data| transfer_of(data)).clone()
    }

    fn block(&self, name: &str) -> Value {
        let newest = self.newest();
        let number = usize::from_str_radix(name.trim_start_matches("0x"), 16).unwrap_or(newest);
        let Some(at) = self.blocks.get(number) else { return Value::Null };
        json!({
            "number": format!("{number:#x}"),
            "timestamp": format!("{:#x}", at / 1000),
            "baseFeePerGas": format!("{:#x}", self.base_fee),
        })
    }

    /// The block that a question names by its number; `None`: it names the newest.
    fn until(&self, block: &Value) -> Result<Option<usize>, (i64, &'static str)> {
        let Some(number) = block.as_str().and_then(|name| name.strip_prefix("0x")) else {
            return Ok(None);
        };
        let number = usize::from_str_radix(number, 16).unwrap();
        let is_known = number < self.blocks.len();
        is_known.then_some(Some(number)).ok_or((-32000, "header not found"))
    }

    /// `authorizationState`, `nonceBitmap`, `allowance` and `balanceOf`; everything else reverts.
    fn read(&self, data: &[u8], block: usize, is_pending: bool) -> Option<Value> {
        let word = |number: u64| json!(format!("0x{number:064x}"));
        let address = Address::from_slice(data.get(16..36)?);
        let used = |via: Via| {
            let mined = self.mined.iter().filter(|mined| mined.block <= block && mined.moved);
            let used = mined.filter_map(|mined| mined.sent.transfer.as_ref());
            let used = used.map(|transfer| &transfer.authorization);
            let used = used.chain(self.pooled().filter(move |_| is_pending));
            used.filter(move |used| used.from == address && used.via == via)
                .map(|used| U256::from_be_bytes(used.nonce.0))
        };
        match hex::encode(&data[..4]).as_str() {
            "e94a0102" => {
                let nonce = U256::from_be_slice(data.get(36..68)?);
                Some(word(u64::from(used(Via::Token).any(|used| used == nonce))))
            }
            "4fe02b44" => {
                let word = U256::from_be_slice(data.get(36..68)?);
                let mut bits = U256::ZERO;
                for nonce in used(Via::Permit2).filter(|nonce| *nonce >> 8 == word) {
                    bits.set_bit(usize::from(nonce.byte(0)), true);
                }
                Some(json!(B256::from(bits)))
            }
            "dd62ed3e" => Some(json!(B256::repeat_byte(0xff))),
            "70a08231" => Some(word(self.balance(address))),
            _ => None,
        }
    }

    fn receipt(&self, hash: &str) -> Value {
        let hash: B256 = hash.parse().unwrap();
        let found = self.mined.iter().find(|mined| mined.sent.hash == hash);
        let Some(mined) = found else { return Value::Null };
        let is_filler = mined.sent.transfer.is_none();
        let logs = mined.sent.transfer.as_ref().filter(|_| mined.moved).map_or(json!([]), logs_of);
        json!({
            "status": if mined.moved || is_filler { "0x1" } else { "0x0" },
            "logs": logs,
            "blockNumber": format!("{:#x}", mined.block),
            "gasUsed": format!("{GAS:#x}"),
            "effectiveGasPrice": format!("{:#x}", 2 * GWEI),
        })
    }

    fn logs(&self, topics: &Value) -> Value {
        let word = |at: usize| topics[at].as_str().unwrap().parse::<B256>().unwrap();
        let (from, nonce) = (word(1), word(2));
        let found = self.mined.iter().filter(|mined| mined.moved).find(|mined| {
            mined.sent.transfer.as_ref().is_some_and(|transfer| {
                let used = &transfer.authorization;
                used.from.into_word() == from && used.nonce == nonce
            })
        });
        let log = |mined: &Mined| {
            let number = format!("{:#x}", mined.block);
            json!([{"transactionHash": mined.sent.hash, "blockNumber": number}])
        };
        found.map_or_else(|| json!([]), log)
    }

    /// No nonce twice, none left out, and no gas for a payment whose money we have moved.
    pub(crate) fn check(&self) {
        let mut moved = Vec::new();
        for mined in self.mined.iter().filter(|mined| mined.sent.from == self.relayer) {
            let Some(Signed { authorization, .. }) = &mined.sent.transfer else { continue };
            assert!(!moved.contains(&authorization), "{} is sent twice", authorization.nonce);
            if mined.moved {
                moved.push(authorization);
            }
        }
        let ours = self.mined.iter().filter(|mined| mined.sent.from == self.relayer);
        let nonces: Vec<u64> = ours.map(|mined| mined.sent.nonce).collect();
        let expected: Vec<u64> = (0..self.nonce(self.relayer)).collect();
        assert_eq!(nonces, expected);
        let hashes: BTreeSet<_> = self.mined.iter().map(|mined| mined.sent.hash).collect();
        assert_eq!(hashes.len(), self.mined.len());
    }
}

fn transfer_of(data: &[u8]) -> Option<Signed> {
    if data.starts_with(&SETTLE) {
        return permit_of(data);
    }
    let call = Transfer::abi_decode_validate(data).ok()?;
    let authorization = Authorization {
        from: call.from,
        to: call.to,
        value: call.value,
        valid_after: call.validAfter,
        valid_before: call.validBefore,
        nonce: call.nonce,
        via: Via::Token,
    };
    let signature = [call.r.as_slice(), call.s.as_slice(), &[call.v]].concat();
    let network = Network::by_caip2("eip155:84532").unwrap();
    let is_good =
        recover(digest_of(network, &authorization, None), &signature) == Some(authorization.from);
    Some(Signed { authorization, is_good })
}

/// What the proxy of `upto` is to settle.
fn permit_of(data: &[u8]) -> Option<Signed> {
    let call = settleUptoCall::abi_decode_raw_validate(data.get(4..)?).ok()?;
    let authorization = Authorization {
        from: call.owner,
        to: call.witness.to,
        value: call.amount,
        valid_after: call.witness.validAfter,
        valid_before: call.permit.deadline,
        nonce: call.permit.nonce.into(),
        via: Via::Permit2,
    };
    let Permitted { token, amount: max, .. } = call.permit;
    let facilitator = call.witness.facilitator;
    let permit = Permit { max, token, spender: UPTO_PROXY, facilitator };
    let network = Network::by_caip2("eip155:84532").unwrap();
    let signer = recover(digest_of(network, &authorization, Some(&permit)), &call.signature);
    let is_good = signer == Some(authorization.from) && authorization.value <= max;
    Some(Signed { authorization, is_good })
}

/// The logs that USDC writes, and the proxy of `upto`.
fn logs_of(transfer: &Signed) -> Value {
    let Authorization { from, to, value, nonce, via, .. } = &transfer.authorization;
    let usdc = Network::by_caip2("eip155:84532").unwrap().usdc;
    let used = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5";
    let moved = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
    let moved = json!({"address": usdc, "topics": [moved, from.into_word(), to.into_word()],
        "data": B256::from(*value)});
    match via {
        Via::Token => json!([
            {"address": usdc, "topics": [used, from.into_word(), nonce], "data": "0x"},
            moved,
        ]),
        Via::Permit2 => {
            let settled = alloy_primitives::keccak256("Settled()");
            json!([moved, {"address": UPTO_PROXY, "topics": [settled], "data": "0x"}])
        }
    }
}

/// A request arrives at the node.
pub(crate) fn arrive(sim: &Rc<Sim>, request: &HttpRequest, slot: Rc<Slot<Answer>>) {
    if sim.node.borrow().down_until > sim.now.get() {
        let failed = Err(HttpError::Connection("down".to_owned()));
        return sim.after(5, move |sim| slot.fill(sim, failed));
    }
    let body: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
    let one = |sim: &Sim, ask: &Value| {
        if sim.fault(15) {
            let error = json!({"code": -32005, "message": "limit exceeded"});
            return json!({"jsonrpc": "2.0", "id": ask["id"], "error": error});
        }
        let answer = sim.node.borrow_mut().answer(sim, ask);
        match answer {
            Ok(result) => json!({"jsonrpc": "2.0", "id": ask["id"], "result": result}),
            Err((code, message)) => {
                json!({"jsonrpc": "2.0", "id": ask["id"], "error": {"code": code, "message": message}})
            }
        }
    };
    let mut answer = match body.as_array() {
        Some(asks) => asks.iter().map(|ask| one(sim, ask)).collect(),
        None => one(sim, &body),
    };
    if let Some(answers) = answer.as_array_mut()
        && sim.fault(200)
    {
        answers.reverse();
    }
    let (status, body) = match sim.fault(20) {
        true => (502, "bad gateway".to_owned()),
        false => (200, answer.to_string()),
    };
    if sim.fault(30) {
        return;
    }
    sim.after(sim.latency(), move |sim| slot.fill(sim, Ok(HttpResponse { status, body })));
}
