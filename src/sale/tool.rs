//! The declaration of a tool: texts, schema, access, price, and fulfilment.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::money::Usdc;
use crate::identity::access::Tier;
use crate::sale::plain::plain;

/// One MCP tool of a product.
#[derive(Clone, Copy, Debug)]
pub struct ToolSpec {
    /// The name on the wire.
    pub name: &'static str,
    /// A short display name.
    pub title: &'static str,
    /// The purpose, for a model that chooses tools.
    pub description: &'static str,
    /// Who may call it, and at what price.
    pub access: Access,
    /// The tier that a credential needs.
    pub tier: Tier,
    /// MCP annotation `readOnlyHint`: a call changes nothing.
    pub read_only: bool,
    /// MCP annotation `destructiveHint`: a call may remove or replace something.
    pub destructive: bool,
    /// MCP annotation `idempotentHint`: a repeated call changes nothing more.
    pub idempotent: bool,
    /// The JSON schema of the arguments.
    pub input_schema: fn() -> Value,
}

/// Who may call a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Every caller, free of charge.
    Free,
    /// The server's host and its programs.
    Owner,
    /// The wallet that the call is about, free of charge: it has paid, or was given something. It proves itself as for reading
    /// an answer again.
    Buyer,
    /// Every caller who pays.
    Paid(Price, Fulfilment),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Price {
    /// The same for every call.
    Fixed(Usdc),
    /// Each thing for sale has its own price. The text describes it in the manifest.
    Varies(&'static str),
}

/// When a paid tool does its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fulfilment {
    /// Before the money moves: the tool only reads. Its answer is stored with the payment and is shown once that is
    /// settled.
    Prepared,
    /// After the money has moved, in the SQL transaction that books it: the tool changes something.
    AfterSettlement,
}

/// The tools of one product, as an enum.
pub trait ProductTool: Copy + PartialEq + 'static {
    /// All of them, in the order of `tools/list`.
    const ALL: &'static [Self];

    /// The shapes of their answers ([`crate::sale::shape`]).
    const ANSWERS: &'static str = "{}";

    fn spec(self) -> &'static ToolSpec;

    /// The arguments of a call about `subject` (an event, say), for catalogues and scanners. `None`: only who has something
    /// here can make one.
    fn example(self, subject: Option<&str>) -> Option<Value> {
        let _ = subject;
        None
    }

    /// Whether callers who may not act directly get a draft instead of a refusal.
    fn becomes_a_draft(self) -> bool {
        false
    }

    /// Whether the host and its programs pay as well. A seat belongs to the wallet that pays for it, and the value of
    /// a secret is shown only to a buyer.
    fn is_paid_by_owners(self) -> bool {
        false
    }

    /// Whether the host and its programs call a tool for buyers ([`Access::Buyer`]) without a proof, about any purchase.
    fn is_done_by_hosts(self) -> bool {
        false
    }
}

/// The end of every paid tool's description.
const LOST_ANSWER: &str = " If the answer is lost, repeat the same call with exactly the same payment (x402 version 2, or with a payment-identifier), or call with a SIGN-IN-WITH-X header of the wallet that paid; it is not charged again.";

/// The end of the description of a tool of which one call in a day is free.
const FIRST_FREE: &str =
    "The first call of a wallet in a day (UTC) is free: call with a SIGN-IN-WITH-X header.";

/// How a description names a price that is the same for every call.
fn costs(amount: Usdc) -> String {
    format!("Costs ${amount} in USDC")
}

/// What a call of a tool costs at a host that has set its price itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OwnPrice {
    pub amount: Usdc,
    /// Calls that a wallet has free in a day (UTC).
    pub free_per_day: u32,
}

impl ToolSpec {
    /// The description that callers see.
    #[must_use]
    pub fn full_description(&self) -> String {
        match self.access {
            Access::Paid(..) => format!("{}{LOST_ANSWER}", self.description),
            Access::Free | Access::Owner | Access::Buyer => self.description.to_owned(),
        }
    }

    /// The description at a host's own price, which names the usual one.
    #[must_use]
    pub fn description_at(&self, own: OwnPrice) -> String {
        let text = self.full_description();
        let Some(usual) = self.fixed_price() else { return text };
        let text = text.replace(&costs(usual), &costs(own.amount));
        match own.free_per_day {
            0 => text,
            1 => format!("{text} {FIRST_FREE}"),
            number => format!(
                "{text} The first {number} calls of a wallet in a day (UTC) are free: call with a SIGN-IN-WITH-X header."
            ),
        }
    }

    #[must_use]
    pub const fn is_paid(&self) -> bool {
        matches!(self.access, Access::Paid(..))
    }

    /// The price, if it is the same for every call.
    #[must_use]
    pub const fn fixed_price(&self) -> Option<Usdc> {
        match self.access {
            Access::Paid(Price::Fixed(price), _) => Some(price),
            Access::Paid(Price::Varies(_), _) | Access::Free | Access::Owner | Access::Buyer => {
                None
            }
        }
    }
}

/// The schema of a tool's arguments (JSON Schema 2020-12).
#[must_use]
pub fn input_schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = SchemaGenerator::new(settings).into_root_schema_for::<T>().to_value();
    if let Some(members) = schema.as_object_mut() {
        // The names and descriptions of our types mean nothing to a caller.
        members.remove("title");
        members.remove("description");
    }
    plain(&mut schema);
    schema
}
