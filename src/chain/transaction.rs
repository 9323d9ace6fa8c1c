//! Transactions that we sign and send (EIP-1559). They carry only transfers that the payer has authorized.

use alloy_consensus::transaction::RlpEcdsaDecodableTx;
use alloy_consensus::{SignableTransaction, Signed, TxEip1559};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, address, hex};
use alloy_sol_types::{SolCall, sol};
use k256::ecdsa::SigningKey;

use crate::chain::eip3009::Authorization;
use crate::chain::networks::Network;
use crate::chain::permit2::{Permit, UPTO_PROXY, settlement};
use crate::chain::signature::{Given, Judge};

/// Multicall3, at the same address on every network.
pub const MULTICALL3: Address = address!("cA11bde05977b3631167028862bE2a173976CA11");

/// A contract call of one of our transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainCall {
    /// The contract that is called.
    pub to: Address,
    /// ABI-encoded: the function's selector and its arguments.
    pub data: Bytes,
}

/// The fees of a transaction, wei for each unit of gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// `maxFeePerGas` (EIP-1559), base fee and tip together.
    pub max: u128,
    /// `maxPriorityFeePerGas`, the part for the block producer.
    pub tip: u128,
}

/// A private key that sends transactions. There is no `Debug`, so it is never shown.
#[derive(Clone)]
pub struct RelayerKey(SigningKey);

/// A signed transaction of type 2 (EIP-1559).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTransaction {
    /// Keccak-256 of the encoded transaction, known before it is sent.
    pub hash: B256,
    /// The encoded transaction in hex, for `eth_sendRawTransaction`.
    pub raw: String,
}

sol! {
    interface Token {
        function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s) external;
        function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature) external;
    }

    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    struct CallResult {
        bool success;
        bytes returnData;
    }

    function aggregate3(Call3[] calls) external payable returns (CallResult[] results);
}

/// The call that moves the authorization's money. For a wallet that is not deployed yet it also calls the factory: the
/// factory call may fail (the wallet may have been deployed meanwhile, and some factories refuse to deploy it twice), a
/// failing transfer reverts both. With a permit the named facilitator is the sender, so nothing goes before the transfer.
#[must_use]
pub fn transfer(
    network: &Network,
    authorization: &Authorization,
    permit: Option<&Permit>,
    given: &Given,
    judge: &Judge,
) -> ChainCall {
    if let Some(permit) = permit {
        return ChainCall { to: UPTO_PROXY, data: settlement(authorization, permit, given) };
    }
    let transfer = ChainCall { to: network.usdc, data: transfer_data(authorization, given) };
    match judge {
        Judge::Key | Judge::Contract => transfer,
        Judge::Counterfactual(wrapper) => {
            let make = ChainCall { to: wrapper.factory, data: wrapper.call.clone() };
            together(&make, &transfer)
        }
    }
}

/// Combines two calls with Multicall3. The first may fail; a failing second one reverts both.
#[must_use]
pub fn together(first: &ChainCall, second: &ChainCall) -> ChainCall {
    let part = |call: &ChainCall, may_fail| Call3 {
        target: call.to,
        allowFailure: may_fail,
        callData: call.data.clone(),
    };
    let calls = vec![part(first, true), part(second, false)];
    ChainCall { to: MULTICALL3, data: aggregate3Call { calls }.abi_encode().into() }
}

/// The return data of the last call of [`together`].
#[must_use]
pub fn last_answer(answer: &[u8]) -> Option<Bytes> {
    let results = aggregate3Call::abi_decode_returns_validate(answer).ok()?;
    results.into_iter().next_back().filter(|last| last.success).map(|last| last.returnData)
}

impl RelayerKey {
    /// Parses 32 bytes in hex.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = hex::decode_to_array(text.trim()).ok()?;
        SigningKey::from_slice(&bytes).ok().map(Self)
    }

    /// The address of the key.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::from_private_key(&self.0)
    }

    /// Signs a call with a nonce for a network. `None` if the curve refuses the digest, which practically never happens.
    #[must_use]
    pub fn sign(
        &self,
        network: &Network,
        nonce: u64,
        call: &ChainCall,
        gas: u64,
        fees: Fees,
    ) -> Option<SignedTransaction> {
        self.sign_transaction(TxEip1559 {
            chain_id: network.chain_id,
            nonce,
            gas_limit: gas,
            max_fee_per_gas: fees.max,
            max_priority_fee_per_gas: fees.tip,
            to: TxKind::Call(call.to),
            value: U256::ZERO,
            access_list: alloy_eips::eip2930::AccessList::default(),
            input: call.data.clone(),
        })
    }

    /// Signs the transaction again with other fees, to replace one that is stuck.
    #[must_use]
    pub fn sign_again(&self, raw: &str, fees: Fees) -> Option<SignedTransaction> {
        let old = decode(raw)?;
        self.sign_transaction(TxEip1559 {
            max_fee_per_gas: fees.max,
            max_priority_fee_per_gas: fees.tip,
            ..old.strip_signature()
        })
    }

    fn sign_transaction(&self, transaction: TxEip1559) -> Option<SignedTransaction> {
        let digest = transaction.signature_hash();
        let signature = self.0.sign_prehash_recoverable(digest.as_slice()).ok()?;
        let signed = transaction.into_signed(Signature::from(signature));
        Some(SignedTransaction {
            hash: *signed.hash(),
            raw: hex::encode_prefixed(signed.encoded_2718()),
        })
    }
}

