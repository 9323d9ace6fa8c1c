//! Lists the tools for MCP and the manifest.

use serde_json::{Map, Value, json};

use crate::sale::tool::{Access, Fulfilment, Price};
use crate::shop::registry::{Product, Products, Tool};

thread_local! {
    /// The entries of all tools, made once per instance: a schema takes longer than the rest of a list.
    static ENTRIES: Vec<(Tool, Value)> =
        Product::ALL.iter().flat_map(|product| product.tools()).map(|tool| (tool, describe(tool))).collect();
}

/// The `tools` of `tools/list`: those that the caller may call.
#[must_use]
pub fn list(products: Products, may_call: impl Fn(Tool) -> bool) -> Value {
    ENTRIES.with(|entries| {
        let mine = |tool: Tool| products.has(tool.product()) && may_call(tool);
        entries.iter().filter(|(tool, _)| mine(*tool)).map(|(_, entry)| entry.clone()).collect()
    })
}

/// Tools and prices for the manifest.
#[must_use]
pub fn prices(products: Products) -> Value {
    products.tools().filter(|tool| tool.access() != Access::Owner).map(priced).collect()
}

fn priced(tool: Tool) -> Value {
    let spec = tool.spec();
    let mut entry = json!({
        "name": spec.name,
        "title": spec.title,
        "description": spec.full_description(),
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
                Price::Fixed(price) => json!({"price": price.to_string(), "priceAtomic": price}),
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
    if let Access::Paid(price, _) = spec.access {
        // Old clients read the annotations, newer ones `_meta`.
        merge(&mut annotations, json!({"paymentHint": true}));
        let mut meta = json!({"agents-x402/paymentRequired": true});
        if let Price::Fixed(price) = price {
            let dollars = price.to_string().parse::<serde_json::Number>().ok();
            merge(&mut annotations, json!({"paymentPriceUSD": dollars}));
            merge(&mut meta, json!({"agents-x402/priceUSD": dollars}));
        }
        merge(&mut entry, json!({"_meta": meta}));
    }
    merge(&mut entry, json!({"annotations": annotations}));
    entry
}

fn merge(target: &mut Value, more: Value) {
    if let (Some(target), Value::Object(more)) = (target.as_object_mut(), more) {
        target.extend::<Map<String, Value>>(more);
    }
}
