//! The Durable Object around a guest session: passes WebSocket messages to the service and back.

use std::cell::RefCell;

use worker::worker_sys::WebSocketRequestResponsePair;
use worker::{
    DurableObject, Env, Request, Response, Result, State, WebSocket, WebSocketIncomingMessage,
    WebSocketPair,
};
use worker_macros::durable_object;

use crate::base::code::Code;
use crate::base::id::RequestId;
use crate::base::rate_limit::{Budget, RateLimiter};
use crate::directory::Kind;
use crate::edge::convert;
use crate::edge::object::{self, Broken};
use crate::edge::platform::{log, now};
use crate::edge::web::{ENDED, SIGNED_OUT, came_with, close, keep};
use crate::edge::world::EdgeWorld;
use crate::guest::ENDED as ENDED_TEXT;
use crate::guest::handshake::{Attachment, HEADER, Handshake, SignIn, WATCHING};
use crate::guest::messages::Out;
use crate::guest::{Guest as Service, NotLetIn};
use crate::http::problem;
use crate::ports::Level;
use crate::rails::outcome::Abort;

/// The most open sockets of one session.
const SOCKETS_MAX: usize = 20;
/// Rate limit of a session's messages.
const MESSAGES_PER_MINUTE: u32 = 120;
/// The close code of a page that is left or loaded anew (RFC 6455, section 7.4.1).
const GOING_AWAY: usize = 1001;

/// The Durable Object of one guest session. Its name is the session's id.
#[durable_object]
pub struct Guest {
    service: std::result::Result<Service<EdgeWorld>, Broken>,
    heard: RefCell<RateLimiter>,
}

impl DurableObject for Guest {
    fn new(state: State, env: Env) -> Self {
        // The runtime answers pings, so that a keep-alive of a tab does not load the object.
        if let Ok(pair) = WebSocketRequestResponsePair::new("ping", "pong") {
            state.set_websocket_auto_response(&pair);
        }
        let config = convert::config(&env);
        let world = EdgeWorld::new(state, env, Some(Kind::Guest));
        let service = match config {
            Ok(config) => Ok(Service::new(world, config)),
            Err(why) => Err(Broken::new(why, world)),
        };
        Self { service, heard: RefCell::default() }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        if object::is_sweep(&request)? {
            return match &self.service {
                Ok(service) => object::sweep(service.world(), || service.sweep()),
                Err(broken) => broken.sweep(),
            };
        }
        let service = self.service()?;
        let handshake = request.headers().get(HEADER)?;
        let handshake: Option<Handshake> =
            handshake.and_then(|text| serde_json::from_str(&text).ok());
        let Some(handshake) = handshake else {
            return Err("a socket reached the object without a handshake header".into());
        };
        let greeting = match &handshake.token {
            None => {
                let begun = service.begin(&handshake.session, handshake.user.as_ref()).await;
                begun.map_err(NotLetIn::Storage)
            }
            Some(token) => {
                service.resume(token, handshake.user.as_ref(), handshake.signed_out_at).await
            }
        };
        if matches!(greeting, Err(NotLetIn::Ended)) {
            self.erase_if_over().await?;
        }
        let state = &service.world().state;
        let is_full = state.get_websockets().len() >= SOCKETS_MAX;
        let greeting = match greeting {
            Ok(_) if is_full => return refused(too_many_sockets(), &handshake.request_id),
            Ok(greeting) => greeting,
            Err(why) => return refused(not_let_in(&why), &handshake.request_id),
        };
        let WebSocketPair { client, server } = WebSocketPair::new()?;
        let tags: &[&str] = if handshake.watches { &[WATCHING] } else { &[] };
        state.accept_websocket_with_tags(&server, tags);
        let sign_in = handshake.user.as_ref().map(SignIn::of);
        keep(&server, &Attachment { source: handshake.source.clone(), sign_in })?;
        service.world().heard_from(handshake.source);
        for message in &greeting {
            send(&server, message);
        }
        for text in service.missed().map_err(|error| error.to_string())? {
            server.send_with_str(text)?;
        }
        Response::from_websocket(client)
    }

