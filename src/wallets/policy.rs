//! The spending policy of a guest session, or of all sessions of an owner: asked before anything is signed, whatever the wallet.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::base::money::Usdc;

/// The most entries of a list.
const ENTRIES_MAX: usize = 32;
/// The longest address of a door, bytes.
const DOOR_BYTES_MAX: usize = 512;

/// What a session may spend, where, and when it has to ask first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// The most that one call may cost.
    #[serde(with = "dollars")]
    #[cfg_attr(test, ts(type = "string"))]
    pub per_call: Usdc,
    /// The most that the session may spend in all.
    #[serde(with = "dollars")]
    #[cfg_attr(test, ts(type = "string"))]
    pub per_session: Usdc,
    /// The most that a wallet may spend in a day, in all sessions of its owner.
    #[serde(with = "dollars")]
    #[cfg_attr(test, ts(type = "string"))]
    pub per_day: Usdc,
    /// Up to this it pays without asking; 0 asks always.
    #[serde(with = "dollars")]
    #[cfg_attr(test, ts(type = "string"))]
    pub ask_above: Usdc,
    /// Doors that may be paid: a door's address, or an origin for all doors there. Empty: any.
    pub doors: Vec<String>,
    /// Wallets that may be paid. Empty: any.
    #[cfg_attr(test, ts(type = "Array<string>"))]
    pub pay_to: Vec<Address>,
}

/// A change of the policy that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {remedy}")]
pub struct InvalidPolicy {
    /// The member at fault, as it was sent; `policy` for the whole.
    pub field: String,
    /// What it must be.
    pub remedy: String,
}

/// What is about to be paid for.
#[derive(Clone, Debug)]
pub struct Purchase<'a> {
    /// The door's address.
    pub door: &'a str,
    /// The tool that is called.
    pub tool: &'a str,
    /// What the challenge wants.
    pub amount: Usdc,
    /// Who the challenge wants it for.
    pub pay_to: Address,
    /// The price shown when the door listed its tools or events, if it showed one.
    pub listed: Option<Usdc>,
}

/// What was spent before. Everything signed that may still be used counts, paid or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// In this session.
    pub session: Usdc,
    /// In this day, with this wallet, in all sessions of its owner.
    pub day: Usdc,
}

/// What the policy says of a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Sign.
    Pay,
    /// Ask the person first, for this reason, and judge again when they have said yes.
    Ask(&'static str),
    /// Never sign.
    Refuse(Refused),
}

/// Why a purchase is refused, in words for the person whose money it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refused {
    /// Costs more than one call may.
    #[error(
        "this costs ${amount}, and a call may cost at most ${limit}; raise perCall to allow it"
    )]
    PerCall {
        /// What it costs.
        amount: Usdc,
        /// What it may cost.
        limit: Usdc,
    },
    /// With it the session would have spent too much.
    #[error(
        "this costs ${amount}, and of the session's ${limit} already ${spent} are spent or signed; raise perSession to allow it"
    )]
    PerSession {
        /// What it costs.
        amount: Usdc,
        /// What was spent before.
        spent: Usdc,
        /// What may be spent.
        limit: Usdc,
    },
    /// With it the day would have cost too much.
    #[error(
        "this costs ${amount}, and of the day's ${limit} already ${spent} are spent or signed; wait until tomorrow, or raise perDay"
    )]
    PerDay {
        /// What it costs.
        amount: Usdc,
        /// What was spent before.
        spent: Usdc,
        /// What may be spent.
        limit: Usdc,
    },
    /// The door is not on the list.
    #[error("{door} is not one of the doors that may be paid; add it to doors to allow it")]
    Door {
        /// Its address.
        door: String,
    },
    /// Whom the door wants paid is not on the list.
    #[error("the door wants {pay_to} to be paid, which is not in payTo; add it there to allow it")]
    PayTo {
        /// The wallet.
        pay_to: Address,
    },
    /// Dearer than it was listed.
    #[error(
        "{tool} was listed at ${listed} and now costs ${amount}; list the tools or events again and decide anew"
    )]
    PriceRaised {
        /// The tool.
        tool: String,
        /// What it was to cost.
        listed: Usdc,
        /// What it costs.
        amount: Usdc,
    },
}

/// Whether the purchase may be made. After a person said yes to [`Verdict::Ask`] the caller judges
/// once more, because other purchases may have been made meanwhile.
#[must_use]
pub fn judge(policy: &Policy, purchase: &Purchase<'_>, spent: Spent) -> Verdict {
    if let Some(refused) = refusal(policy, purchase, spent) {
        return Verdict::Refuse(refused);
    }
    if policy.ask_above.is_zero() {
        Verdict::Ask("every payment is to be confirmed")
    } else if purchase.amount > policy.ask_above {
        Verdict::Ask("it costs more than may be paid without asking")
    } else {
        Verdict::Pay
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            per_call: Usdc::from_cents(100),
            per_session: Usdc::from_cents(500),
            per_day: Usdc::from_cents(1000),
            ask_above: Usdc::ZERO,
            doors: Vec::new(),
            pay_to: Vec::new(),
        }
    }
}

