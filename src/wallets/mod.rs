//! The wallets that a guest session pays with, and the policy that is checked before they sign.
//!
//! A wallet only signs EIP-712 typed data; it sends no transactions. There are three kinds: the wallet in the user's
//! browser ([`browser`]), whose signatures are verified; our own smart wallet ([`smart`]), whose owner key is derived;
//! and a wallet that Crossmint keeps ([`crossmint`]). For every kind [`policy::judge`] comes first, and the spending of
//! all sessions of an owner is counted together ([`budget`]). Money leaves a wallet that we keep for its owner's own
//! address, too ([`withdrawal`]).

#![deny(clippy::arithmetic_side_effects)]

pub mod browser;
pub mod budget;
pub mod crossmint;
pub mod policy;
pub mod smart;
pub mod withdrawal;

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

/// The kind of a wallet, by the holder of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The user's wallet in the browser.
    Browser,
    /// Our contract wallet, whose owner key is derived.
    Smart,
    /// Created and kept by Crossmint, which signs on request.
    Crossmint,
}

/// The view of a wallet (`wallet_info`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct WalletInfo {
    pub kind: Kind,
    /// The wallet that pays (EIP-55).
    #[serde(rename = "guestAddress", serialize_with = "checksum")]
    #[cfg_attr(test, ts(type = "string"))]
    pub address: Address,
    /// The wallet that the connected server is paid to, once it is known.
    #[cfg_attr(test, ts(type = "string | null"))]
    pub host_address: Option<Address>,
    /// CAIP-2 id of its network.
    #[serde(serialize_with = "caip2")]
    #[cfg_attr(test, ts(type = "string"))]
    pub network: &'static Network,
    /// Whether the wallet is a deployed contract. `None` if the chain gives no answer.
    #[serde(rename = "guestWalletDeployed")]
    pub deployed: Option<bool>,
    /// Its USDC, dollars. `None` if the chain gives no answer.
    #[serde(serialize_with = "dollars")]
    #[cfg_attr(test, ts(type = "string | null"))]
    pub balance: Option<Usdc>,
}

/// The name from which a user's wallet is derived. The prefix keeps users and sessions apart.
#[must_use]
pub fn owner_of_user(user: &UserId) -> String {
    format!("user:{user}")
}

/// The name from which the wallet of a session without a signed-in user is derived.
#[must_use]
pub fn owner_of_session(session: &str) -> String {
    format!("session:{session}")
}

/// A pseudonym of the owner for third parties.
#[must_use]
pub fn opaque(owner: &str) -> String {
    hex::encode(Sha256::digest(owner))
}

/// The USDC balance of a wallet, capped at [`Usdc::MAX`].
///
/// # Errors
/// [`RpcError`] if the chain gives no answer.
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
/// [`RpcError`] if the chain gives no answer.
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
