//! Settings for gas costs.

use std::collections::BTreeMap;

use crate::base::money::Usdc;
use crate::chain::networks::Network;
use crate::config::readers::take;
use crate::facilitator::own::gas::{GasPolicy, Micros};

/// The default of the smallest price that a host may set: $0.001.
const PRICE_MIN: Usdc = match Usdc::from_atomic(1_000) {
    Ok(price) => price,
    Err(_) => Usdc::MAX,
};

/// `None` after a fault.
pub(super) fn read_gas(
    faults: &mut Vec<String>,
    set: &impl Fn(&str) -> Option<String>,
) -> Option<GasPolicy> {
    let coins = take(faults, "GAS_COIN_USD", read_coins(set("GAS_COIN_USD")));
    let budgets = take(faults, "GAS_BUDGETS", read_named(set("GAS_BUDGETS"), BUDGETS));
    let least = take(faults, "SETTLE_MIN", read_named(set("SETTLE_MIN"), LEAST));
    let mut policy = GasPolicy { coin_usd: coins?, ..GasPolicy::default() };
    for (name, amount) in budgets?.into_iter().chain(least?) {
        match name {
            "host" => policy.budgets.host = amount.atomic(),
            "payer" => policy.budgets.payer = amount.atomic(),
            "caller" => policy.budgets.caller = amount.atomic(),
            "total" => policy.budgets.total = amount.atomic(),
            "gas" => policy.gas_permille = amount.atomic() / 1_000,
            _ => policy.wallet_value_min = amount,
        }
    }
    Some(policy)
}

pub(super) fn read_price_min(text: Option<String>) -> Result<Usdc, String> {
    let Some(text) = text else { return Ok(PRICE_MIN) };
    Usdc::from_dollars(text.trim()).map_err(|_| "must be dollars such as 0.001".to_owned())
}

const BUDGETS: &[&str] = &["host", "payer", "caller", "total"];
const LEAST: &[&str] = &["gas", "wallet"];

/// A list such as `host=5 payer=1`, with these names only.
fn read_named(
    text: Option<String>,
    names: &[&'static str],
) -> Result<Vec<(&'static str, Usdc)>, String> {
    let text = text.unwrap_or_default();
    let read = |part: &str| {
        let (name, amount) = part.split_once('=')?;
        let name = names.iter().find(|known| **known == name)?;
        Some((*name, Usdc::from_dollars(amount).ok()?))
    };
    let parts = text.split_ascii_whitespace();
    parts
        .map(|part| {
            read(part).ok_or_else(|| {
                format!("names {part:?}; it takes {}=1.50, separated by spaces", names.join("=…, "))
            })
        })
        .collect()
}

fn read_coins(text: Option<String>) -> Result<BTreeMap<String, Micros>, String> {
    let Some(text) = text else { return Ok(BTreeMap::new()) };
    let remedy = "is not a JSON object of dollars by network such as {\"eip155:8453\": \"4000\"}";
    let coins: BTreeMap<String, String> =
        serde_json::from_str(&text).map_err(|_| remedy.to_owned())?;
    let read = |(network, dollars): (String, String)| {
        let dollars = Usdc::from_dollars(&dollars).map_err(|_| remedy.to_owned())?;
        let network = Network::by_caip2(&network)
            .ok_or_else(|| format!("names {network:?}, which is unknown"))?;
        Ok((network.caip2.to_owned(), dollars.atomic()))
    };
    coins.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<GasPolicy, Vec<String>> {
        let mut faults = Vec::new();
        let set = |name: &str| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        read_gas(&mut faults, &set).ok_or(faults)
    }

    #[test]
    fn what_is_left_out_is_as_usual() {
        assert_eq!(read(&[]), Ok(GasPolicy::default()));
        let policy = read(&[
            ("GAS_COIN_USD", r#"{"eip155:8453": "4000.5"}"#),
            ("GAS_BUDGETS", "host=2.50 total=9"),
            ("SETTLE_MIN", "gas=1.5 wallet=0.02"),
        ])
        .unwrap();
        assert_eq!(policy.coin_usd["eip155:8453"], 4_000_500_000);
        assert_eq!((policy.budgets.host, policy.budgets.total), (2_500_000, 9_000_000));
        assert_eq!(policy.budgets.payer, 1_000_000);
        assert_eq!((policy.gas_permille, policy.wallet_value_min), (1_500, Usdc::from_cents(2)));
    }

    #[test]
    fn every_fault_is_named() {
        let faults = read(&[
            ("GAS_COIN_USD", r#"{"eip155:1": "4000"}"#),
            ("GAS_BUDGETS", "hosts=2.50"),
            ("SETTLE_MIN", "gas=much"),
        ])
        .unwrap_err();
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults[1].starts_with("GAS_BUDGETS names \"hosts=2.50\""), "{faults:?}");
    }
}
