//! Web objects that `shim.mjs` makes in one call each. A call from Wasm for each header and option takes longer than
//! the object.

use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{Error, Request, Response, Result};

use crate::base::http::Headers;
use crate::base::web_address::Url;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = "__headers")]
    fn entries(headers: &web_sys::Headers) -> String;

    #[wasm_bindgen(catch, js_name = "__response")]
    fn make_response(
        status: u16,
        headers: &str,
        body: &[u8],
    ) -> std::result::Result<web_sys::Response, JsValue>;

    #[wasm_bindgen(catch, js_name = "__request")]
    fn make_request(
        method: &str,
        url: &str,
        headers: &str,
        body: &[u8],
    ) -> std::result::Result<web_sys::Request, JsValue>;
}

/// The address of a request.
pub(super) fn url(request: &Request) -> Result<Url> {
    let address = request.inner().url();
    Url::parse(&address).ok_or_else(|| Error::RustError("a request without an address".to_owned()))
}

/// All headers of a request or a response.
pub(super) fn headers(headers: &worker::Headers) -> Result<Headers> {
    Ok(Headers::new(serde_json::from_str(&entries(&headers.0))?))
}

/// A response; an empty body is none.
pub(super) fn response(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Result<Response> {
    Ok(make_response(status, &serde_json::to_string(headers)?, body)?.into())
}

/// A request that follows no redirect. `headers` is a list of names and values; an empty body is none.
pub(super) fn request(
    method: &str,
    url: &str,
    headers: &impl Serialize,
    body: &[u8],
) -> Result<Request> {
    Ok(make_request(method, url, &serde_json::to_string(headers)?, body)?.into())
}
