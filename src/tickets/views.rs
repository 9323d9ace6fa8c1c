//! The answer of `GET /api/tickets`.

use serde::Serialize;

use crate::sale::bought::Bought;
use crate::wallets::Kind;

/// One page of everything that the caller has bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "BoughtTickets"))]
#[serde(rename_all = "camelCase")]
pub struct Tickets {
    /// Newest first among the hosts of this page.
    pub tickets: Vec<Line>,
    /// Hosts that could not be asked for this page. Ask again to see what was bought there.
    pub unavailable: Vec<Unavailable>,
    /// The wallets whose purchases these are.
    pub wallets: Vec<OwnWallet>,
    /// Kinds of wallets that could not be looked up now. What they have bought is missing.
    pub wallets_unavailable: Vec<Kind>,
    /// The cursor of the next page, if there is one. A page may be empty although another one follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// Something that was bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "BoughtLine"))]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub host: SoldBy,
    #[serde(flatten)]
    pub bought: Bought,
    /// The price in dollars that was paid.
    pub paid_usd: String,
    /// The CAIP-2 id of the network.
    pub network: String,
    /// The transaction that moved the money, once it is known.
    pub transaction: Option<String>,
    /// Where the transaction is shown.
    pub transaction_url: Option<String>,
    /// When the payment came, RFC 3339.
    pub bought_at: String,
}

/// The host that sold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SoldBy {
    pub scope: String,
    pub name: String,
    /// The host's MCP server.
    pub server_url: String,
}

/// A host that told nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "UnavailableHost"))]
#[serde(rename_all = "camelCase")]
pub struct Unavailable {
    pub scope: String,
    pub reason: Reason,
}

/// Why a host told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "UnavailableReason"))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is being restored, which takes some minutes.
    BeingRestored,
    /// It gave no answer in time.
    NoAnswer,
    /// The host is not at this deployment any more.
    Gone,
}

/// A wallet of the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OwnWallet {
    /// `browser` stands for the wallet that signed in.
    pub kind: Kind,
    /// The address in the form of EIP-55.
    pub address: String,
}
