//! The offer of a purchase, read from its challenge, and the messages that show it.

use serde_json::Value;

use crate::chain::networks::Network;
use crate::guest::messages::Out;
use crate::guest::purchase::model::Purchase;
use crate::mcp::client::ClientError;
use crate::rails::x402::payer::{self, Answer, Offer};

/// The offer that was chosen of a challenge: the same each time, also when its network is not in use any more.
pub(crate) fn offer_of(purchase: &Purchase) -> Option<Offer> {
    let outcome: Result<_, ClientError> = Ok(purchase.challenge.clone());
    let Answer::Challenge(challenge) = payer::read_answer(&outcome) else { return None };
    let offer = payer::choose(&challenge, &[Network::by_caip2(&purchase.network)?]).ok()?;
    let is_same = offer.amount == purchase.amount
        && offer.pay_to.to_checksum(None) == purchase.pay_to
        && offer.network.caip2 == purchase.network;
    is_same.then(|| offer.clone())
}

/// The payment that goes with the call, as it is signed.
pub(super) fn payment_of(purchase: &Purchase) -> Option<Value> {
    let offer = offer_of(purchase)?;
    let (authorization, signature) =
        (purchase.authorization.as_ref()?, purchase.signature.as_ref()?);
    Some(payer::for_meta(&offer, &payer::payload(&offer, authorization, signature)))
}

/// The question to the person.
pub(crate) fn question(purchase: &Purchase, why: &str) -> Out {
    let offer = offer_of(purchase).map(|offer| (offer.raw, offer.resource));
    let (requirements, resource) = offer.unwrap_or_default();
    Out::PaymentRequired {
        confirmation_id: purchase.id.to_string(),
        requirements,
        resource,
        tool: purchase.tool.clone(),
        arguments: purchase.arguments.clone(),
        mcp_url: purchase.server.clone(),
        amount_usd: purchase.amount.to_string(),
        amount: purchase.amount.atomic().to_string(),
        pay_to: purchase.pay_to.clone(),
        network: purchase.network.clone(),
        why: why.to_owned(),
    }
}

/// The request to a wallet in a browser.
pub(crate) fn sign_request(purchase: &Purchase) -> Option<Out> {
    let authorization = purchase.authorization.as_ref()?;
    let offer = offer_of(purchase)?;
    Some(Out::SignRequest {
        request_id: purchase.id.to_string(),
        address: purchase.payer.clone(),
        typed_data: payer::typed_data(offer.network, authorization),
    })
}
