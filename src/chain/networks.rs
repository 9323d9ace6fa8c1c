//! The supported networks with their USDC contracts.

use alloy_primitives::{Address, address};

/// A network and its USDC contract.
#[derive(Debug, PartialEq, Eq)]
pub struct Network {
    /// The name that is shown to people.
    pub name: &'static str,
    /// CAIP-2 id; the name in x402 version 2.
    pub caip2: &'static str,
    /// The name in x402 version 1.
    pub v1_name: &'static str,
    /// EIP-155 id, signed in every EIP-712 domain.
    pub chain_id: u64,
    pub usdc: Address,
    /// Name in the token's EIP-712 domain. It differs between networks.
    pub eip712_name: &'static str,
    /// Version in the token's EIP-712 domain.
    pub eip712_version: &'static str,
    /// URL of the block explorer, without a slash at the end.
    pub explorer: &'static str,
    /// The highest price of a unit of gas that our transactions pay, gwei.
    pub gas_gwei_max: u32,
    /// Price of the network's coin, dollars, estimated high. A test network has the price of its main network, so that gas
    /// is saved there too.
    pub coin_usd: u32,
    /// Gas that a transfer of USDC by a key needs at most. It differs, because storage costs more on some networks.
    pub transfer_gas: u64,
    /// Whether this is a test network, whose money has no value.
    pub is_testnet: bool,
}

/// All supported networks. The setting `NETWORKS` selects those of a deployment.
pub const NETWORKS: &[Network] = &[
    Network {
        name: "Base",
        caip2: "eip155:8453",
        v1_name: "base",
        chain_id: 8453,
        usdc: address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
        eip712_name: "USD Coin",
        eip712_version: "2",
        explorer: "https://basescan.org",
        gas_gwei_max: 10,
        coin_usd: 5_000,
        transfer_gas: 120_000,
        is_testnet: false,
    },
    Network {
        name: "Base Sepolia",
        caip2: "eip155:84532",
        v1_name: "base-sepolia",
        chain_id: 84532,
        usdc: address!("036CbD53842c5426634e7929541eC2318f3dCF7e"),
        eip712_name: "USDC",
        eip712_version: "2",
        explorer: "https://sepolia.basescan.org",
        gas_gwei_max: 100,
        coin_usd: 5_000,
        transfer_gas: 120_000,
        is_testnet: true,
    },
    Network {
        name: "Polygon",
        caip2: "eip155:137",
        v1_name: "polygon",
        chain_id: 137,
        usdc: address!("3c499c542cEF5E3811e1192ce70d8cC03d5c3359"),
        eip712_name: "USD Coin",
        eip712_version: "2",
        explorer: "https://polygonscan.com",
        gas_gwei_max: 3_000,
        coin_usd: 1,
        transfer_gas: 120_000,
        is_testnet: false,
    },
    Network {
        name: "Polygon Amoy",
        caip2: "eip155:80002",
        v1_name: "polygon-amoy",
        chain_id: 80002,
        usdc: address!("41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582"),
        eip712_name: "USDC",
        eip712_version: "2",
        explorer: "https://amoy.polygonscan.com",
        gas_gwei_max: 3_000,
        coin_usd: 1,
        transfer_gas: 120_000,
        is_testnet: true,
    },
    Network {
        name: "Avalanche",
        caip2: "eip155:43114",
        v1_name: "avalanche",
        chain_id: 43114,
        usdc: address!("B97EF9Ef8734C71904D8002F8b6Bc66Dd9c48a6E"),
        eip712_name: "USD Coin",
        eip712_version: "2",
        explorer: "https://snowtrace.io",
        gas_gwei_max: 500,
        coin_usd: 60,
        transfer_gas: 120_000,
        is_testnet: false,
    },
    Network {
        name: "Avalanche Fuji",
        caip2: "eip155:43113",
        v1_name: "avalanche-fuji",
        chain_id: 43113,
        usdc: address!("5425890298aed601595a70AB815c96711a31Bc65"),
        eip712_name: "USD Coin",
        eip712_version: "2",
        explorer: "https://testnet.snowtrace.io",
        gas_gwei_max: 500,
        coin_usd: 60,
        transfer_gas: 120_000,
        is_testnet: true,
    },
    Network {
        name: "Sei",
        caip2: "eip155:1329",
        v1_name: "sei",
        chain_id: 1329,
        usdc: address!("e15fC38F6D8c56aF07bbCBe3BAf5708A2Bf42392"),
        eip712_name: "USDC",
        eip712_version: "2",
        explorer: "https://seiscan.io",
        gas_gwei_max: 500,
        coin_usd: 1,
        transfer_gas: 350_000,
        is_testnet: false,
    },
    Network {
        name: "Sei testnet",
        caip2: "eip155:1328",
        v1_name: "sei-testnet",
        chain_id: 1328,
        usdc: address!("4fCF1784B31630811181f670Aea7A7bEF803eaED"),
        eip712_name: "USDC",
        eip712_version: "2",
        explorer: "https://testnet.seiscan.io",
        gas_gwei_max: 500,
        coin_usd: 1,
        transfer_gas: 350_000,
        is_testnet: true,
    },
];

impl Network {
    /// The network with this CAIP-2 id.
    #[must_use]
    pub fn by_caip2(id: &str) -> Option<&'static Self> {
        NETWORKS.iter().find(|network| network.caip2 == id)
    }

    /// The network with this name in x402 version 1.
    #[must_use]
    pub fn by_v1_name(name: &str) -> Option<&'static Self> {
        NETWORKS.iter().find(|network| network.v1_name == name)
    }

    /// As [`Self::gas_gwei_max`], in wei.
    #[must_use]
    pub fn gas_price_max(&self) -> u128 {
        u128::from(self.gas_gwei_max).saturating_mul(1_000_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_is_found_by_both_names() {
        for network in NETWORKS {
            assert_eq!(Network::by_caip2(network.caip2), Some(network));
            assert_eq!(Network::by_v1_name(network.v1_name), Some(network));
            assert_eq!(network.caip2, format!("eip155:{}", network.chain_id));
        }
        assert_eq!(Network::by_caip2("eip155:1"), None);
        assert_eq!(Network::by_v1_name("eip155:8453"), None);
    }
}
