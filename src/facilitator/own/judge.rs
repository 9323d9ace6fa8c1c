//! Simulates a payment. One request estimates its gas and reads the payer's code and the gas market; a wrapped
//! signature needs one request before that to read the payer's code. A payer that is a contract is simulated again
//! exactly as the transaction will be sent, because a contract may behave differently if `tx.gasprice` is 0 or more
//! gas is available. The reason of a failure is looked up only after it failed.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, sol};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::chain::erc1271;
use crate::chain::networks::Network;
use crate::chain::permit2::{self, UPTO_PROXY};
use crate::chain::rpc::{Ask, Rpc, RpcError, read};
use crate::chain::signature::{Factories, Judge};
use crate::chain::transaction::{ChainCall, Fees, transfer};
use crate::chain::transfers::{ask_used, read_used};
use crate::facilitator::own::gas::GasPolicy;
use crate::facilitator::own::order::Order;
use crate::facilitator::own::refusal::{Reason, Refusal, Unavailable};
use crate::facilitator::own::standing::code_of;
use crate::ports::{Clock, Http};

/// Gas for a transfer that a key pays: only the token's own code runs.
const GAS_MAX: u64 = 500_000;
/// Additional gas for a contract to judge a signature. A Safe takes 10,000 and about 6,000 for each further owner, a
/// passkey 60,000 with the P-256 precompile of Base, Polygon and Avalanche. A contract that computes P-256 itself
/// (about 350,000) is refused.
const SIGNATURE_GAS_MAX: u64 = 200_000;
/// Additional gas for deploying a wallet.
const WALLET_GAS_MAX: u64 = 600_000;
/// A margin for what a simulation may miss.
const GAS_MARGIN: u64 = 20_000;

sol! {
    function balanceOf(address account) external view returns (uint256);
}

/// How the chain of a network is reached, and for which relayer.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    pub rpc: &'a Rpc,
    /// The sender of the transactions.
    pub relayer: Address,
    /// Factories that may deploy wallets.
    pub factories: &'a Factories,
    pub policy: &'a GasPolicy,
}

/// A payment that the chain would accept now, and how to send it.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The call to send.
    pub call: ChainCall,
    /// The gas limit, in units of gas.
    pub gas: u64,
    /// The fees to offer.
    pub fees: Fees,
    /// The relayer's balance, wei.
    pub balance: U256,
    /// The newest block when the fees were read.
    pub block: u64,
    /// The id of the payer's code; `None` for a key.
    pub code: Option<String>,
}

/// The newest block, as far as we read it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head {
    number: U256,
    #[serde(default)]
    base_fee_per_gas: U256,
}

/// The gas market, and the relayer's balance.
pub(super) struct Market {
    /// The fees to offer at most.
    pub(super) fees: Fees,
    /// The gas price of a block now, wei.
    pub(super) price: u128,
    pub(super) balance: U256,
    pub(super) block: u64,
}

/// Checks whether the chain would accept the payment now, and whether it is worth its gas.
///
/// # Errors
///
/// [`Refusal`].
pub async fn verify(
    world: &(impl Http + Clock),
    access: Access<'_>,
    order: &Order,
) -> Result<(), Refusal> {
    prepare(world, access, &order.whole()).await.map(drop)
}

/// The same, and how to send it.
///
/// # Errors
///
/// [`Refusal`].
pub(super) async fn prepare(
    world: &(impl Http + Clock),
    access: Access<'_>,
    order: &Order,
) -> Result<Prepared, Refusal> {
    order.check_time(world.now()).map_err(|reason| invalid(order, reason))?;
    if order.permit.is_some_and(|permit| permit.facilitator != access.relayer) {
        return Err(invalid(order, Reason::OtherFacilitator));
    }
    let (call, judge) = call_for(world, access, order).await?;
    let makes_wallet = matches!(judge, Judge::Counterfactual(_));
    let network = order.network;
    let contract_max = network
        .transfer_gas
        .saturating_add(SIGNATURE_GAS_MAX)
        .saturating_add(if makes_wallet { WALLET_GAS_MAX } else { 0 });
    // It is not known yet whether the payer has code, so the bound is the larger one.
    let bound = GAS_MAX.max(contract_max);
    let (estimate, code, market) = estimate(world, access, order, &call, bound).await?;
    let code = code_of(&code, &judge);
    let max = if code.is_some() { contract_max } else { GAS_MAX };
    if estimate > max {
        return Err(invalid(order, Reason::Simulation));
    }
    let Market { fees, price, balance, block } = market;
    let cost = access.policy.cost(network, u128::from(estimate).saturating_mul(price));
    let smallest = access.policy.smallest_value(cost, makes_wallet);
    if order.authorization.value < smallest.to_u256() {
        return Err(invalid(order, Reason::Worthless(smallest)));
    }
    let margin = (estimate / 4).saturating_add(GAS_MARGIN);
    let gas = estimate.saturating_add(margin).min(max);
    let prepared = Prepared { call, gas, fees, balance, block, code };
    // A key cannot behave differently in the block, so it needs no second simulation.
    if prepared.code.is_some() {
        simulate_exactly(world, access, order, &prepared).await?;
    }
    Ok(prepared)
}

