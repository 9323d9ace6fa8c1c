//! Implements the [`Http`] port with `fetch`.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use worker::{AbortController, AbortSignal, Delay, Fetch, Request, Response};

use crate::base::time::UnixSeconds;
use crate::edge::convert::{BodyError, read};
use crate::edge::platform::now;
use crate::edge::shim;
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
        let controller = AbortController::default();
        let signal = controller.signal();
        // The timer is dropped with the response: a running one (`AbortSignal.timeout`) would keep the object from
        // being evicted.
        let limit = Delay::from(Duration::from_millis(request.timeout_millis.into()));
        match select(pin!(exchange(&request, &signal)), pin!(limit)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => {
                controller.abort();
                Err(HttpError::Timeout)
            }
        }
    }
}

async fn exchange(request: &HttpRequest, signal: &AbortSignal) -> Result<HttpResponse, HttpError> {
    let outgoing = build(request).map_err(broken)?;
    let mut response = Fetch::Request(outgoing).send_with_signal(signal).await.map_err(broken)?;
    let status = response.status_code();
    if matches!(status, 301 | 302 | 307 | 308) {
        let to = response.headers().get("location").map_err(broken)?;
        let to = to.map_or_else(|| "an address that it does not name".to_owned(), |to| shown(&to));
        return Err(HttpError::Redirected { status, to });
    }
    let body = if is_short(&response, request.response_bytes_max).map_err(broken)? {
        let broke_off = |_| HttpError::Connection("the answer broke off".to_owned());
        response.bytes().await.map_err(broke_off)?
    } else {
        let stream = response.stream().map_err(broken)?;
        read(stream, request.response_bytes_max).await.map_err(|error| match error {
            BodyError::TooLong => HttpError::TooLong,
            BodyError::Broken => HttpError::Connection("the answer broke off".to_owned()),
        })?
    };
    let body = String::from_utf8(body)
        .map_err(|_| HttpError::Connection("the answer is not text".to_owned()))?;
    Ok(HttpResponse { status, body })
}

/// Whether the response declares a length within the limit and is not compressed. It can then be read at once instead
/// of in chunks.
fn is_short(response: &Response, bytes_max: usize) -> worker::Result<bool> {
    let headers = response.headers();
    let declared = headers.get("content-length")?.and_then(|text| text.parse::<usize>().ok());
    let is_plain = headers.get("content-encoding")?.is_none();
    Ok(is_plain && declared.is_some_and(|bytes| bytes <= bytes_max))
}

fn build(request: &HttpRequest) -> worker::Result<Request> {
    let listed = request.headers.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    let content = request.body.as_ref().map(|_| ("content-type", "application/json"));
    let headers: Vec<(&str, &str)> =
        [("accept", "application/json")].into_iter().chain(listed).chain(content).collect();
    let method = if request.body.is_some() { "POST" } else { "GET" };
    let body = request.body.as_deref().unwrap_or_default();
    shim::request(method, &request.url, &headers, body.as_bytes())
}

/// The part of an address that may be logged.
fn shown(location: &str) -> String {
    let path = location.split(['?', '#']).next().unwrap_or_default();
    path.chars().filter(char::is_ascii_graphic).take(LOCATION_MAX).collect()
}

fn broken(error: worker::Error) -> HttpError {
    HttpError::Connection(error.to_string())
}
