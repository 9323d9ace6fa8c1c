//! The cost of gas in money, and budgets for it.
//!
//! Amounts are millionths of a dollar, so that they compare with USDC. The price of a network's coin is a constant
//! that errs on the high side ([`crate::chain::networks`]), unless a setting overrides it.

use std::collections::BTreeMap;

use crate::base::money::Usdc;
use crate::chain::networks::Network;

/// Millionths of a dollar.
pub type Micros = u64;

/// What may be spent on gas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GasPolicy {
    /// The price of a coin by CAIP-2 id, where a setting overrides the network's constant.
    pub coin_usd: BTreeMap<String, Micros>,
    /// Budgets for one day.
    pub budgets: Budgets,
    /// How many thousandths of its gas cost a payment must be worth; 0 turns the check off.
    pub gas_permille: u64,
    /// The smallest payment for which a wallet is deployed.
    pub wallet_value_min: Usdc,
}

/// Gas budgets for one day (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budgets {
    /// For one host of this deployment.
    pub host: Micros,
    /// For one wallet that pays.
    pub payer: Micros,
    /// For one caller of the facilitator's API.
    pub caller: Micros,
    /// For the whole relayer.
    pub total: Micros,
}

impl Default for GasPolicy {
    fn default() -> Self {
        let dollars = |dollars: Micros| dollars.saturating_mul(1_000_000);
        Self {
            coin_usd: BTreeMap::new(),
            budgets: Budgets {
                host: dollars(5),
                payer: dollars(1),
                caller: dollars(1),
                total: dollars(50),
            },
            gas_permille: 1000,
            wallet_value_min: Usdc::from_cents(1),
        }
    }
}

impl GasPolicy {
    /// The value of an amount of wei, rounded up.
    #[must_use]
    pub fn cost(&self, network: &Network, wei: u128) -> Micros {
        const WEI: u128 = 1_000_000_000_000_000_000;
        let usual = u64::from(network.coin_usd).saturating_mul(1_000_000);
        let coin = self.coin_usd.get(network.caip2).copied().unwrap_or(usual);
        let micros = wei.saturating_mul(u128::from(coin)).div_ceil(WEI);
        // Storage holds no larger integer.
        Micros::try_from(micros).unwrap_or(Micros::MAX).min(Usdc::MAX.atomic())
    }

    /// The smallest payment that is worth gas of this cost.
    #[must_use]
    pub fn smallest_value(&self, cost: Micros, makes_wallet: bool) -> Usdc {
        let worth = cost.saturating_mul(self.gas_permille).div_ceil(1000);
        let worth = Usdc::from_atomic(worth.min(Usdc::MAX.atomic())).unwrap_or(Usdc::MAX);
        if makes_wallet { worth.max(self.wallet_value_min) } else { worth }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gas_has_a_price_in_money() {
        let base = Network::by_v1_name("base").unwrap();
        let mut policy = GasPolicy::default();
        // 86,000 gas at 0.01 gwei, and a coin of $5000.
        let wei = 86_000 * 10_000_000;
        assert_eq!(policy.cost(base, wei), 4_300);
        assert_eq!(policy.cost(base, 1), 1, "rounded up");
        assert_eq!(policy.cost(base, u128::MAX), Usdc::MAX.atomic(), "and bounded");
        policy.coin_usd.insert("eip155:8453".to_owned(), 1_000_000);
        assert_eq!(policy.cost(base, wei), 1);
    }

    #[test]
    fn a_payment_is_worth_its_gas_and_a_wallet_some_more() {
        let mut policy = GasPolicy::default();
        assert_eq!(policy.smallest_value(4_300, false).to_string(), "0.0043");
        assert_eq!(policy.smallest_value(4_300, true).to_string(), "0.01");
        assert_eq!(policy.smallest_value(40_000, true).to_string(), "0.04");
        policy.gas_permille = 2_500;
        assert_eq!(policy.smallest_value(4_300, false).to_string(), "0.01075");
        policy.gas_permille = 0;
        assert_eq!(policy.smallest_value(4_300, false), Usdc::ZERO);
    }
}
