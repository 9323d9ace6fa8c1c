//! Links to transactions and wallets: the network's block explorer, or, for a local chain, which no public explorer
//! knows, pages of our own (`/explorer/…`).

use alloy_primitives::{Address, B256};
use askama::Template;

use crate::base::money::Usdc;
use crate::base::time::ZoneName;
use crate::chain::lookup::{Progress, Transaction};
use crate::chain::networks::Network;
use crate::chain::solana::networks::Chain;
use crate::config::Config;

/// The block explorer of a network in this deployment, without a slash at the end.
#[must_use]
pub fn explorer_of(config: &Config, network: &Network) -> String {
    let is_ours = config.is_local() && config.networks.contains(&network);
    if is_ours { format!("{}/explorer", config.public_url) } else { network.explorer.to_owned() }
}

/// The URL of a transaction in the block explorer.
#[must_use]
pub fn transaction_url(config: &Config, network: &Network, hash: &str) -> String {
    format!("{}/tx/{hash}", explorer_of(config, network))
}

/// The URL of a transaction on a network of either kind (CAIP-2), if we know that.
#[must_use]
pub fn link_to(config: &Config, network: &str, transaction: &str) -> Option<String> {
    Some(match Chain::by_caip2(network)? {
        Chain::Evm(network) => transaction_url(config, network, transaction),
        Chain::Solana(network) => network.transaction_url(transaction),
    })
}

#[derive(Template)]
#[template(path = "transaction.html")]
struct TransactionPage<'a> {
    hash: String,
    network: &'a str,
    progress: String,
    at: Option<String>,
    sender: Wallet,
    moved: Vec<Row>,
}

struct Row {
    amount: Usdc,
    from: Wallet,
    to: Wallet,
}

/// An address with its link.
struct Wallet {
    address: String,
    url: String,
}

#[derive(Template)]
#[template(path = "wallet.html")]
struct WalletPage<'a> {
    address: String,
    network: &'a str,
    balance: Usdc,
    kind: &'static str,
}

/// The page of a transaction. `explorer`: [`explorer_of`].
///
/// # Errors
///
/// A message for the log if the template fails.
pub fn transaction_page(
    explorer: &str,
    network: &Network,
    hash: B256,
    found: &Transaction,
) -> Result<String, String> {
    let wallet = |address: Address| {
        let address = address.to_checksum(None);
        Wallet { url: format!("{explorer}/address/{address}"), address }
    };
    let row = |moved: &crate::chain::lookup::Moved| Row {
        amount: moved.amount,
        from: wallet(moved.from),
        to: wallet(moved.to),
    };
    let progress = match found.progress {
        Progress::Waiting => "It waits for a block".to_owned(),
        Progress::Succeeded(block) => format!("Carried out, in block {block}"),
        Progress::Reverted(block) => {
            format!("Refused by a contract, in block {block}; no money moved")
        }
    };
    TransactionPage {
        hash: hash.to_string(),
        network: network.name,
        progress,
        at: found.at.map(|at| at.to_words(&ZoneName::utc())),
        sender: wallet(found.sender),
        moved: found.moved.iter().map(row).collect(),
    }
    .render()
    .map_err(|error| error.to_string())
}

/// The page of a wallet.
///
/// # Errors
///
/// A message for the log if the template fails.
pub fn wallet_page(
    network: &Network,
    address: Address,
    balance: Usdc,
    is_contract: bool,
) -> Result<String, String> {
    let kind =
        if is_contract { "A contract" } else { "A key, or a contract that is not there yet" };
    WalletPage { address: address.to_checksum(None), network: network.name, balance, kind }
        .render()
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(url: &str, rpc: &str) -> String {
        let key = "9f2c71e0b4d8a35610cfe7824b9d3a6658e1f07c2bd4936a85fe0d17c4b2396e";
        let rpc_urls = format!("{{\"eip155:84532\": \"{rpc}\"}}");
        let get = |name: &str| {
            let value = match name {
                "PUBLIC_URL" => url,
                "NETWORKS" => "eip155:84532",
                "RPC_URLS" => &rpc_urls,
                "FACILITATOR_URL" => "https://facilitator.example",
                "MASTER_KEY" => key,
                _ => return None,
            };
            Some(value.to_owned())
        };
        let config = Config::read(get).unwrap_or_else(|faults| panic!("{faults}"));
        transaction_url(&config, config.networks[0], "0x12")
    }

    #[test]
    fn on_ones_own_machine_a_transaction_is_shown_here_and_elsewhere_by_the_explorer() {
        let here = links("http://localhost:8787", "http://127.0.0.1:8545");
        assert_eq!(here, "http://localhost:8787/explorer/tx/0x12");
        for (url, rpc) in [
            ("http://localhost:8787", "https://sepolia.base.org"),
            ("https://events.example", "http://127.0.0.1:8545"),
            ("https://events.example", "https://sepolia.base.org"),
        ] {
            assert_eq!(links(url, rpc), "https://sepolia.basescan.org/tx/0x12", "{url} {rpc}");
        }
    }
}
