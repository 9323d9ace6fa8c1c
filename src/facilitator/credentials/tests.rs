use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use serde_json::Value;

use super::*;
use crate::base::time::UnixSeconds;

/// Keeps what it is asked to sign. That a real signature is good is for `tests/worker/facilitator-keys.spec.mjs`.
#[derive(Default)]
struct World {
    signed: RefCell<Vec<u8>>,
    is_broken: bool,
}

impl Clock for World {
    fn now(&self) -> UnixSeconds {
        UnixSeconds::new(1_800_000_000)
    }
}

impl Random for World {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0xab);
    }
}

impl Signer for World {
    async fn sign(&self, _key: &SigningKey, message: &[u8]) -> Result<Vec<u8>, SignError> {
        *self.signed.borrow_mut() = message.to_vec();
        if self.is_broken { Err(SignError("no".to_owned())) } else { Ok(vec![0xff; 64]) }
    }
}

fn now_or_never<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("nothing here waits"),
    }
}

const SECRET: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn a_token_is_for_one_method_and_address_and_for_two_minutes() {
    let key = CdpKey::parse(" key-1 ", SECRET).unwrap();
    let world = World::default();
    let url = "https://api.cdp.coinbase.com/platform/v2/x402/settle";
    let value = now_or_never(Credentials::Cdp(key).header_value(&world, "POST", url)).unwrap();
    let token = value.strip_prefix("Bearer ").unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(format!("{}.{}", parts[0], parts[1]).as_bytes(), &*world.signed.borrow());
    assert_eq!(URL_SAFE_NO_PAD.decode(parts[2]).unwrap(), [0xff; 64]);
    let nonce = "ab".repeat(16);
    let header = json!({"alg": "EdDSA", "typ": "JWT", "kid": "key-1", "nonce": nonce});
    assert_eq!(decoded(parts[0]), header);
    let claims = json!({
        "iss": "cdp", "sub": "key-1", "aud": ["cdp_service"],
        "iat": 1_800_000_000, "nbf": 1_800_000_000, "exp": 1_800_000_120,
        "uris": ["POST api.cdp.coinbase.com/platform/v2/x402/settle"],
    });
    assert_eq!(decoded(parts[1]), claims);
}

#[test]
fn without_a_signature_there_is_no_token() {
    let key = CdpKey::parse("key-1", SECRET).unwrap();
    let world = World { is_broken: true, ..World::default() };
    let credentials = Credentials::Cdp(key);
    let value = credentials.header_value(&world, "GET", "https://x.example/supported");
    assert_eq!(now_or_never(value), Err(SignError("no".to_owned())));
}

#[test]
fn a_header_is_sent_as_it_is_and_never_shown() {
    let header = Header::parse("Bearer secret-1").unwrap();
    assert!(!format!("{header:?}").contains("secret"));
    let (credentials, world) = (Credentials::Header(header), World::default());
    let value = credentials.header_value(&world, "GET", "https://x");
    assert_eq!(now_or_never(value).as_deref(), Ok("Bearer secret-1"));
    for text in ["", " a", "a\r\nb: c", "\u{e9}", &"a".repeat(HEADER_BYTES_MAX + 1)] {
        assert_eq!(Header::parse(text), None, "{text:?}");
    }
    let key = CdpKey::parse("key-1", SECRET).unwrap();
    assert!(!format!("{key:?}").contains("BwcH"));
    for (id, secret) in [("key 1", SECRET), ("key-1", "BwcH")] {
        let fault = CdpKey::parse(id, secret).unwrap_err();
        assert!(!fault.contains(secret) && !fault.contains(id), "{fault}");
    }
}
