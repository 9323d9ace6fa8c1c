//! The Durable Object around a host's service: decodes the gateway's command, encodes the reply.

use std::rc::Rc;

use futures_util::{StreamExt, stream};
use worker::{DurableObject, Env, Request, Response, Result, State};
use worker_macros::durable_object;

use crate::base::http::Reply;
use crate::base::id::RequestId;
use crate::directory::Kind;
use crate::edge::convert;
use crate::edge::object::{self, Broken};
use crate::edge::platform::log;
use crate::edge::shim;
use crate::edge::world::EdgeWorld;
use crate::host::Host as Service;
use crate::host::Request as HostRequest;
use crate::host::backup::EXPORT_ID;
use crate::host::command::{Command, HEADER};
use crate::ports::Level;

/// The Durable Object of one host. Its name is the host's scope.
#[durable_object]
pub struct Host {
    service: std::result::Result<Rc<Service<EdgeWorld>>, Broken>,
}

impl Host {
    /// The service, or why the settings do not allow one.
    pub(super) fn service(&self) -> std::result::Result<&Rc<Service<EdgeWorld>>, worker::Error> {
        self.service.as_ref().map_err(Broken::error)
    }
}

impl DurableObject for Host {
    fn new(state: State, env: Env) -> Self {
        let config = convert::config(&env);
        let world = EdgeWorld::new(state, env, Some(Kind::Host));
        Self {
            service: match config {
                Ok(config) => Ok(Rc::new(Service::new(world, config))),
                Err(why) => Err(Broken::new(why, world)),
            },
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        if object::is_sweep(&request)? {
            return match &self.service {
                Ok(service) => object::sweep(service.world(), || service.sweep()),
                Err(broken) => broken.sweep(),
            };
        }
        let service = self.service()?;
        let headers = shim::headers(request.headers())?;
        let command = headers.get(HEADER).and_then(|text| serde_json::from_str(text).ok());
        let Some(command): Option<Command> = command else {
            return Err("a request reached the object without a command".into());
        };
        let body = match request.inner().body() {
            // The gateway has checked the length, and sends the body as a whole.
            Some(_) => request.bytes().await?,
            None => Vec::new(),
        };
        let request_id = command.request_id.clone();
        let origin = command.origin.clone();
        let reply = service.handle(HostRequest { command, headers, body }).await;
        match reply.headers.iter().position(|(name, _)| *name == EXPORT_ID) {
            Some(at) => export(service, reply, at, &request_id, origin.as_deref()),
            None => convert::response(reply, &request_id, origin.as_deref()),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        match &self.service {
            Ok(service) => {
                service.world().alarm_is_over();
                service.wake().await;
                match service.is_over() {
                    // No other event runs between the check and the deletion.
                    Ok(true) => object::erase(service.world()).await,
                    Ok(false) => {}
                    Err(error) => log(Level::Error, "storage", &[("why", &error.to_string())]),
                }
            }
            Err(broken) => broken.alarm(),
        }
        Response::empty()
    }
}

/// Streams an export of several pages. A page is read when the caller has taken the one before. If a page is gone,
/// the response breaks off without its last seal.
fn export(
    service: &Rc<Service<EdgeWorld>>,
    mut reply: Reply,
    id: usize,
    request_id: &RequestId,
    origin: Option<&str>,
) -> Result<Response> {
    let (_, id) = reply.headers.remove(id);
    let first = std::mem::take(&mut reply.body);
    let pages = Pages { service: Rc::clone(service), id, next: 1, is_last: false };
    let first = stream::once(async { Ok::<_, worker::Error>(first.into_bytes()) });
    let rest = stream::try_unfold(pages, |pages| async { pages.next() });
    let response = convert::response(reply, request_id, origin)?;
    let headers = response.headers().clone();
    let builder = Response::builder().with_status(response.status_code()).with_headers(headers);
    builder.from_stream(first.chain(rest))
}

struct Pages {
    service: Rc<Service<EdgeWorld>>,
    id: String,
    next: u32,
    is_last: bool,
}

impl Pages {
    fn next(self) -> Result<Option<(Vec<u8>, Self)>> {
        if self.is_last {
            return Ok(None);
        }
        let page = self.service.export_page(&self.id, self.next);
        let page = page.map_err(|error| worker::Error::from(error.to_string()))?;
        let page = page.ok_or_else(|| worker::Error::from("the copy of an export is gone"))?;
        let next = Self { next: self.next.saturating_add(1), is_last: page.is_last, ..self };
        Ok(Some((page.text.into_bytes(), next)))
    }
}
