//! Lists the tools for MCP and the manifest.

use serde_json::{Map, Value, json};

use crate::base::money::Usdc;
use crate::sale::prices::Prices;
use crate::sale::tool::{Access, Fulfilment, OwnPrice, Price};
use crate::shop::registry::{Product, Products, Tool};

thread_local! {
    /// The entries of all tools, made once per instance: a schema takes longer than the rest of a list.
    static ENTRIES: Vec<(Tool, Value)> =
        Product::ALL.iter().flat_map(|product| product.tools()).map(|tool| (tool, describe(tool))).collect();
}

/// The key of the price list in the `_meta` of a tool.
const PRICE: &str = "events-concierge/price";

/// The `tools` of `tools/list`: those that the caller may call.
#[must_use]
pub fn list(products: Products, prices: &Prices, may_call: impl Fn(Tool) -> bool) -> Value {
    ENTRIES.with(|entries| {
        let mine = |tool: Tool| products.has(tool.product()) && may_call(tool);
        let mine = entries.iter().filter(|(tool, _)| mine(*tool));
        mine.map(|(tool, entry)| match prices.own(tool.spec()) {
            None => entry.clone(),
            Some(own) => at_own_price(*tool, entry.clone(), own),
        })
        .collect()
    })
}

/// Tools and prices for the manifest.
#[must_use]
pub fn prices(products: Products, prices: &Prices) -> Value {
    let shown = products.tools().filter(|tool| tool.access() != Access::Owner);
    shown.map(|tool| priced(tool, prices)).collect()
}

fn priced(tool: Tool, prices: &Prices) -> Value {
    let spec = tool.spec();
    let mut entry = json!({
        "name": spec.name,
        "title": spec.title,
        "description": prices.description(spec),
        "inputSchema": tool.input_schema(),
    });
    merge(
        &mut entry,
        match spec.access {
            Access::Free | Access::Owner | Access::Buyer => json!({"access": "free"}),
            Access::Paid(_, Fulfilment::Prepared) => json!({"access": "paid", "settle": "last"}),
            Access::Paid(_, Fulfilment::AfterSettlement) => {
                json!({"access": "paid", "settle": "first"})
            }
        },
    );
    if let Access::Paid(price, _) = spec.access {
        merge(
            &mut entry,
            match price {
                Price::Fixed(usual) => {
                    let usual = OwnPrice { amount: usual, free_per_day: 0 };
                    let OwnPrice { amount, free_per_day } = prices.of(spec).unwrap_or(usual);
                    json!({"price": amount.to_string(), "priceAtomic": amount, "freePerDay": free_per_day})
                }
                Price::Varies(words) => json!({"price": words}),
            },
        );
    }
    entry
}

fn describe(tool: Tool) -> Value {
    let spec = tool.spec();
    let mut annotations = json!({
        "title": spec.title,
        "readOnlyHint": spec.read_only,
        "destructiveHint": spec.destructive,
        "idempotentHint": spec.idempotent,
        "openWorldHint": spec.is_paid(),
    });
    let mut entry = json!({
        "name": spec.name,
        "title": spec.title,
        "description": spec.full_description(),
        "inputSchema": tool.input_schema(),
    });
    if let Some(schema) = tool.output_schema() {
        merge(&mut entry, json!({"outputSchema": schema}));
    }
    if let Access::Paid(price, _) = spec.access {
        // Old clients read the annotations, newer ones `_meta`.
        merge(&mut annotations, json!({"paymentHint": true}));
        let mut meta = json!({"agents-x402/paymentRequired": true});
        match price {
            Price::Fixed(price) => {
                merge(&mut annotations, json!({"paymentPriceUSD": dollars(price)}));
                merge(&mut meta, json!({"agents-x402/priceUSD": dollars(price)}));
                merge(&mut meta, in_words(OwnPrice { amount: price, free_per_day: 0 }));
            }
            Price::Varies(words) => merge(&mut meta, json!({PRICE: {"varies": words}})),
        }
        merge(&mut entry, json!({"_meta": meta}));
    }
    merge(&mut entry, json!({"annotations": annotations}));
    entry
}

/// An entry of a tool with a price of its host's own.
fn at_own_price(tool: Tool, mut entry: Value, own: OwnPrice) -> Value {
    let price = dollars(own.amount);
    if let Some(annotations) = entry.get_mut("annotations") {
        merge(annotations, json!({"paymentPriceUSD": price}));
    }
    if let Some(meta) = entry.get_mut("_meta") {
        merge(meta, json!({"agents-x402/priceUSD": price}));
        merge(meta, in_words(own));
    }
    merge(&mut entry, json!({"description": tool.spec().description_at(own)}));
    entry
}

/// The price list: the exact price as text, and what is free.
fn in_words(price: OwnPrice) -> Value {
    let OwnPrice { amount, free_per_day } = price;
    json!({PRICE: {"amount": amount.to_string(), "currency": "USDC", "freePerDay": free_per_day}})
}

fn dollars(price: Usdc) -> Option<serde_json::Number> {
    price.to_string().parse().ok()
}

fn merge(target: &mut Value, more: Value) {
    if let (Some(target), Value::Object(more)) = (target.as_object_mut(), more) {
        target.extend::<Map<String, Value>>(more);
    }
}
