//! What the chain would say of a payment. One request estimates its gas and asks for the payer's code and
//! the market; before it comes a look at the payer's code if the signature is wrapped. A payer that is a
//! contract is simulated once more, exactly as it will be sent: it may act otherwise where `tx.gasprice` is 0
//! or there is more gas than there will be. The reason is looked for only when that fails.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, sol};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::chain::erc1271;
use crate::chain::networks::Network;
use crate::chain::rpc::{Ask, Rpc, RpcError, read};
use crate::chain::signature::{Factories, Judge};
use crate::chain::transaction::{ChainCall, Fees, transfer};
use crate::facilitator::own::gas::GasPolicy;
use crate::facilitator::own::order::Order;
use crate::facilitator::own::refusal::{Reason, Refusal, Unavailable};
use crate::facilitator::own::standing::code_of;
use crate::ports::{Clock, Http};

/// Gas that a transfer may need when a key pays: the token's own code runs, and nothing else.
const GAS_MAX: u64 = 500_000;
/// Gas that a contract may need to judge a signature, beside the transfer. A Safe takes 10,000 and about
/// 6,000 for each further owner, a passkey 60,000 with the P-256 precompile that Base, Polygon and Avalanche
/// have. One that computes P-256 by itself (about 350,000) is refused.
const SIGNATURE_GAS_MAX: u64 = 200_000;
/// Gas that making a wallet may need, in addition.
const WALLET_GAS_MAX: u64 = 600_000;
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
    /// How much gas may cost.
    pub policy: &'a GasPolicy,
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
    /// What the code of the payer is known by; `None`: a key.
    pub code: Option<String>,
}

/// The newest block, as far as we look at it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head {
    number: U256,
    #[serde(default)]
    base_fee_per_gas: U256,
}

/// What gas costs, and what the relayer has.
pub(super) struct Market {
    /// What to offer at most.
    pub(super) fees: Fees,
    /// What a block takes now, wei.
    pub(super) price: u128,
    pub(super) balance: U256,
    pub(super) block: u64,
}

/// Whether the chain would take the payment now, and whether it is worth its gas.
///
/// # Errors
/// [`Refusal`].
pub async fn verify(
    world: &(impl Http + Clock),
    access: Access<'_>,
    order: &Order,
) -> Result<(), Refusal> {
    prepare(world, access, order).await.map(drop)
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
    let (call, judge) = call_for(world, access, order).await?;
    let makes_wallet = matches!(judge, Judge::Counterfactual(_));
    let network = order.network;
    let contract_max = network
        .transfer_gas
        .saturating_add(SIGNATURE_GAS_MAX)
        .saturating_add(if makes_wallet { WALLET_GAS_MAX } else { 0 });
    // Whether the payer has code is not known yet, so that the bound is the larger one.
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
    // A key cannot say one thing here and another in the block, and needs no second request.
    if prepared.code.is_some() {
        simulate_exactly(world, access, order, &prepared).await?;
    }
    Ok(prepared)
}

/// The questions about gas: the newest block, the usual tip, the relayer's money.
pub(super) fn market(relayer: Address) -> [Ask; 3] {
    [
        Ask::new("eth_getBlockByNumber", json!(["latest", false])),
        Ask::new("eth_maxPriorityFeePerGas", json!([])),
        Ask::new("eth_getBalance", json!([relayer, "latest"])),
    ]
}

/// What the answers to [`market`] say.
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

/// Twice the base fee lasts for six full blocks; more than the network's limit is never paid.
fn fees_for(network: &Network, base: u128, tip: u128) -> Option<Fees> {
    let limit = network.gas_price_max();
    let tip = tip.min(limit);
    let needed = base.saturating_add(tip);
    let max = base.saturating_mul(2).saturating_add(tip).min(limit);
    (needed <= limit).then_some(Fees { max, tip })
}

/// What would be sent, and who judges the signature.
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
        // A key and a contract are sent the same call, and what the token accepts need not be judged
        // once more: who the payer is matters only when it refuses.
        Judge::Key
    };
    Ok((transfer(order.network, &order.authorization, &order.given, &judge), judge))
}

/// How much gas the call needs, at most `bound`; the payer's code, and the market, in the same request.
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
    let asks = [
        chain_id(),
        Ask::new("eth_estimateGas", json!([asked, "pending"])),
        Ask::new("eth_getCode", json!([order.authorization.from, "latest"])),
        head,
        tip,
        balance,
    ];
    let mut answers = access.rpc.batch(http, &asks).await.map_err(|_| rpc())?;
    let market = answers.split_off(3.min(answers.len()));
    let [id, estimate, code] = <[_; 3]>::try_from(answers).map_err(|_| rpc())?;
    // An endpoint of another network has no token there, and says yes to everything.
    let id: u64 = number(read(id))?;
    if id != order.network.chain_id {
        return Err(rpc());
    }
    let estimate: u64 = number(read(Ok(judged(http, access, order, estimate).await?)))?;
    let code = read::<Bytes>(code).map_err(|_| rpc())?;
    Ok((estimate, code, read_market(order.network, market)?))
}

/// Carries out, without sending it, exactly what will be sent: sender, gas limit and fees are those of the
/// transaction, so that a contract sees the same `tx.gasprice` and the same gas in both.
async fn simulate_exactly(
    http: &impl Http,
    access: Access<'_>,
    order: &Order,
    prepared: &Prepared,
) -> Result<(), Refusal> {
    let Prepared { call, gas, fees, balance, .. } = prepared;
    // The node looks whether the sender could pay for it.
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

/// What a simulation answered, or why the chain refuses the payment.
async fn judged(
    http: &impl Http,
    access: Access<'_>,
    order: &Order,
    answer: Result<Value, RpcError>,
) -> Result<Value, Refusal> {
    match answer {
        Ok(answer) => Ok(answer),
        Err(RpcError::Reverted) => Err(invalid(order, diagnose(http, access, order).await)),
        // The others in the same request had an answer, so this may be due to the payment.
        Err(RpcError::Refused { .. }) => Err(Refusal::Unavailable(Unavailable::Simulation)),
        Err(RpcError::Unavailable | RpcError::Malformed) => Err(rpc()),
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
