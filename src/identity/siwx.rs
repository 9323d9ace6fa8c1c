//! Sign-In-With-X (x402 extension `sign-in-with-x`, built on CAIP-122): a wallet proves itself at a server by signing
//! our message, and sends it in the header `SIGN-IN-WITH-X`. The signed text is that of Sign-In with Ethereum, which
//! [`crate::identity::siwe`] verifies. This module builds it from the fields in the header.

use alloy_primitives::Address;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::time::UnixSeconds;
use crate::base::web_address::Url;
use crate::chain::networks::Network;
use crate::identity::user::is_chain_id;

/// The header of a proof.
pub const HEADER: &str = "sign-in-with-x";
/// The longest header, bytes. A contract wallet's signature may contain a factory call.
const PROOF_BYTES_MAX: usize = 32 * 1024;

/// The statement that the wallet shows to its user.
const STATEMENT: &str = "Read again what this wallet has here, or take what is free";

/// A message and a signature, not verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The text of EIP-4361.
    pub message: String,
    pub signature: String,
}

/// Why the header is not a proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("SIGN-IN-WITH-X {0}")]
pub struct NotAProof(String);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    domain: String,
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<String>,
    uri: String,
    version: String,
    chain_id: String,
    r#type: String,
    nonce: String,
    issued_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    signature: String,
}

/// A message that a server offers a wallet to sign, with which it proves itself to that server and to no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unsigned(Sent);

impl Unsigned {
    /// Reads the offer of a challenge or refusal (`extensions["sign-in-with-x"]`) of the server at this URL. `chain` is the
    /// CAIP-2 id of the network on which the wallet is.
    ///
    /// # Errors
    /// [`NotAProof`] if the message is for another site: a server that is asked could get it signed for itself.
    pub fn of(
        offer: &Value,
        server: &Url,
        wallet: Address,
        chain: &str,
    ) -> Result<Self, NotAProof> {
        let wrong = |what: &str| NotAProof(what.to_owned());
        let info = offer.get("info").ok_or_else(|| wrong("must hold what is to be signed"))?;
        let chains = offer.get("supportedChains").and_then(Value::as_array);
        let is_chain = |one: &Value| {
            let is = |key: &str, text: &str| one.get(key).and_then(Value::as_str) == Some(text);
            is("chainId", chain) && is("type", "eip191")
        };
        if !chains.is_some_and(|chains| chains.iter().any(is_chain)) {
            return Err(wrong("must be for the network of the wallet"));
        }
        let mut members = info.as_object().cloned().unwrap_or_default();
        let own = [
            ("address", wallet.to_checksum(None)),
            ("chainId", chain.to_owned()),
            ("type", "eip191".to_owned()),
        ];
        members.extend(own.map(|(name, value)| (name.to_owned(), json!(value))));
        members.remove("signature");
        let sent: Sent = serde_json::from_value(Value::Object(members))
            .map_err(|_| wrong("must hold domain, uri, version, nonce, issuedAt"))?;
        let uri = Url::parse(&sent.uri).ok_or_else(|| wrong("must name a resource"))?;
        if sent.domain != server.authority() || !uri.is_same_origin(server) {
            return Err(wrong("must be for the server that asks"));
        }
        let json = serde_json::to_string(&sent).unwrap_or_default();
        if json.len() > PROOF_BYTES_MAX
            || all_texts(&sent).any(|text| text.chars().any(char::is_control))
        {
            return Err(wrong("must be short and without control characters"));
        }
        Ok(Self(sent))
    }

    /// The text that the wallet signs (EIP-191).
    #[must_use]
    pub fn message(&self) -> String {
        let chain = self.0.chain_id.strip_prefix("eip155:").unwrap_or_default();
        text_of(&self.0, chain)
    }

    /// The header that proves the wallet, with its signature in hex.
    #[must_use]
    pub fn header(&self, signature: &str) -> String {
        let signed = Sent { signature: signature.to_owned(), ..self.0.clone() };
        // Text can always be written.
        STANDARD.encode(serde_json::to_string(&signed).unwrap_or_default())
    }
}

/// Every field that becomes a line of the message.
fn all_texts(sent: &Sent) -> impl Iterator<Item = &String> {
    let fields =
        [&sent.domain, &sent.address, &sent.uri, &sent.version, &sent.nonce, &sent.issued_at];
    let more = [&sent.statement, &sent.expiration_time, &sent.not_before, &sent.request_id];
    fields.into_iter().chain(more.into_iter().flatten()).chain(&sent.resources)
}

