//! The ports of a guest session: the web, the servers of this deployment, its sockets.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{
    AbortController, AbortSignal, Delay, Fetch, Request, Response, ResponseBody, WebSocket,
};

use crate::base::http::Headers;
use crate::base::id::{RequestId, ScopeId};
use crate::base::time::UnixSeconds;
use crate::edge::calls;
use crate::edge::convert;
use crate::edge::fetch::EdgeHttp;
use crate::edge::gate::bearer;
use crate::edge::platform::{EdgeRandom, now, thrown};
use crate::edge::rpc::signed_out_at;
use crate::edge::shim;
use crate::edge::world::EdgeWorld;
use crate::guest::handshake::{Attachment, SignIn, WATCHING};
use crate::host::command::{Action, Command, SignedIn};
use crate::http::route::AtHost;
use crate::http::source::Source;
use crate::identity::Session;
use crate::mcp::client::{Watch, can_be_resumed};
use crate::ports::{
    HttpError, Servers, SignOuts, SignOutsError, Sockets, Web, WebMethod, WebRequest, WebResponse,
};

/// The close code of a socket whose user has signed out.
pub(super) const SIGNED_OUT: (u16, &str) = (4401, "sign in again");
/// The close code of the sockets of a session that is over.
pub(super) const ENDED: (u16, &str) = (4410, "the session has ended");

impl Web for EdgeWorld {
    async fn exchange(&self, request: WebRequest) -> Result<WebResponse, HttpError> {
        EdgeHttp.exchange(request).await
    }
}

impl Web for EdgeHttp {
    async fn exchange(&self, request: WebRequest) -> Result<WebResponse, HttpError> {
        let exchange = Exchange(AbortController::default());
        let signal = exchange.0.signal();
        let limit = Delay::from(Duration::from_millis(request.timeout_millis.into()));
        match select(pin!(send(&request, &signal)), pin!(limit)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(HttpError::Timeout),
        }
    }
}

/// Aborts a request when it is dropped, including a response stream that is not read to its end.
struct Exchange(AbortController);

impl Drop for Exchange {
    fn drop(&mut self) {
        // `abort` consumes the controller.
        std::mem::take(&mut self.0).abort();
    }
}

impl Servers for EdgeWorld {
    async fn send_to_server(
        &self,
        server: &ScopeId,
        request: WebRequest,
    ) -> Result<WebResponse, HttpError> {
        let limit = Delay::from(Duration::from_millis(request.timeout_millis.into()));
        match select(pin!(self.at_server(server, &request)), pin!(limit)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(HttpError::Timeout),
        }
    }
}

impl SignOuts for EdgeWorld {
    async fn signed_out_at(&self, scope: &ScopeId) -> Result<Option<UnixSeconds>, SignOutsError> {
        let asked = signed_out_at(&self.env, scope).await;
        asked.map_err(|error| SignOutsError(error.to_string()))
    }
}

impl Sockets for EdgeWorld {
    fn dismiss(&self, signed_out_at: UnixSeconds) {
        for socket in self.state.get_websockets() {
            if sign_in_of(&socket).is_some_and(|one| one.at <= signed_out_at) {
                close(&socket, SIGNED_OUT);
            }
        }
    }

    fn tell_all(&self, text: &str) -> bool {
        let sockets = self.state.get_websockets();
        let hears = |socket: &&WebSocket| {
            if sign_in_of(socket).is_some_and(|one| one.until <= now()) {
                close(socket, SIGNED_OUT);
                return false;
            }
            // A closing socket receives nothing; the client gets the message when it reconnects.
            socket.send_with_str(text).is_ok()
        };
        sockets.iter().filter(hears).count() > 0
    }

    fn is_watched(&self) -> bool {
        !self.state.get_websockets_with_tag(WATCHING).is_empty()
    }

    fn tell_watching(&self, text: &str) {
        for socket in self.state.get_websockets_with_tag(WATCHING) {
            // A closing socket receives nothing.
            socket.send_with_str(text).unwrap_or_default();
        }
    }
}

impl EdgeWorld {
    async fn at_server(
        &self,
        server: &ScopeId,
        request: &WebRequest,
    ) -> Result<WebResponse, HttpError> {
        let headers = Headers::new(request.headers.clone());
        let command = Command {
            request_id: RequestId::random(&EdgeRandom),
            scope: server.clone(),
            origin: None,
            user: self.owner_of(&headers),
            credential: None,
            source: self.source(),
            action: Action::AtHost(AtHost::Mcp),
            cursor: None,
        };
        let body = request.body.as_deref().unwrap_or_default();
        let answer = calls::call(&self.env, command, &headers, body.as_bytes()).await;
        let (status, headers, body) = answer.map_err(broken)?;
        if body.len() > request.response_bytes_max {
            return Err(HttpError::TooLong);
        }
        Ok(WebResponse { status, headers, body })
    }

