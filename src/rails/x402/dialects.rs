//! Our requirements in both versions of x402, and its objects as headers carry them.

use alloy_primitives::Address;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::base::money::Usdc;
use crate::chain::eip3009::Authorization;
use crate::chain::networks::Network;
use crate::rails::quote::{PAYMENT_SECONDS, Quote, UptoOffer};
use crate::rails::x402::wire::{
    Extra, PAYMENT_IDENTIFIER, RequirementsV1, RequirementsV2, SettleResponse,
};

/// The primary EIP-712 type of EIP-3009.
const PRIMARY_TYPE: &str = "TransferWithAuthorization";
/// The media type of every result.
pub const MIME_TYPE: &str = "application/json";

/// Our requirements for one network, version 2.
#[must_use]
pub fn requirements_v2(quote: &Quote, network: &Network) -> RequirementsV2 {
    exact(network, quote.amount.atomic().to_string(), quote.pay_to, PAYMENT_SECONDS)
}

/// Our requirements for one network in the scheme `upto`. `amount`: the most that the call may cost, or what it has cost.
#[must_use]
pub fn requirements_upto(
    quote: &Quote,
    offer: &UptoOffer,
    network: &Network,
    amount: Usdc,
) -> RequirementsV2 {
    let exact = exact(network, amount.atomic().to_string(), quote.pay_to, PAYMENT_SECONDS);
    let extra = Extra {
        primary_type: None,
        asset_transfer_method: Some("permit2".to_owned()),
        facilitator_address: Some(offer.facilitator.to_checksum(None)),
        ..exact.extra
    };
    RequirementsV2 { scheme: "upto".to_owned(), extra, ..exact }
}

/// Requirements that an authorization fits, for money that goes to somebody else than a host. `seconds`: how long it is valid.
#[must_use]
pub fn requirements_for(
    network: &Network,
    authorization: &Authorization,
    seconds: u32,
) -> RequirementsV2 {
    exact(network, authorization.value.to_string(), authorization.to, seconds)
}

fn exact(network: &Network, amount: String, pay_to: Address, seconds: u32) -> RequirementsV2 {
    RequirementsV2 {
        scheme: "exact".to_owned(),
        network: network.caip2.to_owned(),
        amount,
        asset: network.usdc.to_checksum(None),
        pay_to: pay_to.to_checksum(None),
        max_timeout_seconds: seconds,
        extra: extra(network),
    }
}

/// Our requirements for one network, version 1.
#[must_use]
pub fn requirements_v1(quote: &Quote, network: &Network) -> RequirementsV1 {
    RequirementsV1 {
        scheme: "exact",
        network: network.v1_name,
        max_amount_required: quote.amount.atomic().to_string(),
        resource: quote.resource_url.clone(),
        description: quote.description.clone(),
        mime_type: MIME_TYPE,
        pay_to: quote.pay_to.to_checksum(None),
        max_timeout_seconds: PAYMENT_SECONDS,
        asset: network.usdc.to_checksum(None),
        extra: extra(network),
    }
}

/// Base64 of the JSON, as the HTTP headers carry it.
#[must_use]
pub fn encode(response: &SettleResponse) -> String {
    STANDARD.encode(json!(response).to_string())
}

/// The extensions that every challenge offers.
#[must_use]
pub fn extensions() -> Value {
    json!({PAYMENT_IDENTIFIER: {
        "info": {"required": false},
        "schema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "required": {"type": "boolean"},
                "id": {
                    "type": "string",
                    "minLength": 16,
                    "maxLength": 128,
                    "pattern": "^[a-zA-Z0-9_-]+$",
                },
            },
            "required": ["required"],
        },
    }})
}

/// Name and version of the token's EIP-712 domain on a network.
#[must_use]
pub fn extra(network: &Network) -> Extra {
    Extra {
        name: network.eip712_name.to_owned(),
        version: network.eip712_version.to_owned(),
        primary_type: Some(PRIMARY_TYPE.to_owned()),
        receipt_key: None,
        asset_transfer_method: None,
        facilitator_address: None,
    }
}
