//! The gateway: checks origin, route, limits and sign-in, then calls the host's object.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};
use url::Url;

use worker::{Context, Env, Method, Request, Response, Result};

use crate::base::code::Code;
use crate::base::http::{Headers, Reply};
use crate::base::id::{RequestId, ScopeId};
use crate::config::Config;
use crate::directory::rotation::{self, What, rotation_of};
use crate::edge::convert::{self, BODY_BYTES_MAX, BodyError};
use crate::edge::platform::{log, log_once, now};
use crate::edge::rpc::{ask_rotation, to_host};
use crate::edge::shim;
use crate::host::backup::format::PAGE_BYTES_MAX;
use crate::host::command::{Action, Command, SignedIn};
use crate::http::admission::{Admission, Cost, NOTHING, Rare};
use crate::http::route::{self, AtHost, NoRoute, Own, Route};
use crate::http::source::Source;
use crate::http::{cookie, cors, problem};
use crate::identity::{Session, Token};
use crate::mcp::eras;
use crate::ports::Level;
use crate::rails::outcome::Abort;

thread_local! {
    /// Rate limits by source, in this isolate.
    static ADMISSION: RefCell<Admission> = RefCell::default();
}

/// The context of one request at the gateway.
pub(super) struct Gateway {
    pub(super) config: Rc<Config>,
    pub(super) env: Env,
    pub(super) request_id: RequestId,
    pub(super) context: Context,
}

impl Gateway {
    pub(super) async fn handle(self, request: Request) -> Result<Response> {
        let mut headers = shim::headers(request.headers())?;
        let is_head = request.method() == Method::Head;
        if is_head {
            // HEAD opens no socket. Otherwise it is handled as GET; the runtime omits the body.
            headers = headers.without("upgrade");
        }
        let is_read = is_head || request.method() == Method::Get;
        let readable =
            |reply: Reply| if is_read { problem::readable(reply, &headers) } else { reply };
        let origin = headers.get("origin").map(str::to_owned);
        if let Some(why) = cors::refusal(&headers, &self.config) {
            log_once(&why);
            let abort = Abort::new(Code::OriginNotAllowed, why);
            return self.answer(self.problem(&abort), None);
        }
        let url = request.url()?;
        let is_preflight = request.method() == Method::Options;
        let route = route::parse(request.method().as_ref(), url.path());
        let source = Source::of(&headers);
        let cost = route.as_ref().ok().filter(|_| !is_preflight).map_or(NOTHING, Cost::of);
        if let Err(seconds) = self.admit(&source, cost) {
            return self.answer(self.too_many(route.as_ref().ok(), seconds), origin.as_deref());
        }
        if is_preflight {
            return self.answer(cors::preflight(&headers), origin.as_deref());
        }
        match self.route(request, &headers, origin.clone(), (&url, route, source)).await {
            Ok(response) => Ok(response),
            Err(Stop::Reply(reply)) => self.answer(readable(reply), origin.as_deref()),
            Err(Stop::Broken(error)) => {
                let what = error.to_string();
                log(Level::Error, &what, &[("requestId", self.request_id.as_str())]);
                let fatal = crate::rails::outcome::Fatal {
                    what,
                    money: crate::rails::outcome::Money::NotAsked,
                };
                self.answer(problem::of_fatal(&fatal, &self.request_id), origin.as_deref())
            }
        }
    }

