//! `GET /api/tickets` at the gateway: the ports of the list, on Workers.

use worker::{Env, Response};

use crate::base::http::Headers;
use crate::base::id::ScopeId;
use crate::base::time::UnixSeconds;
use crate::base::web_address::Url;
use crate::config::Config;
use crate::edge::fetch::EdgeHttp;
use crate::edge::gateway::{Gateway, Stop};
use crate::edge::platform::{EdgeRandom, list, log, now, sleep};
use crate::edge::rpc::{bought_by, signed_out_at, use_nonce};
use crate::edge::world::EdgeWorld;
use crate::host::command::SignedIn;
use crate::http::admission::{CONTRACT_SIGN_IN, PROOF};
use crate::http::problem;
use crate::http::source::Source;
use crate::identity::{Session, UserId, siwx};
use crate::ports::{
    Clock, Http, HttpError, HttpRequest, HttpResponse, KvError, Level, Log, Random, SignOuts,
    SignOutsError, Timer, Web, WebRequest, WebResponse,
};
use crate::rails::outcome::Failure;
use crate::tickets::Caller;
use crate::tickets::ask::{Ask, Deployment, NotTold, Purchases, Told};
use crate::tickets::serve::{answer, of_user};
use crate::tickets::views::Tickets;

impl Gateway {
    /// Everything that the caller has bought at any host.
    pub(super) async fn tickets(
        &self,
        url: &Url,
        headers: &Headers,
        source: &Source,
        origin: Option<String>,
    ) -> Result<Response, Stop> {
        let proof = headers.get(siwx::HEADER);
        if proof.is_some() {
            self.gate.admit(source, PROOF).map_err(|seconds| {
                let detail = format!(
                    "too many proofs of wallets from your network address; wait {seconds} seconds"
                );
                Stop::Reply(self.gate.rate_limited(detail, seconds))
            })?;
        }
        let session = self.gate.signed_in(headers).map(session_of);
        let cursor = url.field("cursor");
        let world = EdgeGate { env: self.env.clone() };
        let is_admitted = || self.gate.admit(source, CONTRACT_SIGN_IN);
        let asked = Caller { proof, session };
        let answered =
            answer(&world, &self.gate.config, asked, cursor.as_deref(), &is_admitted).await;
        let reply = answered.map_err(|failure| {
            if let Failure::Fatal(fatal) = &failure {
                log(Level::Error, &fatal.what, &[("requestId", self.gate.request_id.as_str())]);
            }
            let reply = problem::of_failure(&failure, &self.gate.request_id);
            let is_unproven = reply.status == 401;
            Stop::Reply(match is_unproven {
                // RFC 9110, 15.5.2.
                true => reply.with_header("www-authenticate", "Bearer".to_owned()),
                false => reply,
            })
        })?;
        Ok(self.answer(reply, origin.as_deref())?)
    }
}

fn session_of(user: SignedIn) -> Session {
    let SignedIn { user, scope, fresh: _, signed_in_at, expires_at } = user;
    Session { user, scope, signed_in_at, expires_at }
}

/// A guest session asks for its owner.
impl Purchases for EdgeWorld {
    async fn bought_by_user(&self, config: &Config, user: &UserId) -> Result<Tickets, String> {
        let gate = EdgeGate { env: self.env.clone() };
        of_user(&gate, config, user).await.map_err(|failure| match failure {
            Failure::Fatal(fatal) => fatal.what,
            Failure::Abort(_) | Failure::Unpaid(_) => "refused".to_owned(),
        })
    }
}

/// The world of one request for the list.
struct EdgeGate {
    env: Env,
}

impl Deployment for EdgeGate {
    async fn list_keys(
        &self,
        prefix: &str,
        cursor: Option<&str>,
    ) -> Result<(Vec<String>, Option<String>), KvError> {
        list(&self.env, prefix, cursor).await
    }

    async fn bought_by(&self, host: &ScopeId, ask: &Ask) -> Result<Told, NotTold> {
        let told = bought_by(&self.env, host, ask.clone()).await;
        told.unwrap_or_else(|error| Err(NotTold::NoAnswer(error.to_string())))
    }

    async fn use_nonce(
        &self,
        user: &ScopeId,
        nonce: &str,
        expires_at: UnixSeconds,
    ) -> Result<bool, String> {
        use_nonce(&self.env, user, nonce, expires_at).await.map_err(|error| error.to_string())
    }
}

impl SignOuts for EdgeGate {
    async fn signed_out_at(&self, scope: &ScopeId) -> Result<Option<UnixSeconds>, SignOutsError> {
        let asked = signed_out_at(&self.env, scope).await;
        asked.map_err(|error| SignOutsError(error.to_string()))
    }
}

impl Http for EdgeGate {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        EdgeHttp.send(request).await
    }
}

impl Web for EdgeGate {
    async fn exchange(&self, request: WebRequest) -> Result<WebResponse, HttpError> {
        EdgeHttp.exchange(request).await
    }
}

impl Clock for EdgeGate {
    fn now(&self) -> UnixSeconds {
        now()
    }
}

impl Random for EdgeGate {
    fn fill(&self, buffer: &mut [u8]) {
        EdgeRandom.fill(buffer);
    }
}

impl Timer for EdgeGate {
    async fn sleep(&self, millis: u32) {
        sleep(millis).await;
    }
}

impl Log for EdgeGate {
    fn line(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        log(level, message, fields);
    }
}
