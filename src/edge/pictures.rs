//! Uploaded pictures. The host's object has them; this isolate keeps those that were asked for last.

use std::cell::RefCell;
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use worker::{Error, Response};

use crate::base::http::Headers;
use crate::edge::gateway::{Gateway, Stop};
use crate::edge::platform::now;
use crate::edge::shim;
use crate::host::command::{Action, Command};
use crate::http::picture::PictureName;
use crate::http::picture::shelf::{HEADERS, Shelf};
use crate::http::route::AtHost;
use crate::products::events::uploads::Told;

thread_local! {
    static SHELF: RefCell<Shelf> = RefCell::default();
}

impl Gateway {
    /// The picture of a link preview, or an uploaded one.
    pub(super) async fn image(
        &self,
        command: &Command,
        headers: &Headers,
    ) -> Result<Response, Stop> {
        if let Action::AtHost(AtHost::Picture(name)) = &command.action {
            return self.picture(command, name, headers).await;
        }
        self.share(command, headers).await
    }

    async fn picture(
        &self,
        command: &Command,
        name: &PictureName,
        headers: &Headers,
    ) -> Result<Response, Stop> {
        let now = now();
        let known = SHELF.with_borrow(|shelf| shelf.find(&command.scope, name, now));
        let bytes = match known {
            Some(bytes) => bytes,
            None => {
                let mut told = self.forward(command, headers, Vec::new()).await?;
                if told.status_code() != 200 {
                    return Ok(told);
                }
                let Told { content } = told.json().await?;
                let bytes = STANDARD.decode(content);
                let bytes = bytes.map_err(|error| Error::RustError(error.to_string()))?;
                let bytes: Rc<[u8]> = bytes.into();
                let (scope, kept) = (command.scope.clone(), Rc::clone(&bytes));
                SHELF.with_borrow_mut(|shelf| shelf.keep(scope, name.clone(), kept, now));
                bytes
            }
        };
        let media_type = name.format().map_or("application/octet-stream", |it| it.media_type());
        let more = [("content-type", media_type), ("x-request-id", self.gate.request_id.as_str())];
        let all: Vec<_> = HEADERS.into_iter().chain(more).collect();
        Ok(shim::response(200, &all, &bytes)?)
    }
}
