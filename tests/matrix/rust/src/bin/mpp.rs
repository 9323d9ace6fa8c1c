//! `mpp` over plain HTTP. The crate pays with Tempo and Stripe only; its documented hook for other methods is the trait
//! `PaymentProvider`, implemented here for `evm` with the credential type `authorization` (EIP-3009).
use std::sync::Arc;

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolStruct, eip712_domain, sol};
use client_matrix::{Done, print, seat, signer, tool};
use mpp::client::{Fetch, PaymentProvider};
use mpp::{MppError, PaymentChallenge, PaymentCredential};
use serde_json::{Value, json};

sol! {
    struct TransferWithAuthorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }
}

#[derive(Clone)]
struct Evm(Arc<PrivateKeySigner>);

impl PaymentProvider for Evm {
    fn supports(&self, method: &str, intent: &str) -> bool {
        method == "evm" && intent == "charge"
    }

    async fn pay(&self, challenge: &PaymentChallenge) -> Result<PaymentCredential, MppError> {
        let request: Value = challenge.request.decode_value()?;
        let wrong = |what: &str| MppError::invalid_challenge_reason(what.to_owned());
        let text = |name: &str| request[name].as_str().ok_or_else(|| wrong(name));
        let address = |name: &str| text(name)?.parse::<Address>().map_err(|_| wrong(name));
        let chain = request["methodDetails"]["chainId"].as_u64().ok_or_else(|| wrong("chainId"))?;
        let expires = challenge.expires_at().ok_or_else(|| wrong("expires"))?.unix_timestamp();
        let message = TransferWithAuthorization {
            from: self.0.address(),
            to: address("recipient")?,
            value: text("amount")?.parse().map_err(|_| wrong("amount"))?,
            validAfter: U256::ZERO,
            validBefore: U256::from(u64::try_from(expires).map_err(|_| wrong("expires"))?),
            nonce: keccak256(format!("{}{}", challenge.id, challenge.realm)),
        };
        let domain = eip712_domain! {
            name: "USDC",
            version: "2",
            chain_id: chain,
            verifying_contract: address("currency")?,
        };
        let hash: B256 = message.eip712_signing_hash(&domain);
        let signature = self.0.sign_hash_sync(&hash).map_err(|_| wrong("signature"))?;
        let payload = json!({
            "type": "authorization",
            "from": message.from.to_string(),
            "to": message.to.to_string(),
            "value": message.value.to_string(),
            "validAfter": "0",
            "validBefore": message.validBefore.to_string(),
            "nonce": message.nonce.to_string(),
            "signature": format!("0x{}", alloy_primitives::hex::encode(signature.as_bytes())),
        });
        let source = format!("did:pkh:eip155:{chain}:{}", message.from);
        Ok(PaymentCredential::with_source(challenge.to_echo(), source, payload))
    }
}

#[tokio::main]
async fn main() -> Done {
    let client = reqwest::Client::new();
    let free = client.post(tool("listEvents")?).json(&json!({})).send().await?;
    let paid =
        client.post(tool("rsvpToEvent")?).json(&seat()?).header("accept-payment", "evm/charge");
    let paid = paid.send_with_payment(&Evm(signer()?)).await?;
    print(&free.json().await?, &paid.json().await?);
    Ok(())
}
