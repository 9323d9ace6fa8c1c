//! What the chain would say of a payment: one look at the payer's code, one simulation of exactly what
//! will be sent. The reason is looked for only when that fails.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, sol};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::chain::networks::Network;
use crate::chain::rpc::{Ask, Rpc, RpcError, read};
use crate::chain::signature::{Factories, Judge};
use crate::chain::transaction::{ChainCall, Fees, transfer};
use crate::ports::Http;
use crate::x402::relayer::order::Order;
use crate::x402::relayer::refusal::{Reason, Refusal, Unavailable};

/// Gas that a transfer may need, and one that makes the wallet too: contract wallets run their own
/// code at our cost.
const GAS_MAX: u64 = 500_000;
const GAS_WITH_WALLET_MAX: u64 = 1_500_000;
/// What a simulation may have missed.
const GAS_MARGIN: u64 = 20_000;

/// `isValidSignature`'s answer for a good one (ERC-1271).
pub const MAGIC_VALUE: [u8; 4] = isValidSignatureCall::SELECTOR;

sol! {
    function isValidSignature(bytes32 hash, bytes signature) external view returns (bytes4);
    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);
    function balanceOf(address account) external view returns (uint256);
}

/// How the chain of a network is reached, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// The endpoint.
    pub rpc: &'a Rpc,
    /// Who sends what is judged good.
    pub relayer: Address,
    /// Who may make wallets.
    pub factories: &'a Factories,
}

/// A payment that the chain would take now, and what it takes to send it.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What to send.
    pub call: ChainCall,
    /// With how much gas at most.
    pub gas: u64,
    /// At which price.
    pub fees: Fees,
    /// What the relayer owns, wei.
    pub balance: U256,
    /// The newest block.
    pub block: u64,
}

/// The newest block, as far as we look at it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head {
    number: U256,
    #[serde(default)]
    base_fee_per_gas: U256,
}

/// Whether the chain would take the payment now.
///
/// # Errors
/// [`Refusal`].
pub async fn verify(http: &impl Http, access: Access<'_>, order: &Order) -> Result<(), Refusal> {
    let calls = |call: &ChainCall| {
        let params = json!([{"from": access.relayer, "to": call.to, "data": call.data}, "pending"]);
        Ask::new("eth_call", params)
    };
    simulate(http, access, order, calls, &[]).await.map(drop)
}

/// The same, with what it takes to send it.
///
/// # Errors
/// [`Refusal`].
pub(super) async fn prepare(
    http: &impl Http,
    access: Access<'_>,
    order: &Order,
) -> Result<Prepared, Refusal> {
    let estimates = |call: &ChainCall| {
        let params = json!([{"from": access.relayer, "to": call.to, "data": call.data}, "pending"]);
        Ask::new("eth_estimateGas", params)
    };
    let more = market(access.relayer);
    let (call, estimate, market) = simulate(http, access, order, estimates, &more).await?;
    let estimate: u64 = number(read(Ok(estimate)))?;
    let is_plain = call.to == order.network.usdc;
    let max = if is_plain { GAS_MAX } else { GAS_WITH_WALLET_MAX };
    if estimate > max {
        return Err(invalid(order, Reason::Simulation));
    }
    let margin = (estimate / 4).saturating_add(GAS_MARGIN);
    let gas = estimate.saturating_add(margin).min(max);
    let (fees, balance, block) = read_market(order.network, market)?;
    Ok(Prepared { call, gas, fees, balance, block })
}

/// The questions about gas: the newest block, the usual tip, the relayer's money.
pub(super) fn market(relayer: Address) -> [Ask; 3] {
    [
        Ask::new("eth_getBlockByNumber", json!(["latest", false])),
        Ask::new("eth_maxPriorityFeePerGas", json!([])),
        Ask::new("eth_getBalance", json!([relayer, "latest"])),
    ]
}

/// Fees, balance and block number from the answers to [`market`].
pub(super) fn read_market(
    network: &Network,
    answers: Vec<Result<Value, RpcError>>,
) -> Result<(Fees, U256, u64), Refusal> {
    let [head, tip, balance] = <[_; 3]>::try_from(answers).map_err(|_| rpc())?;
    let head: Head = read(head).map_err(|_| rpc())?;
    let tip: u128 = number(read(tip))?;
    let balance = read(balance).map_err(|_| rpc())?;
    let base = u128::try_from(head.base_fee_per_gas).map_err(|_| rpc())?;
    let fees = fees_for(network, base, tip).ok_or(Refusal::Unavailable(Unavailable::Fees))?;
    Ok((fees, balance, u64::try_from(head.number).map_err(|_| rpc())?))
}

/// Twice the base fee lasts for six full blocks; more than the network's limit is never paid.
fn fees_for(network: &Network, base: u128, tip: u128) -> Option<Fees> {
    let limit = network.gas_price_max();
    let tip = tip.min(limit);
    let needed = base.saturating_add(tip);
    let max = base.saturating_mul(2).saturating_add(tip).min(limit);
    (needed <= limit).then_some(Fees { max, tip })
}