    async fn route(
        &self,
        mut request: Request,
        headers: &Headers,
        origin: Option<String>,
        (url, route, source): (&Url, std::result::Result<Route, NoRoute>, Source),
    ) -> std::result::Result<Response, Stop> {
        let route = route.map_err(|no_route| Stop::Reply(self.no_route(no_route)))?;
        if matches!(route, Route::Host(_, AtHost::Mcp)) {
            eras::check_head(headers).map_err(Stop::Reply)?;
        }
        if !headers.is_plain_body() {
            let detail = "the body is compressed; send it as it is, without Content-Encoding (Accept-Encoding: identity)";
            let refused = self.problem(&Abort::new(Code::UnsupportedEncoding, detail));
            return Err(Stop::Reply(refused.with_header("accept-encoding", "identity".to_owned())));
        }
        let is_page = matches!(route, Route::Own(Own::Restore));
        let bytes_max = if is_page { PAGE_BYTES_MAX } else { BODY_BYTES_MAX };
        let body = self.read_body(&mut request, headers, bytes_max).await?;
        let credential = self.credential(headers, &route)?;
        let user = if credential.is_some() { None } else { self.signed_in(headers) };
        let (scope, action) = match route {
            Route::Health => return Ok(self.answer(self.health().await, origin.as_deref())?),
            Route::Agent => return self.agent(url, headers, source).await,
            Route::Facilitator(asked) => {
                return self.facilitator(asked, headers, &body, origin).await;
            }
            Route::Nonce => return Ok(self.answer(self.nonce(), origin.as_deref())?),
            Route::Siwe => {
                let reply = self.sign_in(&source, &body).await?;
                return Ok(self.answer(reply, origin.as_deref())?);
            }
            Route::SendCode => {
                let reply = self.send_code(&source, headers, &body).await?;
                return Ok(self.answer(reply, origin.as_deref())?);
            }
            Route::CheckCode => {
                let reply = self.check_code(&source, headers, &body).await?;
                return Ok(self.answer(reply, origin.as_deref())?);
            }
            Route::MailWebhook => {
                let reply = self.mail_webhook(headers, &body).await?;
                return Ok(self.answer(reply, None)?);
            }
            Route::SignOut => {
                let reply = self.sign_out(user).await?;
                return Ok(self.answer(reply, origin.as_deref())?);
            }
            Route::Settings => return Ok(self.answer(self.settings(), origin.as_deref())?),
            Route::Faucet => {
                let reply = self.faucet(&body).await?;
                return Ok(self.answer(reply, origin.as_deref())?);
            }
            Route::Explorer(asked) => {
                let reply = self.explorer(asked).await?;
                return Ok(self.answer(reply, origin.as_deref())?);
            }
            Route::Host(scope, asked) => (scope, Action::AtHost(asked)),
            Route::Own(own) => {
                let scope = credential.as_ref().map(|token| token.scope());
                let scope = scope.or(user.as_ref().map(|user| &user.scope)).cloned();
                (scope.ok_or_else(|| Stop::Reply(self.not_signed_in()))?, Action::Own(own))
            }
        };
        let cursor = url.query_pairs().find(|(name, _)| name == "cursor");
        let cursor = cursor.map(|(_, value)| value.into_owned());
        let request_id = self.request_id.clone();
        // Only the token's digest is passed on.
        let credential = credential.map(|token| token.digest());
        let command =
            Command { request_id, scope, user, credential, source, origin, action, cursor };
        if command.action == Action::Own(Own::Register) {
            return self.register(&command, headers, body).await;
        }
        Ok(self.forward(&command, headers, body).await?)
    }

    /// Registers a host. A new host is stored for good, so registrations per source are limited.
    async fn register(
        &self,
        command: &Command,
        headers: &Headers,
        body: Vec<u8>,
    ) -> std::result::Result<Response, Stop> {
        let what = "new hosts were registered";
        self.admit_rare(&command.source, Rare::Host, what)?;
        let answer = self.forward(command, headers, body).await;
        if !answer.as_ref().is_ok_and(|answer| answer.status_code() == 201) {
            ADMISSION.with_borrow_mut(|seen| seen.take_back(&command.source, Rare::Host));
        }
        Ok(answer?)
    }

    /// Applies the rate limit of a source. `Err`: the seconds to wait.
    pub(super) fn admit(&self, source: &Source, cost: Cost) -> std::result::Result<(), i64> {
        let is_local = self.config.is_local();
        ADMISSION.with_borrow_mut(|seen| seen.admit(source, is_local, cost, now()))
    }