/// The questions about gas: the newest block, the usual tip, the relayer's balance.
pub(super) fn market(relayer: Address) -> [Ask; 3] {
    [
        Ask::new("eth_getBlockByNumber", json!(["latest", false])),
        Ask::new("eth_maxPriorityFeePerGas", json!([])),
        Ask::new("eth_getBalance", json!([relayer, "latest"])),
    ]
}

/// Parses the answers to [`market`].
pub(super) fn read_market(
    network: &Network,
    answers: Vec<Result<Value, RpcError>>,
) -> Result<Market, Refusal> {
    let [head, tip, balance] = <[_; 3]>::try_from(answers).map_err(|_| rpc())?;
    let head: Head = read(head).map_err(|_| rpc())?;
    let tip: u128 = number(read(tip))?;
    let balance = read(balance).map_err(|_| rpc())?;
    let base = u128::try_from(head.base_fee_per_gas).map_err(|_| rpc())?;
    let fees = fees_for(network, base, tip).ok_or(Refusal::Unavailable(Unavailable::Fees))?;
    let price = base.saturating_add(fees.tip);
    Ok(Market { fees, price, balance, block: u64::try_from(head.number).map_err(|_| rpc())? })
}

/// Twice the base fee lasts for six full blocks. The network's limit is never exceeded.
fn fees_for(network: &Network, base: u128, tip: u128) -> Option<Fees> {
    let limit = network.gas_price_max();
    let tip = tip.min(limit);
    let needed = base.saturating_add(tip);
    let max = base.saturating_mul(2).saturating_add(tip).min(limit);
    (needed <= limit).then_some(Fees { max, tip })
}

/// The call that would be sent, and how the signature is judged.
async fn call_for(
    http: &impl Http,
    access: Access<'_>,
    order: &Order,
) -> Result<(ChainCall, Judge), Refusal> {
    let judge = if order.given.wrapper.is_some() {
        let payer = order.authorization.from;
        let code: Bytes = access
            .rpc
            .call(http, "eth_getCode", json!([payer, "latest"]))
            .await
            .map_err(|_| rpc())?;
        let judge = order.given.judge(payer, order.digest(), !code.is_empty(), access.factories);
        judge.map_err(|why| invalid(order, why.into()))?
    } else {
        // A key and a contract get the same call, and the token judges the signature. The kind of payer matters only
        // if it refuses.
        Judge::Key
    };
    if order.permit.is_some() && matches!(judge, Judge::Counterfactual(_)) {
        return Err(invalid(order, Reason::NotDeployed));
    }
    let Order { network, authorization, permit, given, .. } = order;
    Ok((transfer(network, authorization, permit.as_ref(), given, &judge), judge))
}

/// The call's gas, at most `bound`. The payer's code and the gas market come in the same request.
async fn estimate(
    http: &impl Http,
    access: Access<'_>,
    order: &Order,
    call: &ChainCall,
    bound: u64,
) -> Result<(u64, Bytes, Market), Refusal> {
    let gas = format!("{bound:#x}");
    let asked = json!({"from": access.relayer, "to": call.to, "data": call.data, "gas": gas});
    let [head, tip, balance] = market(access.relayer);
    let mut asks = vec![
        chain_id(),
        Ask::new("eth_estimateGas", json!([asked, "pending"])),
        Ask::new("eth_getCode", json!([order.authorization.from, "latest"])),
        head,
        tip,
        balance,
    ];
    if order.permit.is_some() {
        asks.push(Ask::new("eth_getCode", json!([UPTO_PROXY, "latest"])));
    }
    let mut answers = access.rpc.batch(http, &asks).await.map_err(|_| rpc())?;
    // A call to an address without code succeeds and moves nothing.
    if let Some(code) = answers.split_off(6.min(answers.len())).pop()
        && read::<Bytes>(code).map_err(|_| rpc())?.is_empty()
    {
        return Err(invalid(order, Reason::NoProxy));
    }
    let market = answers.split_off(3.min(answers.len()));
    let [id, estimate, code] = <[_; 3]>::try_from(answers).map_err(|_| rpc())?;
    // An endpoint of another network has no token at that address and accepts every call.
    let id: u64 = number(read(id))?;
    if id != order.network.chain_id {
        return Err(rpc());
    }
    let estimate: u64 = number(read(Ok(judged(http, access, order, estimate).await?)))?;
    let code = read::<Bytes>(code).map_err(|_| rpc())?;
    Ok((estimate, code, read_market(order.network, market)?))
}