/// The message that a challenge offers to sign.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// Our host name, with the port unless it is the default.
    pub domain: &'a str,
    /// The requested resource at our origin.
    pub uri: &'a str,
    /// A nonce for this server.
    pub nonce: &'a str,
    pub issued_at: UnixSeconds,
    pub expires_at: UnixSeconds,
    /// The chains on which contract wallets can be verified.
    pub networks: &'a [&'static Network],
}

impl Offer<'_> {
    /// The extension's JSON in the challenge.
    #[must_use]
    pub fn to_json(self) -> Value {
        let chains: Vec<Value> = self
            .networks
            .iter()
            .map(|network| json!({"chainId": network.caip2, "type": "eip191"}))
            .collect();
        json!({
            "info": {
                "domain": self.domain,
                "uri": self.uri,
                "version": "1",
                "nonce": self.nonce,
                "issuedAt": self.issued_at.to_string(),
                "expirationTime": self.expires_at.to_string(),
                "statement": STATEMENT,
                "resources": [self.uri],
            },
            "supportedChains": chains,
            "schema": schema(),
        })
    }
}

/// Reads a proof from the header, which is base64 of JSON.
///
/// # Errors
/// [`NotAProof`] says what is wrong, and repeats nothing of the header.
pub fn read(header: &str) -> Result<Proof, NotAProof> {
    let wrong = |what: &str| NotAProof(what.to_owned());
    if header.len() > PROOF_BYTES_MAX {
        return Err(wrong("is too long"));
    }
    let bytes = STANDARD.decode(header.trim()).map_err(|_| wrong("must be base64 of JSON"))?;
    let sent: Sent = serde_json::from_slice(&bytes).map_err(|_| {
        wrong("must hold domain, address, uri, version, chainId, type, nonce, issuedAt, signature")
    })?;
    if sent.r#type != "eip191" {
        return Err(wrong("must be of the type eip191"));
    }
    let chain = sent.chain_id.strip_prefix("eip155:").filter(|digits| is_chain_id(digits));
    let chain = chain.ok_or_else(|| {
        wrong("must name the chainId as in supportedChains, for example eip155:84532")
    })?;
    // Every field is a line of the message. A field with a line break could inject another field.
    if all_texts(&sent).any(|text| text.contains(['\n', '\r'])) {
        return Err(wrong("must not hold line breaks"));
    }
    Ok(Proof { message: text_of(&sent, chain), signature: sent.signature })
}

/// The message in the form of EIP-4361.
fn text_of(sent: &Sent, chain: &str) -> String {
    let statement = sent.statement.as_ref().map(|text| format!("{text}\n")).unwrap_or_default();
    let mut lines = vec![
        format!("{} wants you to sign in with your Ethereum account:", sent.domain),
        sent.address.clone(),
        String::new(),
        statement,
        format!("URI: {}", sent.uri),
        format!("Version: {}", sent.version),
        format!("Chain ID: {chain}"),
        format!("Nonce: {}", sent.nonce),
        format!("Issued At: {}", sent.issued_at),
    ];
    let optional = [
        ("Expiration Time: ", &sent.expiration_time),
        ("Not Before: ", &sent.not_before),
        ("Request ID: ", &sent.request_id),
    ];
    let given = optional.into_iter().filter_map(|(tag, text)| text.as_ref().map(|it| (tag, it)));
    lines.extend(given.map(|(tag, text)| format!("{tag}{text}")));
    if !sent.resources.is_empty() {
        lines.push("Resources:".to_owned());
        lines.extend(sent.resources.iter().map(|resource| format!("- {resource}")));
    }
    lines.join("\n")
}

