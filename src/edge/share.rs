//! The picture of a link preview: the host's object says what is on it, and it is drawn here, so that no object's
//! callers wait for it.

use worker::Response;

use crate::base::http::Headers;
use crate::edge::gateway::{Gateway, Stop};
use crate::edge::shim;
use crate::host::command::Command;
use crate::http::share::{self, Card};

impl Gateway {
    pub(super) async fn share(
        &self,
        command: &Command,
        headers: &Headers,
    ) -> Result<Response, Stop> {
        let mut told = self.forward(command, headers, Vec::new()).await?;
        if told.status_code() != 200 {
            return Ok(told);
        }
        let card: Card = told.json().await?;
        let (status, png) = card.answer(headers);
        let (tag, request_id) = (card.etag(), self.gate.request_id.as_str());
        let more = share::HEADERS
            .into_iter()
            .chain([("etag", tag.as_str()), ("x-request-id", request_id)]);
        Ok(shim::response(status, &more.collect::<Vec<_>>(), &png)?)
    }
}