/// Simulates exactly the transaction that will be sent: the same sender, gas limit and fees, so that a contract sees
/// the same `tx.gasprice` and gas in both.
async fn simulate_exactly(
    http: &impl Http,
    access: Access<'_>,
    order: &Order,
    prepared: &Prepared,
) -> Result<(), Refusal> {
    let Prepared { call, gas, fees, balance, .. } = prepared;
    // The node checks whether the sender could pay for it.
    if *balance < U256::from(*gas).saturating_mul(U256::from(fees.max)) {
        return Err(Refusal::Unavailable(Unavailable::Gas));
    }
    let asked = json!({
        "from": access.relayer,
        "to": call.to,
        "data": call.data,
        "gas": format!("{gas:#x}"),
        "maxFeePerGas": format!("{:#x}", fees.max),
        "maxPriorityFeePerGas": format!("{:#x}", fees.tip),
    });
    let asks = [Ask::new("eth_call", json!([asked, "pending"]))];
    let answers = access.rpc.batch(http, &asks).await.map_err(|_| rpc())?;
    let answer = answers.into_iter().next().ok_or_else(rpc)?;
    judged(http, access, order, answer).await.map(drop)
}

/// The result of a simulation, or why the chain refuses the payment.
async fn judged(
    http: &impl Http,
    access: Access<'_>,
    order: &Order,
    answer: Result<Value, RpcError>,
) -> Result<Value, Refusal> {
    match answer {
        Ok(answer) => Ok(answer),
        Err(RpcError::Reverted) => Err(invalid(order, diagnose(http, access, order).await)),
        // The other calls in the same request were answered, so the payment may be the cause.
        Err(RpcError::Refused { .. }) => Err(Refusal::Unavailable(Unavailable::Simulation)),
        Err(RpcError::Unavailable | RpcError::Malformed) => Err(rpc()),
    }
}

/// Why the chain refuses. The refusal is certain; only its reason may stay unknown.
async fn diagnose(http: &impl Http, access: Access<'_>, order: &Order) -> Reason {
    let Order { network, authorization, .. } = order;
    let balance = balanceOfCall { account: authorization.from };
    let digest = order.digest();
    let asks = [
        Ask::new("eth_getCode", json!([authorization.from, "latest"])),
        ask_used(network, authorization, &json!("pending")),
        Ask::contract(network.usdc, &balance.abi_encode()),
        erc1271::ask(authorization.from, digest, &order.given.signature),
        permit2::ask_allowance(network, authorization.from),
    ];
    let Ok(answers) = access.rpc.batch(http, &asks).await else { return Reason::Simulation };
    let Ok([code, state, balance, wallet, allowance]) = <[_; 5]>::try_from(answers) else {
        return Reason::Simulation;
    };
    let Ok(code) = read::<Bytes>(code) else { return Reason::Simulation };
    let judge = order.given.judge(authorization.from, digest, !code.is_empty(), access.factories);
    let judge = match judge {
        Ok(judge) => judge,
        Err(why) => return why.into(),
    };
    if read_used(state, authorization) == Ok(true) {
        return order.used();
    }
    let is_poor = read::<Bytes>(balance).is_ok_and(|answer| {
        balanceOfCall::abi_decode_returns_validate(&answer)
            .is_ok_and(|balance| balance < authorization.value)
    });
    // A wallet that is not deployed cannot be asked: a call to an empty address succeeds without a result.
    if judge == Judge::Contract && erc1271::answered(wallet) == Ok(false) {
        return Reason::Signature;
    }
    let is_approved = permit2::read_allowance(allowance).is_ok_and(|it| it >= authorization.value);
    match order.permit {
        _ if is_poor => Reason::Balance,
        Some(_) if !is_approved => Reason::Allowance,
        Some(_) | None => Reason::Simulation,
    }
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
