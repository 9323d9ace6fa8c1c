// The networks of src/chain/networks.rs, as the scripts need them. USDC is named here too, so that no server can
// have another token signed for. tests/worker/commands.spec.mjs compares both lists.
import { avalanche, avalancheFuji, base, baseSepolia, polygon, polygonAmoy, sei, seiTestnet } from "viem/chains";

// `v1` is the name that x402 version 1 uses, `token` that of the token's EIP-712 domain, whose version is 2 everywhere.
const of = (chain, v1, name, token, usdc, explorer, isTestnet) => ({ network: `eip155:${chain.id}`, v1, chain, name, token, usdc, explorer, isTestnet });

export const NETWORKS = [
  of(base, "base", "Base", "USD Coin", "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", "https://basescan.org", false),
  of(baseSepolia, "base-sepolia", "Base Sepolia", "USDC", "0x036CbD53842c5426634e7929541eC2318f3dCF7e", "https://sepolia.basescan.org", true),
  of(polygon, "polygon", "Polygon", "USD Coin", "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359", "https://polygonscan.com", false),
  of(polygonAmoy, "polygon-amoy", "Polygon Amoy", "USDC", "0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582", "https://amoy.polygonscan.com", true),
  of(avalanche, "avalanche", "Avalanche", "USD Coin", "0xB97EF9Ef8734C71904D8002F8b6Bc66Dd9c48a6E", "https://snowtrace.io", false),
  of(avalancheFuji, "avalanche-fuji", "Avalanche Fuji", "USD Coin", "0x5425890298aed601595a70AB815c96711a31Bc65", "https://testnet.snowtrace.io", true),
  of(sei, "sei", "Sei", "USDC", "0xe15fC38F6D8c56aF07bbCBe3BAf5708A2Bf42392", "https://seiscan.io", false),
  of(seiTestnet, "sei-testnet", "Sei testnet", "USDC", "0x4fCF1784B31630811181f670Aea7A7bEF803eaED", "https://testnet.seiscan.io", true),
];

/** Those of Solana, which hosts are paid on beside networks of the same kind. */
export const SOLANA_NETWORKS = [
  { network: "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", isTestnet: false },
  { network: "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1", isTestnet: true },
];

export const networkOf = (caip2) => NETWORKS.find(({ network }) => network === caip2);
