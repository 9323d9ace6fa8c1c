//! The spending policy of a guest session, or of all sessions of an owner. It is checked before every signature, for all
//! kinds of wallets.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::money::Usdc;
use crate::base::web_address::Url;

/// Entries of a list at most.
const ENTRIES_MAX: usize = 32;
/// The longest URL of a server, bytes.
const SERVER_URL_BYTES_MAX: usize = 512;

/// How much a session may spend, at which servers, and when it must ask the user first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// The highest price of one call.
    #[serde(with = "dollars")]
    #[cfg_attr(test, ts(type = "string"))]
    pub per_call: Usdc,
    /// The highest spending of the session.
    #[serde(with = "dollars")]
    #[cfg_attr(test, ts(type = "string"))]
    pub per_session: Usdc,
    /// The highest spending of a wallet in 24 hours, in all sessions of its owner.
    #[serde(with = "dollars")]
    #[cfg_attr(test, ts(type = "string"))]
    pub per_day: Usdc,
    /// Prices up to this are paid without asking; 0 always asks.
    #[serde(with = "dollars")]
    #[cfg_attr(test, ts(type = "string"))]
    pub ask_above: Usdc,
    /// Servers that may be paid: the URL of a server, or an origin for all servers there. Empty allows all.
    #[serde(rename = "doors")]
    pub servers: Vec<String>,
    /// Wallets that may be paid. Empty allows all.
    #[cfg_attr(test, ts(type = "Array<string>"))]
    pub pay_to: Vec<Address>,
}

/// A refused change of the policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {remedy}")]
pub struct InvalidPolicy {
    /// The refused member as it was sent; `policy` for the whole change.
    pub field: String,
    /// What the value must be.
    pub remedy: String,
}

/// A purchase before its signature.
#[derive(Clone, Debug)]
pub struct Purchase<'a> {
    /// The URL of the server.
    pub server: &'a str,
    pub tool: &'a str,
    /// The amount in the challenge.
    pub amount: Usdc,
    /// The payee in the challenge.
    pub pay_to: Address,
    /// The price in the server's list of tools or events, if it showed one.
    pub listed: Option<Usdc>,
}

/// The earlier spending. It includes signed payments that may still be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Spent in this session.
    pub session: Usdc,
    /// Of this wallet in the last 24 hours, in all sessions of its owner.
    pub day: Usdc,
}

/// The decision about a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Sign without asking the user.
    Pay,
    /// Ask the user first, for this reason, and judge again after a confirmation.
    Ask(&'static str),
    /// Do not sign, even if the user confirms.
    Refuse(Refused),
}

/// Why a purchase is refused. The messages are for the user who pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refused {
    /// The price exceeds the limit of a call.
    #[error(
        "this costs ${amount}, and a call may cost at most ${limit}; raise perCall to allow it"
    )]
    PerCall { amount: Usdc, limit: Usdc },
    /// The purchase would exceed the limit of the session.
    #[error(
        "this costs ${amount}, and of the session's ${limit} already ${spent} are spent or signed; raise perSession to allow it"
    )]
    PerSession { amount: Usdc, spent: Usdc, limit: Usdc },
    /// The purchase would exceed the limit of the day.
    #[error(
        "this costs ${amount}, and of the day's ${limit} already ${spent} are spent or signed; wait until tomorrow, or raise perDay"
    )]
    PerDay { amount: Usdc, spent: Usdc, limit: Usdc },
    /// The server is not on the list.
    #[error("{server} is not one of the servers that may be paid; add it to doors to allow it")]
    #[serde(rename = "Door")]
    Server {
        /// The URL of the server.
        #[serde(rename = "door")]
        server: String,
    },
    /// The payee is not on the list.
    #[error(
        "the server wants {pay_to} to be paid, which is not in payTo; add it there to allow it"
    )]
    PayTo { pay_to: Address },
    /// The price is higher than the listed one.
    #[error(
        "{tool} was listed at ${listed} and now costs ${amount}; list the tools or events again and decide anew"
    )]
    PriceRaised { tool: String, listed: Usdc, amount: Usdc },
}

/// Decides about a purchase. After the user confirms a [`Verdict::Ask`], the caller must judge again, because other
/// purchases may have been made meanwhile.
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
            servers: Vec::new(),
            pay_to: Vec::new(),
        }
    }
}

impl Policy {
    /// Applies a change. A list replaces the whole list.
    ///
    /// # Errors
    /// [`InvalidPolicy`] names the first refused member.
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
                "doors" => policy.servers = list(name, value, server_url)?,
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

    fn allows_server(&self, url: &str) -> bool {
        let Some(server) = parse_server_url(url) else { return false };
        let matches =
            |allowed: &String| parse_server_url(allowed).is_some_and(|a| is_within(&server, &a));
        self.servers.is_empty() || self.servers.iter().any(matches)
    }
}

impl Refused {
    /// The stable error code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PerCall { .. } => "over_per_call",
            Self::PerSession { .. } => "over_per_session",
            Self::PerDay { .. } => "over_per_day",
            Self::Server { .. } => "door_not_allowed",
            Self::PayTo { .. } => "pay_to_not_allowed",
            Self::PriceRaised { .. } => "price_raised",
        }
    }
}

fn refusal(policy: &Policy, purchase: &Purchase<'_>, spent: Spent) -> Option<Refused> {
    let Purchase { server, tool, amount, pay_to, listed } = *purchase;
    if !policy.allows_server(server) {
        return Some(Refused::Server {
            server: server.chars().take(SERVER_URL_BYTES_MAX).collect(),
        });
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

/// Parses an http(s) URL. A URL with a user name is refused, because it can look like another host.
fn parse_server_url(text: &str) -> Option<Url> {
    Url::parse(text).filter(|url| url.is_web() && !url.names_a_user())
}

/// Whether the server is allowed. Parsed URLs are compared, so that no spelling of another host or path passes.
fn is_within(server: &Url, allowed: &Url) -> bool {
    let path = |url: &Url| url.path().trim_end_matches('/').to_owned();
    let is_origin = path(allowed).is_empty();
    server.is_same_origin(allowed)
        && (is_origin || (path(server) == path(allowed) && server.query() == allowed.query()))
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

fn server_url(text: &str) -> Result<String, &'static str> {
    if text.len() > SERVER_URL_BYTES_MAX {
        return Err("is too long for a server URL");
    }
    let url = parse_server_url(text).filter(|url| !url.has_fragment());
    let remedy =
        "must be an http(s) address without a user or a fragment, of a server or of an origin";
    url.map(|url| url.to_string()).ok_or(remedy)
}

fn wallet(text: &str) -> Result<Address, &'static str> {
    let remedy = "must be a wallet's address, 0x and 40 hex digits";
    // Mixed case is a checksum (EIP-55). It detects typing errors, which would send money to an unowned address.
    let digits = text.strip_prefix("0x").ok_or(remedy)?;
    let is_mixed = digits.bytes().any(|b| b.is_ascii_lowercase())
        && digits.bytes().any(|b| b.is_ascii_uppercase());
    if is_mixed {
        return Address::parse_checksummed(text, None)
            .map_err(|_| "has a typing error, its checksum is wrong; copy the address again");
    }
    text.parse().map_err(|_| remedy)
}

/// Amounts in dollars: `"0.50"`.
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
