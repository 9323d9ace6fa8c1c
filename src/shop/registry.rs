//! The list of all products. A new product is a folder under `products`, its line in `products/mod.rs`, and its line
//! here. `docs/add-a-product.md` builds one.

mod generate;

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::id::{EventId, PaymentId};
use crate::base::money::Usdc;
use crate::identity::access::{Caller, Tier};
use crate::ledger::payments::{Payment, Settled};
use crate::ports::{SqlError, World};
use crate::products;
use crate::rails::outcome::Failure;
use crate::rails::quote::PaidCall;
use crate::sale::bought::Bought;
use crate::sale::cx::Cx;
use crate::sale::product::{Hold, Offer, Pays, Sale, Taker, Terms};
use crate::sale::repeat::{MayRead, ProvenPayer};
use crate::sale::shape;
use crate::sale::tool::{Access, ProductTool, ToolSpec};
use crate::shop::registry::generate::products;

thread_local! {
    /// Made once per instance: a schema takes longer than a challenge.
    static SCHEMAS: RefCell<BTreeMap<&'static str, Value>> = RefCell::default();
}

products! {
    /// Seats at events, and analytics.
    Events: events::EventSale, true;
    /// Secrets of the host's vault.
    Vault: vault::SecretSale, true;
    /// Helpdesk work: tickets, replies and articles.
    Desk: desk::DeskSale, false;
}

impl Product {
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|product| product.name() == name)
    }
}

impl Tool {
    /// The tool with this name, or with an older name of it.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        // An older name of `listEvents`.
        let name = if name == "getAllEvents" { "listEvents" } else { name };
        let mut all = Product::ALL.iter().copied().flat_map(Product::tools);
        all.find(|tool| tool.name() == name)
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    #[must_use]
    pub fn access(self) -> Access {
        self.spec().access
    }

    /// The tier that a credential needs.
    #[must_use]
    pub fn tier(self) -> Tier {
        self.spec().tier
    }

    /// The JSON schema of the answer, of a challenge and of an error; `None` if the product declares none.
    #[must_use]
    pub fn output_schema(self) -> Option<Value> {
        shape::schema(self.answers(), self.name())
    }

    /// The JSON schema of the arguments.
    #[must_use]
    pub fn input_schema(self) -> Value {
        let make = || (self.spec().input_schema)();
        SCHEMAS.with_borrow_mut(|made| made.entry(self.name()).or_insert_with(make).clone())
    }
}

/// The products that a host has switched on; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Products([bool; Product::ALL.len()]);

impl Default for Products {
    fn default() -> Self {
        Self::of(Product::is_on_by_default)
    }
}

impl Products {
    fn of(is_on: impl Fn(Product) -> bool) -> Self {
        let mut products = Self([false; Product::ALL.len()]);
        for (product, on) in Product::ALL.iter().zip(&mut products.0) {
            *on = is_on(*product);
        }
        products
    }

    /// Parses the names of products; `None` if there is none, or an unknown name.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let products: Option<Vec<Product>> = names.into_iter().map(Product::by_name).collect();
        let products = products.filter(|products| !products.is_empty())?;
        Some(Self::of(|product| products.contains(&product)))
    }

    /// Whether a product is on.
    #[must_use]
    pub fn has(self, product: Product) -> bool {
        self.on().any(|one| one == product)
    }

    /// The names of those that are on.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        self.on().map(Product::name).collect()
    }

    /// The tools of those that are on, in the order of `tools/list`.
    pub fn tools(self) -> impl Iterator<Item = Tool> {
        self.on().flat_map(Product::tools)
    }

    fn on(self) -> impl Iterator<Item = Product> {
        let Self(is_on) = self;
        Product::ALL.iter().zip(is_on).filter(|(_, is_on)| *is_on).map(|(product, _)| *product)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_is_found_by_its_name_and_no_name_is_given_twice() {
        let all: Vec<Tool> = Product::ALL.iter().copied().flat_map(Product::tools).collect();
        assert!(all.len() >= 24, "tools are missing");
        for tool in &all {
            assert_eq!(Tool::by_name(tool.name()), Some(*tool), "{}", tool.name());
        }
        assert_eq!(Tool::by_name("getAllEvents"), Tool::by_name("listEvents"));
        assert_eq!(Tool::by_name("sellEverything"), None);
    }

    /// Version 1 of the TypeScript SDK shows no challenge that the schema refuses.
    #[test]
    fn every_tool_declares_an_answer_and_requires_nothing_of_it() {
        for tool in Product::ALL.iter().copied().flat_map(Product::tools) {
            let schema = tool.output_schema().unwrap();
            assert_eq!(schema["type"], "object", "{}", tool.name());
            let text = schema.to_string();
            // One of several is for values that may be null; clients take no list of types.
            assert_eq!(schema["anyOf"], Value::Null, "{}", tool.name());
            for refused in
                [r#""required":["#, r#""additionalProperties":"#, r#""$ref":"#, r#""type":["#]
            {
                assert!(!text.contains(refused), "{}: {refused}", tool.name());
            }
            for member in ["accepts", "extensions", "resource", "x402Version", "error"] {
                assert_eq!(
                    schema["properties"][member],
                    Value::Null,
                    "{}: a challenge has {member}",
                    tool.name()
                );
            }
        }
    }

    #[test]
    fn products_are_read_by_name_and_there_is_always_one() {
        let products = Products::parse(["desk", "events"]).unwrap();
        assert_eq!(products.names(), ["events", "desk"]);
        assert!(!products.has(Product::Vault));
        assert_eq!(Products::parse([]), None);
        assert_eq!(Products::parse(["events", "cellar"]), None);
        assert_eq!(Products::default().names(), ["events", "vault"]);
    }
}
