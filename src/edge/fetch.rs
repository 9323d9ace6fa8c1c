//! Implements the [`Http`] port with `fetch`.

use serde::Deserialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::base::time::UnixSeconds;
use crate::edge::platform::now;
use crate::edge::world::EdgeWorld;
use crate::ports::{Clock, Http, HttpError, HttpRequest, HttpResponse};

/// The most characters kept of a redirect's address.
const LOCATION_MAX: usize = 200;

/// Outgoing HTTP and the clock outside of an object.
pub(super) struct EdgeHttp;

impl Clock for EdgeHttp {
    fn now(&self) -> UnixSeconds {
        now()
    }
}

impl Http for EdgeWorld {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        EdgeHttp.send(request).await
    }
}

impl Http for EdgeHttp {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let HttpRequest { url, headers, body, timeout_millis, response_bytes_max } = request;
        let listed = headers.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
        let content = body.as_ref().map(|_| ("content-type", "application/json"));
        let headers: Vec<(&str, &str)> =
            [("accept", "application/json")].into_iter().chain(listed).chain(content).collect();
        let headers = serde_json::to_string(&headers).map_err(broken)?;
        let bytes_max = u32::try_from(response_bytes_max).unwrap_or(u32::MAX);
        let said = exchange(&url, &headers, body.as_deref(), timeout_millis, bytes_max).await;
        let said = said.as_string().unwrap_or_default();
        let (head, body) = said.split_once('\n').unwrap_or_default();
        match serde_json::from_str(head).map_err(broken)? {
            Said::Answered { status } => Ok(HttpResponse { status, body: body.to_owned() }),
            Said::Redirected { status } => {
                let to = Some(shown(body)).filter(|to| !to.is_empty());
                let to = to.unwrap_or_else(|| "an address that it does not name".to_owned());
                Err(HttpError::Redirected { status, to })
            }
            Said::Timeout => Err(HttpError::Timeout),
            Said::TooLong => Err(HttpError::TooLong),
            Said::Broken => Err(HttpError::Connection(body.to_owned())),
        }
    }
}

#[wasm_bindgen]
extern "C" {
    /// Defined by `shim.mjs`: one exchange. The text begins with a line of JSON, [`Said`]. It never throws.
    #[wasm_bindgen(js_name = "__fetch")]
    async fn exchange(
        url: &str,
        headers: &str,
        body: Option<&str>,
        timeout_millis: u32,
        bytes_max: u32,
    ) -> JsValue;
}

/// What became of an exchange; the body, the address or the reason follows.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Said {
    Answered { status: u16 },
    Redirected { status: u16 },
    Timeout,
    TooLong,
    Broken,
}

/// The part of an address that may be logged.
fn shown(location: &str) -> String {
    let path = location.split(['?', '#']).next().unwrap_or_default();
    path.chars().filter(char::is_ascii_graphic).take(LOCATION_MAX).collect()
}

fn broken(error: serde_json::Error) -> HttpError {
    HttpError::Connection(error.to_string())
}
