//! The prices of tools that cost the same for every call, as the host sets them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::fields::{self, bad};
use crate::base::money::Usdc;
use crate::ledger::limits::Limits;
use crate::ports::{SqlError, World};
use crate::rails::outcome::Failure;
use crate::sale::cx::Cx;
use crate::sale::prices::{self, FREE_PER_DAY_MAX, Prices};
use crate::sale::tool::OwnPrice;
use crate::shop::registry::{Product, Tool};

/// Tools of one request.
const CHANGES_MAX: usize = 50;

/// The prices of a host.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OwnPrices {
    /// In the order of the tools; also of products that are off.
    pub prices: Vec<PriceView>,
    /// The lowest price in dollars: to move less costs more than it is worth.
    pub price_min: String,
    /// The highest price in dollars: what the server takes from one wallet in 24 hours.
    pub price_max: String,
    /// The most free calls.
    pub free_per_day_max: u32,
}

/// The price of one tool.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct PriceView {
    pub tool: &'static str,
    pub title: &'static str,
    pub product: &'static str,
    /// What a call costs, in dollars.
    pub price: String,
    /// What it costs if the host sets no price, in dollars.
    pub usual_price: String,
    /// Calls that a wallet has free in a day (UTC).
    pub free_per_day: u32,
    /// Whether the host has set it.
    pub is_own: bool,
}

/// The body of `PATCH /api/users/prices`, by the name of the tool. `null`: the usual price, and nothing free.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PriceChanges {
    prices: BTreeMap<String, Option<PriceChange>>,
}

/// The change of one price. What is left out stays.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PriceChange {
    price: Option<String>,
    free_per_day: Option<u32>,
}

/// All prices that a host can set.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn own_prices(cx: &Cx<'_, impl World>) -> Result<OwnPrices, SqlError> {
    let stored = Prices::load(cx.world)?;
    let view = |tool: Tool| {
        let spec = tool.spec();
        let price = stored.of(spec)?;
        Some(PriceView {
            tool: spec.name,
            title: spec.title,
            product: tool.product().name(),
            price: price.amount.to_string(),
            usual_price: spec.fixed_price()?.to_string(),
            free_per_day: price.free_per_day,
            is_own: stored.own(spec).is_some(),
        })
    };
    Ok(OwnPrices {
        prices: Product::ALL.iter().flat_map(|product| product.tools()).filter_map(view).collect(),
        price_min: cx.config.price_min.to_string(),
        price_max: Limits::load(cx.world)?.usd_per_day.to_string(),
        free_per_day_max: FREE_PER_DAY_MAX,
    })
}

/// Sets prices, all of them or none. A payment that was signed for an earlier price is refused with a new challenge, and one
/// that is being settled keeps its price.
///
/// # Errors
///
/// `invalid_arguments` names the field.
pub fn change_prices(cx: &Cx<'_, impl World>, changes: PriceChanges) -> Result<OwnPrices, Failure> {
    if changes.prices.len() > CHANGES_MAX {
        return Err(bad("prices", "names more tools than there are").into());
    }
    let stored = Prices::load(cx.world)?;
    let mut set = Vec::new();
    for (name, change) in changes.prices {
        let spec = Tool::by_name(&name).map(Tool::spec);
        let Some((spec, known)) = spec.and_then(|spec| Some((spec, stored.of(spec)?))) else {
            let name = crate::base::text::line(&name, 60);
            let remedy = format!("names {name}, which is no tool with a price of its own");
            return Err(bad("prices", remedy).into());
        };
        let price = change.map(|change| changed(cx, known, &change)).transpose()?;
        set.push((spec, price));
    }
    cx.world.atomically(|| {
        set.iter().try_for_each(|(spec, price)| prices::set(cx.world, spec, *price))
    })?;
    Ok(own_prices(cx)?)
}

fn changed(
    cx: &Cx<'_, impl World>,
    known: OwnPrice,
    change: &PriceChange,
) -> Result<OwnPrice, Failure> {
    let amount: Usdc = match change.price.as_deref() {
        Some(text) => {
            let amount = fields::price(text)?;
            cx.check_own_price(amount)?;
            amount
        }
        None => known.amount,
    };
    let free_per_day = change.free_per_day.unwrap_or(known.free_per_day);
    if free_per_day > FREE_PER_DAY_MAX {
        return Err(bad("freePerDay", format!("must be from 0 to {FREE_PER_DAY_MAX}")).into());
    }
    Ok(OwnPrice { amount, free_per_day })
}