fn schema() -> Value {
    let text = json!({"type": "string"});
    let moment = json!({"type": "string", "format": "date-time"});
    let uri = json!({"type": "string", "format": "uri"});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "domain": text, "address": text, "statement": text, "uri": uri, "version": text,
            "chainId": text, "type": text, "nonce": text, "issuedAt": moment,
            "expirationTime": moment, "notBefore": moment, "requestId": text,
            "resources": {"type": "array", "items": uri}, "signature": text,
        },
        "required": ["domain", "address", "uri", "version", "chainId", "type", "nonce",
            "issuedAt", "signature"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(change: impl FnOnce(&mut Value)) -> String {
        let mut sent = json!({
            "domain": "localhost:8787",
            "address": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
            "statement": STATEMENT,
            "uri": "http://localhost:8787/x402",
            "version": "1",
            "chainId": "eip155:84532",
            "type": "eip191",
            "nonce": "0123456789abcdef",
            "issuedAt": "2026-11-21T12:00:00Z",
            "expirationTime": "2026-11-21T12:05:00Z",
            "resources": ["http://localhost:8787/x402"],
            "signature": "0x12",
        });
        change(&mut sent);
        STANDARD.encode(sent.to_string())
    }

    #[test]
    fn the_fields_become_the_text_that_was_signed() {
        let expected = "localhost:8787 wants you to sign in with your Ethereum account:\n\
            0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\n\n\
            Read again what this wallet has here, or take what is free\n\n\
            URI: http://localhost:8787/x402\nVersion: 1\nChain ID: 84532\n\
            Nonce: 0123456789abcdef\nIssued At: 2026-11-21T12:00:00Z\n\
            Expiration Time: 2026-11-21T12:05:00Z\nResources:\n- http://localhost:8787/x402";
        let proof = read(&header(|_| {})).unwrap();
        assert_eq!((proof.message.as_str(), proof.signature.as_str()), (expected, "0x12"));
        let without = read(&header(|sent| {
            for name in ["statement", "expirationTime", "resources"] {
                sent.as_object_mut().unwrap().remove(name);
            }
        }));
        assert!(without.unwrap().message.contains("92266\n\n\nURI: "));
    }

    #[test]
    fn what_is_signed_is_what_is_read_and_is_for_the_server_that_asks_and_no_other() {
        let networks: &[&Network] = &[Network::by_caip2("eip155:84532").unwrap()];
        let offer = |domain: &str, uri: &str, nonce: &str| {
            let (issued_at, expires_at) =
                (UnixSeconds::new(1_800_000_000), UnixSeconds::new(1_800_000_300));
            Offer { domain, uri, nonce, issued_at, expires_at, networks }.to_json()
        };
        let server = Url::parse("http://localhost:8787/mcp/users/ab").unwrap();
        let wallet = Address::repeat_byte(0x11);
        let (domain, uri) = ("localhost:8787", "http://localhost:8787/x402");
        let unsigned =
            Unsigned::of(&offer(domain, uri, "n1"), &server, wallet, "eip155:84532").unwrap();
        let stored = serde_json::to_string(&unsigned).unwrap();
        assert_eq!(serde_json::from_str::<Unsigned>(&stored).unwrap(), unsigned);
        let proof = read(&unsigned.header("0x12")).unwrap();
        assert_eq!((proof.message, proof.signature), (unsigned.message(), "0x12".to_owned()));
        for (domain, uri, nonce, chain) in [
            ("victim.example", uri, "n1", "eip155:84532"),
            ("localhost", uri, "n1", "eip155:84532"),
            (domain, "http://victim.example/x402", "n1", "eip155:84532"),
            (domain, "https://localhost:8787/x402", "n1", "eip155:84532"),
            (domain, uri, "n1\nRequest ID: x", "eip155:84532"),
            (domain, uri, "n1", "eip155:8453"),
        ] {
            let refused = Unsigned::of(&offer(domain, uri, nonce), &server, wallet, chain);
            assert!(refused.is_err(), "{domain} {uri} {nonce} {chain}");
        }
        assert!(Unsigned::of(&json!({}), &server, wallet, "eip155:84532").is_err());
    }

    #[test]
    fn what_is_no_proof_is_refused_by_name() {
        for (header, what) in [
            (String::new(), "must hold"),
            ("%".to_owned(), "base64"),
            (STANDARD.encode("[]"), "must hold"),
            (header(|sent| sent["type"] = json!("ed25519")), "type"),
            (header(|sent| sent["chainId"] = json!("solana:x")), "chainId"),
            (header(|sent| sent["chainId"] = json!("eip155:084532")), "chainId"),
            (header(|sent| sent["chainId"] = json!("eip155:+84532")), "chainId"),
            (header(|sent| sent["chainId"] = json!("eip155:84532 ")), "chainId"),
            (header(|sent| sent["chainId"] = json!("eip155:84532\nNonce: a")), "chainId"),
            (header(|sent| sent["chainId"] = json!("eip155:")), "chainId"),
            (header(|sent| sent["statement"] = json!("a\nURI: b")), "line breaks"),
            (header(|sent| sent["resources"] = json!(["a\nb"])), "line breaks"),
            ("A".repeat(PROOF_BYTES_MAX + 1), "too long"),
        ] {
            let error = read(&header).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
    }
}
