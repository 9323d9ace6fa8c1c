//! HTTP with a request budget. An invocation of a Worker has 50 subrequests on the free plan, so a search on a chain
//! gets a fixed number of them. When they are used up, the search has no result and is repeated later.

use std::cell::Cell;

use crate::ports::{Http, HttpError, HttpRequest, HttpResponse};

/// HTTP that fails once its budget of requests is used up.
pub struct Metered<'a, H> {
    http: &'a H,
    left: Cell<u32>,
    is_used_up: Cell<bool>,
}

impl<'a, H> Metered<'a, H> {
    /// Allows `requests` requests through `http`.
    pub const fn new(http: &'a H, requests: u32) -> Self {
        Self { http, left: Cell::new(requests), is_used_up: Cell::new(false) }
    }

    /// Whether a request was refused for lack of budget.
    #[must_use]
    pub fn is_used_up(&self) -> bool {
        self.is_used_up.get()
    }

    /// Requests left in the budget.
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
