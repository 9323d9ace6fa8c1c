//! The challenge of an unpaid call, on both rails and in every spelling that known clients read.
//!
//! x402 is pure version 2 where a strict client validates it, both versions together where `agents/x402` reads
//! (`_meta["x402/error"]`), and version 1 as an HTTP body. MPP stands beside it: in `WWW-Authenticate`, and in a `_meta` of
//! its own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::base::http::{PROBLEM_JSON, Reply};
use crate::rails::mpp::META_REQUIRED;
use crate::rails::mpp::offer::{self, Offer};
use crate::rails::quote::Quote;
use crate::rails::x402::bazaar::{BAZAAR, Declared, Transport};
use crate::rails::x402::dialects::{
    MIME_TYPE, encode, extensions, requirements_upto, requirements_v1, requirements_v2,
};
use crate::rails::x402::solana;
use crate::rails::x402::wire::{
    PaymentRequiredV1, PaymentRequiredV2, Resource, SIGN_IN_WITH_X, SettleResponse, Version,
};

/// A payment challenge: the price of a call, and why the caller must pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The reason, ASCII; an x402 reason code if a payment was refused.
    pub error: String,
    pub quote: Quote,
    /// The failed settlement, if there was one.
    pub failed: Option<SettleResponse>,
    /// A random key that comes back with the payment and is never on the chain. It lets the caller read the answer
    /// again.
    pub receipt_key: Option<String>,
    /// The message with which a wallet proves that it has paid before (x402, `sign-in-with-x`).
    pub sign_in: Option<Value>,
    /// The ways to pay by MPP.
    pub mpp: Vec<Offer>,
    /// How the tool is called, if its host chose to be found.
    pub declared: Option<Declared>,
}

impl Challenge {
    /// A challenge for the quoted price.
    #[must_use]
    pub fn new(quote: Quote, error: String, failed: Option<SettleResponse>) -> Self {
        let (receipt_key, sign_in, declared) = (None, None, None);
        Self { error, quote, failed, receipt_key, sign_in, mpp: Vec::new(), declared }
    }

    /// The challenge for clients of x402 version 2.
    #[must_use]
    pub fn v2(&self) -> PaymentRequiredV2 {
        PaymentRequiredV2 {
            x402_version: 2,
            error: self.error.clone(),
            resource: Resource {
                url: self.resource_url(),
                description: self.quote.description.clone(),
                mime_type: MIME_TYPE,
            },
            accepts: self.accepts_v2(),
            extensions: self.extensions(),
        }
    }

    /// A catalogue knows a tool of an MCP server by the server's address and the tool's name.
    fn resource_url(&self) -> String {
        match &self.declared {
            Some(Declared { transport: Transport::Mcp, server_url, .. }) => server_url.clone(),
            Some(Declared { transport: Transport::Http, .. }) | None => {
                self.quote.resource_url.clone()
            }
        }
    }

    /// The challenge for clients of x402 version 1, which has no extensions.
    #[must_use]
    pub fn v1(&self) -> PaymentRequiredV1 {
        PaymentRequiredV1 { x402_version: 1, error: self.error.clone(), accepts: self.accepts_v1() }
    }

    /// For the result of an MCP `tools/call`: version 2 of x402, and its `_meta`. There the same stands with the requirements of
    /// version 1 beside its own, and what MPP needs.
    #[must_use]
    pub fn for_tools(&self) -> (Value, Map<String, Value>) {
        let v2 = json!(self.v2());
        let mut both = v2.clone();
        if let Some(accepts) = both.get_mut("accepts").and_then(Value::as_array_mut) {
            accepts.extend(self.accepts_v1());
        }
        let mut meta = Map::from_iter([("x402/error".to_owned(), both)]);
        if !self.mpp.is_empty() {
            meta.insert(META_REQUIRED.to_owned(), offer::required(&self.mpp, &self.error));
        }
        (v2, meta)
    }

    /// For a legacy client of MCP that pays by MPP: the data of the error that asks it to.
    #[must_use]
    pub fn for_mpp(&self) -> Value {
        let mut data = offer::required(&self.mpp, &self.error);
        if let Some(members) = data.as_object_mut() {
            members.insert("x402".to_owned(), json!(self.v2()));
        }
        data
    }

    /// As an HTTP answer. The body is a problem document (RFC 9457) and version 1 of x402 in one; version 2 and MPP are in
    /// headers.
    #[must_use]
    pub fn to_http(&self) -> Reply {
        let mut body = offer::problem(&self.mpp, &self.error);
        if let Value::Object(v1) = json!(self.v1()) {
            body.extend(v1);
        }
        let v2 = STANDARD.encode(json!(self.v2()).to_string());
        let mut reply = Reply::text(402, PROBLEM_JSON, Value::Object(body).to_string())
            .with_header("payment-required", v2);
        if let Some(challenges) = offer::to_header(&self.mpp) {
            reply = reply.with_header("www-authenticate", challenges);
        }
        match &self.failed {
            Some(response) => reply
                .with_header("payment-response", encode(response))
                .with_header("x-payment-response", encode(response)),
            None => reply,
        }
    }

    /// The extensions that we support. Clients echo them and fill in their own values.
    fn extensions(&self) -> Value {
        let mut extensions = extensions();
        if let Some(members) = extensions.as_object_mut() {
            let sign_in = self.sign_in.clone().map(|it| (SIGN_IN_WITH_X.to_owned(), it));
            let declared = self.declared.as_ref().map(|it| (BAZAAR.to_owned(), it.to_json()));
            members.extend(sign_in.into_iter().chain(declared));
        }
        extensions
    }

    /// `exact` comes first and Solana last: clients that take the first entry that they know how to pay are older than the
    /// others.
    fn accepts_v2(&self) -> Vec<Value> {
        let quote = &self.quote;
        let evm = quote.networks.iter().map(|network| {
            let mut requirements = requirements_v2(quote, network);
            requirements.extra.receipt_key.clone_from(&self.receipt_key);
            json!(requirements)
        });
        let upto = quote.upto.iter().flat_map(|offer| {
            quote.networks.iter().map(move |network| {
                let mut requirements = requirements_upto(quote, offer, network, offer.most);
                requirements.extra.receipt_key.clone_from(&self.receipt_key);
                json!(requirements)
            })
        });
        let solana = quote.solana.iter().map(|offer| {
            let mut requirements = solana::requirements(quote, offer, Version::V2);
            let extra = requirements.get_mut("extra").and_then(Value::as_object_mut);
            if let (Some(extra), Some(key)) = (extra, &self.receipt_key) {
                extra.insert("receiptKey".to_owned(), json!(key));
            }
            requirements
        });
        evm.chain(upto).chain(solana).collect()
    }

    fn accepts_v1(&self) -> Vec<Value> {
        let quote = &self.quote;
        let evm = quote.networks.iter().map(|network| json!(requirements_v1(quote, network)));
        let offers = quote.solana.iter().filter(|offer| offer.has_v1);
        let solana = offers.map(|offer| solana::requirements(quote, offer, Version::V1));
        evm.chain(solana).collect()
    }
}