impl Policy {
    /// The policy with the members that `changes` has; a list replaces the whole list.
    ///
    /// # Errors
    /// [`InvalidPolicy`] names the first member at fault. Nothing is changed then.
    pub fn changed(&self, changes: &Value) -> Result<Self, InvalidPolicy> {
        let whole = || invalid("policy", "must be a JSON object such as {\"perCall\": \"0.50\"}");
        let changes: &Map<String, Value> = changes.as_object().ok_or_else(whole)?;
        let mut policy = self.clone();
        for (name, value) in changes {
            match name.as_str() {
                "perCall" => policy.per_call = money(name, value)?,
                "perSession" => policy.per_session = money(name, value)?,
                "perDay" => policy.per_day = money(name, value)?,
                "askAbove" => policy.ask_above = money(name, value)?,
                "doors" => policy.doors = list(name, value, door)?,
                "payTo" => policy.pay_to = list(name, value, wallet)?,
                _ => {
                    let known = "perCall, perSession, perDay, askAbove, doors and payTo";
                    let name: String = name.chars().take(40).collect();
                    return Err(invalid(&name, format!("is not known; there are {known}")));
                }
            }
        }
        Ok(policy)
    }

    fn allows_door(&self, door: &str) -> bool {
        let Some(door) = read_door(door) else { return false };
        let matches = |allowed: &String| read_door(allowed).is_some_and(|a| is_within(&door, &a));
        self.doors.is_empty() || self.doors.iter().any(matches)
    }
}

impl Refused {
    /// Stable, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PerCall { .. } => "over_per_call",
            Self::PerSession { .. } => "over_per_session",
            Self::PerDay { .. } => "over_per_day",
            Self::Door { .. } => "door_not_allowed",
            Self::PayTo { .. } => "pay_to_not_allowed",
            Self::PriceRaised { .. } => "price_raised",
        }
    }
}

fn refusal(policy: &Policy, purchase: &Purchase<'_>, spent: Spent) -> Option<Refused> {
    let Purchase { door, tool, amount, pay_to, listed } = *purchase;
    if !policy.allows_door(door) {
        return Some(Refused::Door { door: door.chars().take(DOOR_BYTES_MAX).collect() });
    }
    if !policy.pay_to.is_empty() && !policy.pay_to.contains(&pay_to) {
        return Some(Refused::PayTo { pay_to });
    }
    if let Some(listed) = listed.filter(|listed| amount > *listed) {
        return Some(Refused::PriceRaised { tool: tool.to_owned(), listed, amount });
    }
    if amount > policy.per_call {
        return Some(Refused::PerCall { amount, limit: policy.per_call });
    }
    let over = |spent: Usdc, limit| spent.checked_add(amount).is_none_or(|sum| sum > limit);
    if over(spent.session, policy.per_session) {
        let (spent, limit) = (spent.session, policy.per_session);
        return Some(Refused::PerSession { amount, spent, limit });
    }
    if over(spent.day, policy.per_day) {
        let (spent, limit) = (spent.day, policy.per_day);
        return Some(Refused::PerDay { amount, spent, limit });
    }
    None
}

/// An http(s) address. One that names a user is none of a door: people take it for another host.
fn read_door(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    (matches!(url.scheme(), "http" | "https") && url.has_host() && is_plain).then_some(url)
}

/// Compared as parsed, so that no spelling of another host or path passes for an allowed one.
fn is_within(door: &Url, allowed: &Url) -> bool {
    let path = |url: &Url| url.path().trim_end_matches('/').to_owned();
    let is_origin = path(allowed).is_empty();
    door.origin() == allowed.origin()
        && (is_origin || (path(door) == path(allowed) && door.query() == allowed.query()))
}

fn invalid(field: &str, remedy: impl Into<String>) -> InvalidPolicy {
    InvalidPolicy { field: field.to_owned(), remedy: remedy.into() }
}

fn money(name: &str, value: &Value) -> Result<Usdc, InvalidPolicy> {
    let text = value
        .as_str()
        .ok_or_else(|| invalid(name, "must be dollars as a text such as \"0.50\""))?;
    Usdc::from_dollars(text).map_err(|error| invalid(name, error.to_string()))
}

fn list<T>(
    name: &str,
    value: &Value,
    read: impl Fn(&str) -> Result<T, &'static str>,
) -> Result<Vec<T>, InvalidPolicy> {
    let entries = value.as_array().ok_or_else(|| invalid(name, "must be a list of texts"))?;
    if entries.len() > ENTRIES_MAX {
        return Err(invalid(name, format!("must have at most {ENTRIES_MAX} entries")));
    }
    let read = |(place, entry): (usize, &Value)| {
        let read = entry.as_str().ok_or("must be a text").and_then(&read);
        read.map_err(|remedy| invalid(&format!("{name}[{place}]"), remedy))
    };
    entries.iter().enumerate().map(read).collect()
}

fn door(text: &str) -> Result<String, &'static str> {
    if text.len() > DOOR_BYTES_MAX {
        return Err("is too long for the address of a door");
    }
    let url = read_door(text).filter(|url| url.fragment().is_none());
    let remedy =
        "must be an http(s) address without a user or a fragment, of a door or of an origin";
    url.map(|url| url.to_string()).ok_or(remedy)
}

fn wallet(text: &str) -> Result<Address, &'static str> {
    let remedy = "must be a wallet's address, 0x and 40 hex digits";
    // Mixed case is a checksum (EIP-55); a typing error in it would send money to nobody.
    let digits = text.strip_prefix("0x").ok_or(remedy)?;
    let is_mixed = digits.bytes().any(|b| b.is_ascii_lowercase())
        && digits.bytes().any(|b| b.is_ascii_uppercase());
    if is_mixed {
        return Address::parse_checksummed(text, None)
            .map_err(|_| "has a typing error, its checksum is wrong; copy the address again");
    }
    text.parse().map_err(|_| remedy)
}

/// Amounts as people write them: `"0.50"`.
mod dollars {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::base::money::Usdc;

    pub(super) fn serialize<S: Serializer>(money: &Usdc, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(money)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Usdc, D::Error> {
        let text = String::deserialize(deserializer)?;
        Usdc::from_dollars(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
