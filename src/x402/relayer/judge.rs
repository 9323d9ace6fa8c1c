//! What the chain would say of a payment: one simulation of exactly what will be sent, before it a look
//! at the payer's code if the signature is wrapped. The reason is looked for only when that fails.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, sol};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::chain::erc1271;
use crate::chain::networks::Network;
use crate::chain::rpc::{Ask, Rpc, RpcError, read};
use crate::chain::signature::{Factories, Judge};
use crate::chain::transaction::{ChainCall, Fees, transfer};
use crate::ports::{Clock, Http};
use crate::x402::relayer::order::Order;
use crate::x402::relayer::refusal::{Reason, Refusal, Unavailable};

/// Gas that a transfer may need, and one that makes the wallet too: contract wallets run their own
/// code at our cost.
const GAS_MAX: u64 = 500_000;
const GAS_WITH_WALLET_MAX: u64 = 1_500_000;
/// What a simulation may have missed.
const GAS_MARGIN: u64 = 20_000;

sol! {
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
pub async fn verify(
    world: &(impl Http + Clock),
    access: Access<'_>,
    order: &Order,
) -> Result<(), Refusal> {
    order.check_time(world.now()).map_err(|reason| invalid(order, reason))?;
    simulate(world, access, order, "eth_call", &[]).await.map(drop)
}

/// The same, with what it takes to send it.
///
/// # Errors
/// [`Refusal`].
pub(super) async fn prepare(
    world: &(impl Http + Clock),
    access: Access<'_>,
    order: &Order,
) -> Result<Prepared, Refusal> {
    order.check_time(world.now()).map_err(|reason| invalid(order, reason))?;
    let more = market(access.relayer);
    let (call, estimate, market) = simulate(world, access, order, "eth_estimateGas", &more).await?;
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

/// Simulates, by `eth_call` or `eth_estimateGas`, and asks `more` in the same request.
async fn simulate(
    http: &impl Http,
    access: Access<'_>,
    order: &Order,
    method: &'static str,
    more: &[Ask],
) -> Result<(ChainCall, Value, Vec<Result<Value, RpcError>>), Refusal> {
    let call_for =
        |judge: &Judge| transfer(order.network, &order.authorization, &order.given, judge);
    let call = if order.given.wrapper.is_some() {
        let payer = order.authorization.from;
        let code: Bytes = access
            .rpc
            .call(http, "eth_getCode", json!([payer, "latest"]))
            .await
            .map_err(|_| rpc())?;
        let judge = order.given.judge(payer, order.digest(), !code.is_empty(), access.factories);
        call_for(&judge.map_err(|why| invalid(order, why.into()))?)
    } else {
        // A key and a contract are sent the same call, and what the token accepts need not be judged
        // once more: who the payer is matters only when it refuses.
        call_for(&Judge::Key)
    };
    let params = json!([{"from": access.relayer, "to": call.to, "data": call.data}, "pending"]);
    let asks = [&[chain_id(), Ask::new(method, params)], more].concat();
    let mut answers = access.rpc.batch(http, &asks).await.map_err(|_| rpc())?;
    let rest = answers.split_off(2.min(answers.len()));
    let [id, simulated] = <[_; 2]>::try_from(answers).map_err(|_| rpc())?;
    // An endpoint of another network has no token there, and says yes to everything.
    let id: u64 = number(read(id))?;
    if id != order.network.chain_id {
        return Err(rpc());
    }
    match simulated {
        Ok(answer) => Ok((call, answer, rest)),
        Err(RpcError::Reverted) => Err(invalid(order, diagnose(http, access, order).await)),
        Err(RpcError::Unavailable | RpcError::Refused { .. } | RpcError::Malformed) => Err(rpc()),
    }
}

/// Why the chain refuses. It does so for sure; only the reason may stay unknown.
async fn diagnose(http: &impl Http, access: Access<'_>, order: &Order) -> Reason {
    let authorization = &order.authorization;
    let state =
        authorizationStateCall { authorizer: authorization.from, nonce: authorization.nonce };
    let balance = balanceOfCall { account: authorization.from };
    let usdc = order.network.usdc;
    let digest = order.digest();
    let asks = [
        Ask::new("eth_getCode", json!([authorization.from, "latest"])),
        Ask::contract(usdc, &state.abi_encode()),
        Ask::contract(usdc, &balance.abi_encode()),
        erc1271::ask(authorization.from, digest, &order.given.signature),
    ];
    let Ok(answers) = access.rpc.batch(http, &asks).await else { return Reason::Simulation };
    let Ok([code, state, balance, wallet]) = <[_; 4]>::try_from(answers) else {
        return Reason::Simulation;
    };
    let Ok(code) = read::<Bytes>(code) else { return Reason::Simulation };
    let judge = order.given.judge(authorization.from, digest, !code.is_empty(), access.factories);
    let judge = match judge {
        Ok(judge) => judge,
        Err(why) => return why.into(),
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
    if judge == Judge::Contract && erc1271::answered(wallet) == Ok(false) {
        return Reason::Signature;
    }
    if is_poor { Reason::Balance } else { Reason::Simulation }
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
