//! `GET /agent` at the gateway: opens a WebSocket to a new or an existing guest session.

use worker::Response;

use crate::base::code::Code;
use crate::base::http::Headers;
use crate::base::id::SessionId;
use crate::base::time::UnixSeconds;
use crate::base::web_address::Url;
use crate::edge::gateway::{Gateway, Stop};
use crate::edge::platform::EdgeRandom;
use crate::edge::rpc::{open_session, signed_out_at};
use crate::guest::handshake::{Handshake, TOKEN_CHARS_MAX};
use crate::host::command::SignedIn;
use crate::http::admission::{NEW_SESSION, Rare};
use crate::http::source::Source;
use crate::identity::epoch;
use crate::rails::outcome::Abort;

impl Gateway {
    /// Forwards the handshake to the session's object.
    pub(super) async fn agent(
        &self,
        url: &Url,
        headers: &Headers,
        source: Source,
    ) -> Result<Response, Stop> {
        let stopped = |abort: &Abort| Stop::Reply(self.gate.problem(abort));
        let is_upgrade =
            headers.get("upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
        if !is_upgrade {
            let abort =
                Abort::new(Code::WebsocketOnly, "connect with a WebSocket (Upgrade: websocket)");
            return Err(Stop::Reply(
                self.gate.problem(&abort).with_header("upgrade", "websocket".to_owned()),
            ));
        }
        let query = |wanted: &str| url.field(wanted);
        let (session, token) = match (query("session"), query("token")) {
            (None, None) => (self.new_session(&source)?, None),
            (Some(session), Some(token)) if token.len() <= TOKEN_CHARS_MAX => {
                let session = SessionId::parse(&session).map_err(|error| {
                    stopped(&Abort::new(Code::InvalidSession, format!("session: {error}")))
                })?;
                (session, Some(token))
            }
            _ => {
                let detail =
                    "send both ?session= and token= to resume a session, or neither to begin one";
                return Err(stopped(&Abort::new(Code::InvalidSession, detail)));
            }
        };
        let (user, signed_out_at) = self.still_signed_in(headers).await?;
        let request_id = self.gate.request_id.clone();
        let watches = query("raw").is_some_and(|raw| raw == "1");
        let handshake =
            Handshake { request_id, session, token, user, signed_out_at, source, watches };
        Ok(open_session(&self.env, &handshake).await?)
    }

    /// The signed-in user, and when they signed out last. Only the user's object knows the sign-out, so this asks it.
    async fn still_signed_in(
        &self,
        headers: &Headers,
    ) -> Result<(Option<SignedIn>, Option<UnixSeconds>), Stop> {
        let Some(user) = self.gate.signed_in(headers) else { return Ok((None, None)) };
        let signed_out_at = signed_out_at(&self.env, &user.scope).await?;
        let counts = epoch::counts(user.signed_in_at, signed_out_at);
        Ok((Some(user).filter(|_| counts), signed_out_at))
    }

    fn new_session(&self, source: &Source) -> Result<SessionId, Stop> {
        self.gate.admit(source, NEW_SESSION).map_err(|seconds| {
            let detail = format!("too many new sessions from your address; wait {seconds} seconds");
            Stop::Reply(self.gate.rate_limited(detail, seconds))
        })?;
        self.gate.admit_rare(source, Rare::Session, "new sessions")?;
        Ok(SessionId::random(&EdgeRandom))
    }
}
