//! The networks of Solana, and either kind of network under one type.

use crate::chain::networks::Network;

/// A cluster of Solana and its USDC.
#[derive(Debug, PartialEq, Eq)]
pub struct SolanaNetwork {
    /// The name that is shown to people.
    pub name: &'static str,
    /// CAIP-2 id: the beginning of the hash of its first block.
    pub caip2: &'static str,
    /// The name in x402 version 1.
    pub v1_name: &'static str,
    /// The mint of USDC, of the SPL Token program, with six decimals.
    pub usdc: &'static str,
    /// What stands after the id in the address of the block explorer.
    explorer_query: &'static str,
    /// Whether this is a test network, whose money has no value.
    pub is_testnet: bool,
}

/// The block explorer of both networks, without a slash at the end.
const EXPLORER: &str = "https://explorer.solana.com";

/// All supported networks of Solana.
pub const SOLANA_NETWORKS: &[SolanaNetwork] = &[
    SolanaNetwork {
        name: "Solana",
        caip2: "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp",
        v1_name: "solana",
        usdc: "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
        explorer_query: "",
        is_testnet: false,
    },
    SolanaNetwork {
        name: "Solana devnet",
        caip2: "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1",
        v1_name: "solana-devnet",
        usdc: "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU",
        explorer_query: "?cluster=devnet",
        is_testnet: true,
    },
];

/// A network of either kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// With accounts and contracts of Ethereum's kind.
    Evm(&'static Network),
    Solana(&'static SolanaNetwork),
}

impl SolanaNetwork {
    /// The one of the real networks, or of the test networks.
    #[must_use]
    pub fn of_kind(is_testnet: bool) -> Option<&'static Self> {
        SOLANA_NETWORKS.iter().find(|network| network.is_testnet == is_testnet)
    }

    /// The URL of a transaction in the block explorer.
    #[must_use]
    pub fn transaction_url(&self, signature: &str) -> String {
        format!("{EXPLORER}/tx/{signature}{}", self.explorer_query)
    }

    fn find(is_it: impl Fn(&Self) -> bool) -> Option<&'static Self> {
        SOLANA_NETWORKS.iter().find(|network| is_it(network))
    }
}

impl Chain {
    /// The network with this CAIP-2 id.
    #[must_use]
    pub fn by_caip2(id: &str) -> Option<Self> {
        let solana = || SolanaNetwork::find(|network| network.caip2 == id).map(Self::Solana);
        Network::by_caip2(id).map(Self::Evm).or_else(solana)
    }

    /// The network with this name in x402 version 1.
    #[must_use]
    pub fn by_v1_name(name: &str) -> Option<Self> {
        let solana = || SolanaNetwork::find(|network| network.v1_name == name).map(Self::Solana);
        Network::by_v1_name(name).map(Self::Evm).or_else(solana)
    }

    /// Its network of Solana, if it is one.
    #[must_use]
    pub const fn solana(self) -> Option<&'static SolanaNetwork> {
        match self {
            Self::Evm(_) => None,
            Self::Solana(network) => Some(network),
        }
    }

    /// CAIP-2 id; the name in x402 version 2.
    #[must_use]
    pub const fn caip2(self) -> &'static str {
        match self {
            Self::Evm(network) => network.caip2,
            Self::Solana(network) => network.caip2,
        }
    }

    /// The name in x402 version 1.
    #[must_use]
    pub const fn v1_name(self) -> &'static str {
        match self {
            Self::Evm(network) => network.v1_name,
            Self::Solana(network) => network.v1_name,
        }
    }

    /// USDC on it: a contract (EIP-55), or a mint (base58).
    #[must_use]
    pub fn usdc(self) -> String {
        match self {
            Self::Evm(network) => network.usdc.to_checksum(None),
            Self::Solana(network) => network.usdc.to_owned(),
        }
    }
}

/// Whether a network, by its CAIP-2 id, is one of Solana.
#[must_use]
pub fn is_solana(caip2: &str) -> bool {
    Chain::by_caip2(caip2).is_some_and(|chain| chain.solana().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::solana::address::SolanaAddress;

    #[test]
    fn every_network_is_found_by_both_names_and_names_a_mint() {
        for network in SOLANA_NETWORKS {
            assert_eq!(Chain::by_caip2(network.caip2), Some(Chain::Solana(network)));
            assert_eq!(Chain::by_v1_name(network.v1_name), Some(Chain::Solana(network)));
            assert_eq!(SolanaNetwork::of_kind(network.is_testnet), Some(network));
            assert!(SolanaAddress::parse(network.usdc).is_some());
            assert!(is_solana(network.caip2));
        }
        assert!(matches!(Chain::by_caip2("eip155:8453"), Some(Chain::Evm(_))));
        assert!(matches!(Chain::by_v1_name("base"), Some(Chain::Evm(_))));
        assert_eq!(Chain::by_caip2("solana"), None);
        assert!(!is_solana("eip155:8453") && !is_solana("solana:x"));
    }
}
