//! The [`Http`] port over `fetch`.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{AbortSignal, Fetch, Method, Request, RequestInit, RequestRedirect};

use crate::edge::convert::{BodyError, read};
use crate::edge::world::EdgeWorld;
use crate::ports::{Http, HttpError, HttpRequest, HttpResponse};

#[wasm_bindgen]
extern "C" {
    /// `AbortSignal.timeout`, which `worker` does not bind.
    #[wasm_bindgen(js_namespace = AbortSignal, js_name = timeout)]
    fn abort_after(milliseconds: u32) -> web_sys::AbortSignal;
}

impl Http for EdgeWorld {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let bytes_max = request.response_bytes_max;
        let signal = AbortSignal::from(abort_after(request.timeout_millis));
        let outgoing = build(&request).map_err(broken)?;
        let mut response =
            Fetch::Request(outgoing).send_with_signal(&signal).await.map_err(broken)?;
        let status = response.status_code();
        let stream = response.stream().map_err(broken)?;
        let body = read(stream, bytes_max).await.map_err(|error| match error {
            BodyError::TooLong => HttpError::TooLong,
            BodyError::Broken if signal.aborted() => HttpError::Timeout,
            BodyError::Broken => HttpError::Connection("the answer broke off".to_owned()),
        })?;
        let body = String::from_utf8(body)
            .map_err(|_| HttpError::Connection("the answer is not text".to_owned()))?;
        Ok(HttpResponse { status, body })
    }
}

fn build(request: &HttpRequest) -> worker::Result<Request> {
    let headers = worker::Headers::new();
    headers.set("accept", "application/json")?;
    for (name, value) in &request.headers {
        headers.set(name, value)?;
    }
    let mut init = RequestInit::new();
    init.with_redirect(RequestRedirect::Manual);
    if let Some(body) = &request.body {
        headers.set("content-type", "application/json")?;
        init.with_method(Method::Post).with_body(Some(JsValue::from_str(body)));
    }
    init.with_headers(headers);
    Request::new_with_init(&request.url, &init)
}

fn broken(error: worker::Error) -> HttpError {
    let text = error.to_string();
    if text.contains("TimeoutError") { HttpError::Timeout } else { HttpError::Connection(text) }
}
