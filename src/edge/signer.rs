//! Implements the [`Signer`] port with `WebCrypto`.

use wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;

use crate::base::signing_key::{Algorithm, SigningKey};
use crate::edge::world::EdgeWorld;
use crate::ports::{SignError, Signer};

impl Signer for EdgeWorld {
    async fn sign(&self, key: &SigningKey, message: &[u8]) -> Result<Vec<u8>, SignError> {
        // The platform's error message may contain parts of the key, so it is dropped.
        let refused = |_| SignError("the platform does not take this key".to_owned());
        signature(key, message).await.map_err(refused)
    }
}

async fn signature(key: &SigningKey, message: &[u8]) -> Result<Vec<u8>, JsValue> {
    let global = js_sys::global();
    let crypto: web_sys::Crypto = js_sys::Reflect::get(&global, &"crypto".into())?.unchecked_into();
    let subtle = crypto.subtle();
    let (kind, signing) = match key.algorithm() {
        Algorithm::Ed25519 => (object(&[("name", "Ed25519")])?, object(&[("name", "Ed25519")])?),
        Algorithm::Es256 => (
            object(&[("name", "ECDSA"), ("namedCurve", "P-256")])?,
            object(&[("name", "ECDSA"), ("hash", "SHA-256")])?,
        ),
    };
    let bytes = js_sys::Uint8Array::from(key.pkcs8());
    let usages = js_sys::Array::of1(&"sign".into());
    let import = subtle.import_key_with_object("pkcs8", &bytes, &kind, false, &usages)?;
    let imported: web_sys::CryptoKey = JsFuture::from(import).await?.unchecked_into();
    let message = js_sys::Uint8Array::from(message);
    let sign = subtle.sign_with_object_and_js_u8_array(&signing, &imported, &message)?;
    Ok(js_sys::Uint8Array::new(&JsFuture::from(sign).await?).to_vec())
}

fn object(fields: &[(&str, &str)]) -> Result<js_sys::Object, JsValue> {
    let object = js_sys::Object::new();
    for (name, value) in fields {
        js_sys::Reflect::set(&object, &(*name).into(), &(*value).into())?;
    }
    Ok(object)
}