/// Simulates, by the question that `ask` makes of a call, and asks `more` in the same request.
async fn simulate(
    http: &impl Http,
    access: Access<'_>,
    order: &Order,
    ask: impl Fn(&ChainCall) -> Ask,
    more: &[Ask],
) -> Result<(ChainCall, Value, Vec<Result<Value, RpcError>>), Refusal> {
    let payer = order.authorization.from;
    let code_ask = Ask::new("eth_getCode", json!([payer, "latest"]));
    let network = order.network;
    let call_for = |judge: &Judge| transfer(network, &order.authorization, &order.given, judge);
    let judge = |code: Bytes| {
        order
            .given
            .judge(payer, order.digest, !code.is_empty(), access.factories)
            .map_err(|why| invalid(order, why.into()))
    };
    let (has_code, call, mut answers) = if order.given.wrapper.is_some() {
        let code: Bytes =
            access.rpc.call(http, code_ask.method, code_ask.params).await.map_err(|_| rpc())?;
        let has_code = !code.is_empty();
        let call = call_for(&judge(code)?);
        let asks = [&[chain_id(), ask(&call)], more].concat();
        (has_code, call, access.rpc.batch(http, &asks).await.map_err(|_| rpc())?)
    } else {
        // A key and a contract are sent the same call, so all of it can be asked at once.
        let call = call_for(&Judge::Key);
        let asks = [&[chain_id(), ask(&call)], more, &[code_ask]].concat();
        let mut answers = access.rpc.batch(http, &asks).await.map_err(|_| rpc())?;
        let code: Bytes = read(answers.pop().ok_or_else(rpc)?).map_err(|_| rpc())?;
        let has_code = !code.is_empty();
        judge(code)?;
        (has_code, call, answers)
    };
    let rest = answers.split_off(2.min(answers.len()));
    let [id, simulated] = <[_; 2]>::try_from(answers).map_err(|_| rpc())?;
    // An endpoint of another network has no token there, and says yes to everything.
    let id: u64 = number(read(id))?;
    if id != network.chain_id {
        return Err(rpc());
    }
    match simulated {
        Ok(answer) => Ok((call, answer, rest)),
        Err(RpcError::Reverted) => {
            Err(invalid(order, diagnose(http, access, order, has_code).await))
        }
        Err(RpcError::Unavailable | RpcError::Refused { .. } | RpcError::Malformed) => Err(rpc()),
    }
}

/// Why the chain refuses. It does so for sure; only the reason may stay unknown.
async fn diagnose(http: &impl Http, access: Access<'_>, order: &Order, has_code: bool) -> Reason {
    let authorization = &order.authorization;
    let state =
        authorizationStateCall { authorizer: authorization.from, nonce: authorization.nonce };
    let balance = balanceOfCall { account: authorization.from };
    let usdc = order.network.usdc;
    let asks = [
        Ask::contract(usdc, &state.abi_encode()),
        Ask::contract(usdc, &balance.abi_encode()),
        ask_wallet(authorization.from, order.digest, &order.given.signature),
    ];
    let Ok(answers) = access.rpc.batch(http, &asks).await else { return Reason::Simulation };
    let Ok([state, balance, wallet]) = <[_; 3]>::try_from(answers) else {
        return Reason::Simulation;
    };
    let is_used = read::<Bytes>(state)
        .is_ok_and(|state| authorizationStateCall::abi_decode_returns_validate(&state) == Ok(true));
    if is_used {
        return Reason::NonceUsed;
    }
    let is_poor = read::<Bytes>(balance).is_ok_and(|answer| {
        balanceOfCall::abi_decode_returns_validate(&answer)
            .is_ok_and(|balance| balance < authorization.value)
    });
    // A wallet that is not there yet cannot be asked: it is empty, and says yes to nothing.
    if has_code && accepts(wallet) == Some(false) {
        return Reason::Signature;
    }
    if is_poor { Reason::Balance } else { Reason::Simulation }
}

/// The question whether a contract wallet accepts a signature (ERC-1271).
#[must_use]
pub fn ask_wallet(wallet: Address, digest: B256, signature: &Bytes) -> Ask {
    let call = isValidSignatureCall { hash: digest, signature: signature.clone() };
    Ask::contract(wallet, &call.abi_encode())
}

/// What the wallet said; `None` if it could not be asked. A wallet that reverts does not accept.
#[must_use]
pub fn accepts(answer: Result<Value, RpcError>) -> Option<bool> {
    match read::<Bytes>(answer) {
        Ok(answer) => Some(is_magic(&answer)),
        Err(RpcError::Reverted | RpcError::Malformed) => Some(false),
        Err(RpcError::Unavailable | RpcError::Refused { .. }) => None,
    }
}

/// Whether a contract answered that a signature is good: the magic value and nothing else.
#[must_use]
pub fn is_magic(answer: &[u8]) -> bool {
    answer.len() == 32 && answer.starts_with(&MAGIC_VALUE)
}

fn chain_id() -> Ask {
    Ask::new("eth_chainId", json!([]))
}

fn number<T: TryFrom<U256>>(answer: Result<U256, RpcError>) -> Result<T, Refusal> {
    T::try_from(answer.map_err(|_| rpc())?).map_err(|_| rpc())
}

fn invalid(order: &Order, reason: Reason) -> Refusal {
    Refusal::Invalid(reason, Some(order.authorization.from))
}

const fn rpc() -> Refusal {
    Refusal::Unavailable(Unavailable::Rpc)
}