    /// The source that is charged for this session's requests to our own servers: the sender of the last message;
    /// after an eviction an open socket; without one the session itself.
    fn source(&self) -> Source {
        let heard = self.heard_from.borrow().clone();
        let there = || self.state.get_websockets().iter().find_map(came_with).map(|one| one.source);
        heard.or_else(there).unwrap_or_else(|| Source::Guest(self.state.id().to_string()))
    }

    /// Records the source of the last message.
    pub(super) fn heard_from(&self, source: Source) {
        self.heard_from.replace(Some(source));
    }

    /// The session's owner, from a token that the guest service created.
    fn owner_of(&self, headers: &Headers) -> Option<SignedIn> {
        let config = convert::config(&self.env).ok()?;
        let session = Session::read(&config.keys, bearer(headers)?, now()).ok()?;
        Some(SignedIn::of(session, false))
    }
}

#[wasm_bindgen]
extern "C" {
    /// A socket of the runtime, for two methods that take text here.
    type WithAttachment;

    #[wasm_bindgen(method, catch, js_name = serializeAttachment)]
    fn attach(this: &WithAttachment, text: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, js_name = deserializeAttachment)]
    fn attachment(this: &WithAttachment) -> JsValue;
}

/// Attaches data to a socket. It survives hibernation of the object.
pub(super) fn keep(socket: &WebSocket, came_with: &Attachment) -> worker::Result<()> {
    let text = serde_json::to_string(came_with)?;
    with_attachment(socket).attach(&text).map_err(|error| thrown(&error))
}

/// The data attached to a socket when it was accepted.
pub(super) fn came_with(socket: &WebSocket) -> Option<Attachment> {
    serde_json::from_str(&with_attachment(socket).attachment().as_string()?).ok()
}

fn with_attachment(socket: &WebSocket) -> WithAttachment {
    let socket: &JsValue = socket.as_ref().as_ref();
    socket.clone().unchecked_into()
}

fn sign_in_of(socket: &WebSocket) -> Option<SignIn> {
    came_with(socket)?.sign_in
}

/// Closes a socket with one of our close codes.
pub(super) fn close(socket: &WebSocket, (code, why): (u16, &str)) {
    // The socket may be closed already.
    socket.close(Some(code), Some(why)).unwrap_or_default();
}

async fn send(request: &WebRequest, signal: &AbortSignal) -> Result<WebResponse, HttpError> {
    let outgoing = build(request).map_err(broken)?;
    let response = Fetch::Request(outgoing).send_with_signal(signal).await.map_err(broken)?;
    read(response, request).await
}

fn build(request: &WebRequest) -> worker::Result<Request> {
    let method = match request.method {
        WebMethod::Get => "GET",
        WebMethod::Post => "POST",
        WebMethod::Delete => "DELETE",
    };
    let body = request.body.as_deref().unwrap_or_default();
    shim::request(method, &request.url, &request.headers, body.as_bytes())
}

/// Reads a body up to the limit, and an event stream up to the awaited response.
async fn read(mut response: Response, request: &WebRequest) -> Result<WebResponse, HttpError> {
    let status = response.status_code();
    let headers = shim::headers(response.headers()).map_err(broken)?;
    let kind = headers.get("content-type").unwrap_or_default().to_ascii_lowercase();
    let is_stream = kind.starts_with("text/event-stream");
    let wanted = request.until_answer_to.filter(|_| is_stream);
    let inbox = request.inbox.as_ref().filter(|_| is_stream);
    if let Some(inbox) = inbox {
        inbox.open();
    }
    let mut bytes: Vec<u8> = Vec::new();
    if !matches!(response.body(), ResponseBody::Empty) {
        let mut watch = (wanted.is_some() || inbox.is_some()).then(|| Watch::listening(wanted));
        let heard = |message| {
            if let Some(inbox) = inbox {
                inbox.put(message);
            }
        };
        let mut stream = response.stream().map_err(broken)?;
        while let Some(chunk) = stream.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                // The received events contain the id to resume from.
                Err(_) if wanted.is_some() && can_be_resumed(&bytes) => {
                    let whole =
                        str::from_utf8(&bytes).err().map_or(bytes.len(), |e| e.valid_up_to());
                    bytes.truncate(whole);
                    break;
                }
                Err(error) => return Err(broken(error)),
            };
            if bytes.len().saturating_add(chunk.len()) > request.response_bytes_max {
                return Err(HttpError::TooLong);
            }
            bytes.extend_from_slice(&chunk);
            if watch.as_mut().is_some_and(|watch| watch.read(&bytes, heard)) {
                break;
            }
        }
    }
    let body = String::from_utf8(bytes)
        .map_err(|_| HttpError::Connection("the answer is not text".to_owned()))?;
    Ok(WebResponse { status, headers, body })
}

fn broken(error: worker::Error) -> HttpError {
    HttpError::Connection(error.to_string())
}