    async fn alarm(&self) -> Result<Response> {
        match &self.service {
            Ok(service) => {
                service.world().alarm_is_over();
                service.wake().await;
                if let Err(error) = self.erase_if_over().await {
                    object::again(service.world(), "a guest session cannot be erased", &error);
                }
            }
            Err(broken) => broken.alarm(),
        }
        Response::empty()
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> Result<()> {
        let service = self.service()?;
        let WebSocketIncomingMessage::String(text) = message else {
            send(&socket, &Out::Error { message: "send JSON as text".to_owned() });
            return Ok(());
        };
        let admitted =
            self.heard.borrow_mut().admit("", 1, Budget::per_minute(MESSAGES_PER_MINUTE), now());
        if let Err(seconds) = admitted {
            let message = format!("too many messages; wait {seconds} seconds");
            send(&socket, &Out::Error { message });
            return Ok(());
        }
        let came_with = came_with(&socket);
        let silence = service.silence(came_with.as_ref().and_then(|one| one.sign_in));
        if let Some(why) = silence.map_err(|error| error.to_string())? {
            send(&socket, &why);
            let has_ended = matches!(&why, Out::Error { message } if message == ENDED_TEXT);
            if has_ended {
                // The client has received the outcome of its payments.
                service.left().map_err(|error| error.to_string())?;
            }
            close(&socket, if has_ended { ENDED } else { SIGNED_OUT });
            return self.erase_if_over().await;
        }
        let sign_in = came_with.as_ref().and_then(|one| one.sign_in);
        if let Some(Attachment { source, .. }) = came_with {
            service.world().heard_from(source);
        }
        service.hear_from(&text, sign_in).await;
        Ok(())
    }

    async fn websocket_close(
        &self,
        socket: WebSocket,
        code: usize,
        _reason: String,
        was_clean: bool,
    ) -> Result<()> {
        // A clean close means that the client received all messages so far. A broken connection does not, and neither does a
        // page that is left: the browser closes for it, also what its script has not read yet.
        if was_clean
            && code != GOING_AWAY
            && let Ok(service) = &self.service
            && let Err(error) = service.left()
        {
            log(Level::Error, "a guest's storage fails", &[("why", &error.to_string())]);
        }
        // Completes the closing handshake. The client may be gone already.
        let code = u16::try_from(code).ok().filter(|code| matches!(code, 1000 | 3000..=4999));
        socket.close(code, Some("closed")).unwrap_or_default();
        Ok(())
    }

    async fn websocket_error(&self, _socket: WebSocket, _error: worker::Error) -> Result<()> {
        Ok(())
    }
}

impl Guest {
    fn service(&self) -> Result<&Service<EdgeWorld>> {
        self.service.as_ref().map_err(Broken::error)
    }

    /// Deletes the storage of a session that is over.
    async fn erase_if_over(&self) -> Result<()> {
        let service = self.service()?;
        // No other event runs between this check and the deletion.
        if !service.is_over().map_err(|error| error.to_string())? {
            return Ok(());
        }
        for socket in service.world().state.get_websockets() {
            close(&socket, ENDED);
        }
        service.world().erase().await
    }
}

fn send(socket: &WebSocket, message: &Out) {
    let text = serde_json::to_string(message).unwrap_or_default();
    if socket.send_with_str(text).is_err() {
        log(Level::Info, "a socket was gone before its message", &[]);
    }
}

fn not_let_in(why: &NotLetIn) -> Abort {
    match why {
        NotLetIn::NoSession => Abort::new(
            Code::NoSuchSession,
            "there is no such session; connect without ?session= to begin one",
        ),
        NotLetIn::WrongToken => {
            Abort::new(Code::WrongSessionToken, "this token does not resume this session")
        }
        NotLetIn::Ended => Abort::new(Code::SessionEnded, ENDED_TEXT),
        NotLetIn::SignInNeeded => Abort::new(
            Code::NotSignedIn,
            "this session belongs to a signed-in user: sign in as that user, or connect without ?session= to begin a new one",
        ),
        NotLetIn::NotYours => Abort::new(
            Code::NotYours,
            "this session belongs to another user, or was begun without a sign-in, and sessions do not change their owner: connect without ?session= to begin one of your own",
        ),
        NotLetIn::Storage(error) => {
            log(Level::Error, &error.to_string(), &[]);
            Abort::new(Code::InternalError, "internal error; try again")
        }
    }
}

fn too_many_sockets() -> Abort {
    let detail = format!("a session takes {SOCKETS_MAX} connections at a time; close one");
    Abort::new(Code::TooManySockets, detail)
}

fn refused(abort: Abort, request_id: &RequestId) -> Result<Response> {
    convert::response(problem::of_abort(&abort, request_id), request_id, None)
}
