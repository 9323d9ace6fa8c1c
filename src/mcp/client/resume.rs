//! Resumes event streams that end before the answer (2025-11-25, Streamable HTTP, resumability), with GET and
//! `Last-Event-ID`. The request itself is not sent again.

use crate::mcp::client::stream::{Place, holds_answer, is_stream};
use crate::mcp::client::{Client, ClientError, Connection, Person, headers};
use crate::ports::{Inbox, Servers, Timer, Web, WebMethod, WebRequest, WebResponse};

/// How often one stream is resumed.
const RESUMES_MAX: usize = 10;
/// The pause before that, milliseconds: the default, the shortest, and the longest that we wait for.
const PAUSE: u32 = 1_000;
const PAUSE_MIN: u32 = 100;
const PAUSE_MAX: u32 = 30_000;

impl<W: Web + Servers + Timer + Person> Client<'_, W> {
    /// The stream with the answer to the request `id`, if it can be had. Otherwise the last stream: it has no answer,
    /// which says nothing about the fate of the request.
    pub(super) async fn resumed(
        &self,
        connection: &Connection,
        id: u64,
        first: WebResponse,
        limit: (u32, usize),
        inbox: Option<&Inbox>,
    ) -> WebResponse {
        let mut last = first;
        let mut place = Place::default();
        for _ in 0..RESUMES_MAX {
            let is_cut = is_stream(&last) && last.status == 200 && !holds_answer(&last.body, id);
            if !is_cut {
                return last;
            }
            place.read(&last.body);
            let pause = place.retry_millis.unwrap_or(PAUSE).max(PAUSE_MIN);
            let Some(event_id) = place.event_id.clone().filter(|_| pause <= PAUSE_MAX) else {
                return last;
            };
            self.world.sleep(pause).await;
            let (timeout_millis, response_bytes_max) = limit;
            let request = WebRequest {
                method: WebMethod::Get,
                url: connection.url.clone(),
                headers: headers::stream_headers(connection, Some(&event_id)),
                body: None,
                timeout_millis,
                response_bytes_max,
                until_answer_to: Some(id),
                inbox: inbox.cloned(),
            };
            match self.send(request).await {
                Ok(next) if next.status == 200 && is_stream(&next) => last = next,
                Ok(WebResponse { status: 429 | 500..=599, .. })
                | Err(ClientError::Unreachable(_) | ClientError::Timeout) => {}
                // The server keeps no streams, or not this one.
                Ok(_) | Err(_) => return last,
            }
        }
        last
    }
}
