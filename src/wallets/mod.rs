//! The wallets that a guest session pays with, and the policy that is asked before any of them signs.
//!
//! A wallet signs EIP-712 typed data and nothing else; it sends no transactions. Three kinds: that of
//! the person's own browser ([`browser`]), which we only ask for signatures and whose answers are
//! checked; a smart wallet of our own ([`smart`]), whose owner's key is derived; and one that Crossmint
//! keeps ([`crossmint`]). Whatever the kind, [`policy::judge`] comes first, and what is spent is
//! counted for all sessions of one owner together ([`budget`]).

#![deny(clippy::arithmetic_side_effects)]

pub mod browser;
pub mod budget;
pub mod crossmint;
pub mod policy;
pub mod smart;

use alloy_primitives::{Address, Bytes, U256, hex};
use alloy_sol_types::{SolCall, sol};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::base::money::Usdc;
use crate::chain::networks::Network;
use crate::chain::rpc::{Ask, Rpc, RpcError};
use crate::identity::UserId;
use crate::ports::Http;

sol! {
    function balanceOf(address account) external view returns (uint256);
}

/// Whose key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The person's own, in the browser.
    Browser,
    /// Ours: a contract whose owner's key is derived.
    Smart,
    /// Kept by Crossmint.
    Crossmint,
}

/// What is shown of a wallet (`wallet_info`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct WalletInfo {
    /// Whose key signs.
    pub kind: Kind,
    /// The wallet that pays.
    #[serde(rename = "guestAddress", serialize_with = "checksum")]
    #[cfg_attr(test, ts(type = "string"))]
    pub address: Address,
    /// The wallet that the connected door is paid into, once it is known.
    #[cfg_attr(test, ts(type = "string | null"))]
    pub host_address: Option<Address>,
    /// CAIP-2 id.
    #[serde(serialize_with = "caip2")]
    #[cfg_attr(test, ts(type = "string"))]
    pub network: &'static Network,
    /// Whether the wallet is a contract on the chain. `None` if the chain cannot be asked.
    #[serde(rename = "guestWalletDeployed")]
    pub deployed: Option<bool>,
    /// Its USDC, dollars. `None` if the chain cannot be asked.
    #[serde(serialize_with = "dollars")]
    #[cfg_attr(test, ts(type = "string | null"))]
    pub balance: Option<Usdc>,
}

/// What a user's server-side wallet is derived from. The name says that it is a user's, so that no
/// session can be named like one.
#[must_use]
pub fn owner_of_user(user: &UserId) -> String {
    format!("user:{user}")
}

/// The same for a session that nobody has signed in to.
#[must_use]
pub fn owner_of_session(session: &str) -> String {
    format!("session:{session}")
}

/// An owner as others may see it: they need not know who it is.
#[must_use]
pub fn opaque(owner: &str) -> String {
    hex::encode(Sha256::digest(owner))
}

/// The USDC of a wallet. More than [`Usdc::MAX`] is shown as that.
///
/// # Errors
/// [`RpcError`]
pub async fn usdc_balance(
    http: &impl Http,
    rpc: &Rpc,
    network: &Network,
    address: Address,
) -> Result<Usdc, RpcError> {
    let call = balanceOfCall { account: address }.abi_encode();
    let Ask { method, params } = Ask::contract(network.usdc, &call);
    let answer: Bytes = rpc.call(http, method, params).await?;
    let balance = balanceOfCall::abi_decode_returns_validate(&answer);
    balance.map(capped).map_err(|_| RpcError::Malformed)
}

/// Whether there is code at the address.
///
/// # Errors
/// [`RpcError`]
pub async fn is_deployed(http: &impl Http, rpc: &Rpc, address: Address) -> Result<bool, RpcError> {
    let code: Bytes = rpc.call(http, "eth_getCode", json!([address, "latest"])).await?;
    Ok(!code.is_empty())
}

fn capped(atomic: U256) -> Usdc {
    let atomic = u64::try_from(atomic).unwrap_or(u64::MAX);
    Usdc::from_atomic(atomic).unwrap_or(Usdc::MAX)
}

fn checksum<S: Serializer>(address: &Address, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&address.to_checksum(None))
}

fn caip2<S: Serializer>(network: &Network, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(network.caip2)
}

fn dollars<S: Serializer>(balance: &Option<Usdc>, serializer: S) -> Result<S::Ok, S::Error> {
    balance.map(|balance| balance.to_string()).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wallet_is_shown_as_the_page_knows_it() {
        let info = WalletInfo {
            kind: Kind::Smart,
            address: Address::repeat_byte(0x11),
            host_address: None,
            network: Network::by_v1_name("base-sepolia").unwrap(),
            deployed: Some(false),
            balance: Some(Usdc::from_cents(150)),
        };
        assert_eq!(
            serde_json::to_value(&info).unwrap(),
            json!({"kind": "smart", "guestAddress": "0x1111111111111111111111111111111111111111",
                "hostAddress": null, "network": "eip155:84532", "guestWalletDeployed": false,
                "balance": "1.50"})
        );
    }

    #[test]
    fn a_balance_that_is_too_large_is_shown_as_the_largest() {
        assert_eq!(capped(U256::from(50_000)), Usdc::from_cents(5));
        assert_eq!(capped(U256::MAX), Usdc::MAX);
    }
}