    /// The same for requests that store something for good.
    pub(super) fn admit_rare(
        &self,
        source: &Source,
        rare: Rare,
        what: &str,
    ) -> std::result::Result<(), Stop> {
        let is_local = self.config.is_local();
        let admitted =
            ADMISSION.with_borrow_mut(|seen| seen.admit_rare(source, is_local, rare, now()));
        admitted.map_err(|seconds| {
            let detail =
                format!("too many {what} from your network address; wait {seconds} seconds");
            Stop::Reply(self.rate_limited(detail, seconds))
        })
    }

    pub(super) fn rate_limited(&self, detail: String, seconds: i64) -> Reply {
        let abort = Abort::new(Code::RateLimited, detail);
        self.problem(&Abort { retry_after: Some(seconds), ..abort })
    }

    /// The "rate limited" response in the protocol of the route.
    fn too_many(&self, route: Option<&Route>, seconds: i64) -> Reply {
        if matches!(route, Some(Route::Host(_, AtHost::Mcp))) {
            return eras::rate_limited(seconds);
        }
        let detail =
            format!("too many requests came from your network address; wait {seconds} seconds");
        self.rate_limited(detail, seconds)
    }

    fn no_route(&self, no_route: NoRoute) -> Reply {
        match no_route {
            NoRoute::NotFound => problem::not_found(&self.request_id),
            NoRoute::MethodNotAllowed(allow) => {
                let detail = format!("this address answers {allow} only");
                self.problem(&Abort::new(Code::MethodNotAllowed, detail))
                    .with_header("allow", allow.to_owned())
            }
        }
    }

    /// Sends the command to the object of its scope.
    pub(super) async fn forward(
        &self,
        command: &Command,
        headers: &Headers,
        body: Vec<u8>,
    ) -> Result<Response> {
        let (stub, request) = to_host(&self.env, command, headers, &body)?;
        stub.fetch_with_request(request).await
    }

    pub(super) fn problem(&self, abort: &Abort) -> Reply {
        problem::of_abort(abort, &self.request_id)
    }

    pub(super) fn answer(&self, reply: Reply, origin: Option<&str>) -> Result<Response> {
        convert::response(reply, &self.request_id, origin)
    }

    async fn read_body(
        &self,
        request: &mut Request,
        headers: &Headers,
        bytes_max: usize,
    ) -> std::result::Result<Vec<u8>, Stop> {
        let too_long = || {
            let detail = if bytes_max == BODY_BYTES_MAX {
                "the body must be at most 1 MiB".to_owned()
            } else {
                format!("the body must be at most {bytes_max} bytes")
            };
            let abort = Abort::new(Code::BodyTooLong, detail);
            Stop::Reply(self.problem(&abort))
        };
        let declared = headers.get("content-length").and_then(|text| text.parse::<usize>().ok());
        if declared.is_some_and(|bytes| bytes > bytes_max) {
            return Err(too_long());
        }
        if request.inner().body().is_none() {
            return Ok(Vec::new());
        }
        // A declared length is reliable, so the body is read at once instead of in chunks.
        if declared.is_some() {
            return Ok(request.bytes().await?);
        }
        convert::read(request.stream()?, bytes_max).await.map_err(|error| match error {
            BodyError::TooLong => too_long(),
            BodyError::Broken => {
                let abort = Abort::new(Code::BodyBroken, "the body broke off; send it again");
                Stop::Reply(self.problem(&abort))
            }
        })
    }

    /// The session of a valid bearer token or cookie. Only the user's object knows whether the user has signed out
    /// since.
    pub(super) fn signed_in(&self, headers: &Headers) -> Option<SignedIn> {
        let bearer = bearer(headers);
        let cookie = headers.get("cookie").and_then(|text| cookie::find(text, cookie::SESSION));
        let session = Session::read(&self.config.keys, bearer.or(cookie)?, now()).ok()?;
        let fresh = session.is_fresh(now());
        Some(SignedIn::of(session, fresh))
    }