/// The fees of one of our encoded transactions.
#[must_use]
pub fn fees_of(raw: &str) -> Option<Fees> {
    let signed = decode(raw)?;
    let transaction = signed.tx();
    Some(Fees { max: transaction.max_fee_per_gas, tip: transaction.max_priority_fee_per_gas })
}

fn decode(raw: &str) -> Option<Signed<TxEip1559>> {
    let bytes = hex::decode(raw).ok()?;
    TxEip1559::eip2718_decode(&mut bytes.as_slice()).ok()
}

fn transfer_data(authorization: &Authorization, given: &Given) -> Bytes {
    let Authorization { from, to, value, valid_after, valid_before, nonce, .. } = *authorization;
    // USDC checks both forms in the same way. Older versions know only the first.
    match given.parts() {
        Some((v, r, s)) => Token::transferWithAuthorization_0Call {
            from,
            to,
            value,
            validAfter: valid_after,
            validBefore: valid_before,
            nonce,
            v,
            r,
            s,
        }
        .abi_encode()
        .into(),
        None => Token::transferWithAuthorization_1Call {
            from,
            to,
            value,
            validAfter: valid_after,
            validBefore: valid_before,
            nonce,
            signature: given.signature.clone(),
        }
        .abi_encode()
        .into(),
    }
}

#[cfg(test)]
mod tests {
    use alloy_consensus::Transaction;
    use alloy_primitives::{B256, bytes};

    use super::*;
    use crate::chain::eip3009::Via;
    use crate::chain::signature::Wrapper;

    const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

    fn network() -> &'static Network {
        Network::by_v1_name("base-sepolia").unwrap()
    }

    fn authorization() -> Authorization {
        Authorization {
            from: address!("70997970C51812dc3A010C7d01b50e0d17dc79C8"),
            to: address!("9965507D1a55bcC2695C58ba16FB37d819B0A4dc"),
            value: U256::from(50_000),
            valid_after: U256::ZERO,
            valid_before: U256::from(1_795_262_700),
            nonce: B256::repeat_byte(7),
            via: Via::Token,
        }
    }

    #[test]
    fn a_transaction_is_that_of_the_key_and_carries_the_transfer_only() {
        let key = RelayerKey::parse(KEY).unwrap();
        let given = Given { wrapper: None, signature: Bytes::from([27; 65]) };
        let call = transfer(network(), &authorization(), None, &given, &Judge::Key);
        let fees = Fees { max: 3_000_000_000, tip: 1_000_000_000 };
        let signed = key.sign(network(), 7, &call, 90_000, fees).unwrap();
        let decoded = decode(&signed.raw).unwrap();
        assert_eq!(*decoded.hash(), signed.hash);
        let sender = decoded.signature().recover_address_from_prehash(&decoded.signature_hash());
        assert_eq!(sender.unwrap(), key.address());
        assert_eq!(decoded.tx().to(), Some(network().usdc));
        assert_eq!(decoded.tx().value(), U256::ZERO);
        assert_eq!(decoded.tx().input()[..4], [0xe3, 0xee, 0x16, 0x0e]);
        assert_eq!((decoded.tx().nonce(), decoded.tx().chain_id), (7, 84532));
        assert_eq!(fees_of(&signed.raw), Some(fees));

        let dearer = Fees { max: 6_000_000_000, tip: 2_000_000_000 };
        let again = key.sign_again(&signed.raw, dearer).unwrap();
        let replaced = decode(&again.raw).unwrap();
        assert_ne!(again.hash, signed.hash);
        assert_eq!(replaced.tx().nonce(), 7);
        assert_eq!(replaced.tx().input(), decoded.tx().input());
    }

    #[test]
    fn a_contract_signature_goes_to_the_other_function() {
        let given = Given { wrapper: None, signature: Bytes::from([1; 66]) };
        let call = transfer(network(), &authorization(), None, &given, &Judge::Contract);
        assert_eq!(call.data[..4], [0xcf, 0x09, 0x29, 0x95]);
    }

    #[test]
    fn a_wallet_that_is_not_there_yet_is_made_and_pays_at_once_or_not_at_all() {
        let wrapper = Wrapper { factory: Address::repeat_byte(9), call: bytes!("12345678") };
        let given = Given { wrapper: Some(wrapper.clone()), signature: Bytes::from([1; 66]) };
        let judge = Judge::Counterfactual(wrapper);
        let call = transfer(network(), &authorization(), None, &given, &judge);
        assert_eq!(call.to, MULTICALL3);
        let calls = aggregate3Call::abi_decode_validate(&call.data).unwrap().calls;
        let parts: Vec<_> = calls.iter().map(|part| (part.target, part.allowFailure)).collect();
        assert_eq!(parts, [(Address::repeat_byte(9), true), (network().usdc, false)]);
        assert_eq!(calls[0].callData, bytes!("12345678"));
    }

    #[test]
    fn what_is_not_a_key_is_none() {
        for text in ["", "0x12", &"0".repeat(64), &"f".repeat(64), "key"] {
            assert!(RelayerKey::parse(text).is_none(), "{text}");
        }
    }
}
