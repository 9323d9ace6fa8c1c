//! HTTP with an end. An invocation of a Worker has 50 subrequests on the free plan, so that a search on a chain gets so
//! many of them and no more. Where they are used up the chain has said nothing, and is asked again later.

use std::cell::Cell;

use crate::ports::{Http, HttpError, HttpRequest, HttpResponse};

/// HTTP that ends after so many requests.
pub struct Metered<'a, H> {
    http: &'a H,
    left: Cell<u32>,
    is_used_up: Cell<bool>,
}

impl<'a, H> Metered<'a, H> {
    /// Over `http`, for so many requests.
    pub const fn new(http: &'a H, requests: u32) -> Self {
        Self { http, left: Cell::new(requests), is_used_up: Cell::new(false) }
    }

    /// Whether a request was kept back.
    #[must_use]
    pub fn is_used_up(&self) -> bool {
        self.is_used_up.get()
    }

    /// Requests that were not needed.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.left.get()
    }
}

impl<H: Http> Http for Metered<'_, H> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let Some(left) = self.left.get().checked_sub(1) else {
            self.is_used_up.set(true);
            return Err(HttpError::Connection("this slice has no more requests".to_owned()));
        };
        self.left.set(left);
        self.http.send(request).await
    }
}