    /// The credential in the bearer token, on routes that accept credentials: MCP servers and the host's REST routes.
    /// It is only parsed here; the host's object verifies it.
    fn credential(
        &self,
        headers: &Headers,
        route: &Route,
    ) -> std::result::Result<Option<Token>, Stop> {
        let counts = matches!(route, Route::Own(_) | Route::Host(_, AtHost::Mcp | AtHost::Tool(_)));
        let Some(text) = bearer(headers).filter(|text| counts && Token::is_meant(text)) else {
            return Ok(None);
        };
        let token = Token::parse(text);
        token.map(Some).map_err(|_| Stop::Reply(self.problem(&Abort::credential_refused())))
    }

    fn not_signed_in(&self) -> Reply {
        let detail = "sign in first (POST /api/auth/nonce, then /api/auth/siwe; or /api/auth/otp, then /api/auth/otp/verify) and send the token as `Authorization: Bearer …`";
        self.problem(&Abort::new(Code::NotSignedIn, detail))
            .with_header("www-authenticate", "Bearer".to_owned())
    }

    async fn health(&self) -> Reply {
        let networks: Vec<&str> =
            self.config.networks.iter().map(|network| network.caip2).collect();
        let body = json!({
            "status": "ok",
            "name": "events-concierge",
            "version": env!("CARGO_PKG_VERSION"),
            "networks": networks,
            "relayers": self.relayers().await,
            "keys": self.keys().await,
        });
        Reply::json(200, body.to_string()).with_header("cache-control", "no-store".to_owned())
    }

    /// The id of the current master key and the state of a rotation, for `npm run secrets`.
    async fn keys(&self) -> Value {
        let keys = &self.config.keys;
        let Some(rotation) = rotation_of(keys) else { return json!({"id": keys.key_id()}) };
        let ask = rotation::Ask { keys: rotation, what: What::Status };
        let told = ask_rotation(&self.env, &ask).await.ok();
        json!({
            "id": keys.key_id(),
            "previousId": keys.previous_key_id(),
            "isSealedAnew": told.as_ref().map(|told| told.is_done),
            "hostsOpen": told.as_ref().map(|told| told.hosts_open),
            "unopened": told.as_ref().map(|told| told.unopened),
        })
    }

    /// Sends a command without a caller to the object of `scope`.
    pub(super) async fn tell(&self, scope: ScopeId, action: Action) -> Result<Response> {
        self.forward(&self.told(scope, action), &Headers::default(), Vec::new()).await
    }

    /// The same in the background; errors are logged.
    pub(super) fn tell_later(&self, scope: ScopeId, action: Action) -> Result<()> {
        let command = self.told(scope, action);
        let (stub, request) = to_host(&self.env, &command, &Headers::default(), &[])?;
        self.context.wait_until(async move {
            let answer = stub.fetch_with_request(request).await;
            if !answer.is_ok_and(|answer| answer.status_code() == 204) {
                let fields = [("requestId", command.request_id.as_str())];
                log(Level::Error, "an object did not do what it was told", &fields);
            }
        });
        Ok(())
    }

    fn told(&self, scope: ScopeId, action: Action) -> Command {
        Command::of_ours(self.request_id.clone(), scope, action)
    }
}

/// The token in `Authorization: Bearer …`.
pub(super) fn bearer(headers: &Headers) -> Option<&str> {
    let (kind, token) = headers.get("authorization")?.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A request ends at the gateway.
pub(super) enum Stop {
    /// The caller gets this reply.
    Reply(Reply),
    /// The platform returned an error.
    Broken(worker::Error),
}

impl From<worker::Error> for Stop {
    fn from(error: worker::Error) -> Self {
        Self::Broken(error)
    }
}
