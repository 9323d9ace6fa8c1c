//! The gateway: checks origin, route, limits and sign-in, then calls the host's object.

use serde_json::{Value, json};

use worker::{Context, Env, Method, Request, Response, Result};

use crate::base::code::Code;
use crate::base::http::{Headers, Reply};
use crate::base::id::ScopeId;
use crate::base::web_address::Url;
use crate::directory::rotation::{self, What, rotation_of};
use crate::edge::calls;
use crate::edge::convert::{self, BODY_BYTES_MAX, BodyError};
use crate::edge::gate::Gate;
use crate::edge::platform::log;
use crate::edge::rpc::{ask_rotation, to_host};
use crate::edge::shim;
use crate::host::backup::format::PAGE_BYTES_MAX;
use crate::host::command::{Action, Command, SignedIn};
use crate::http::admission::Rare;
use crate::http::route::{self, AtHost, NoRoute, Own, Route};
use crate::http::source::Source;
use crate::http::{cors, problem};
use crate::ports::Level;
use crate::rails::outcome::{Abort, Fatal, Money};

/// The context of one request at the gateway.
pub(super) struct Gateway {
    pub(super) gate: Gate,
    pub(super) env: Env,
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
        let url = shim::url(&request)?;
        let is_preflight = request.method() == Method::Options;
        let route = route::parse(request.method().as_ref(), url.path());
        let known = route.as_ref().ok().filter(|_| !is_preflight);
        let source = match self.gate.let_in(&headers, known) {
            Ok(source) => source,
            Err((refused, origin)) => return self.answer(refused, origin),
        };
        if is_preflight {
            return self.answer(cors::preflight(&headers), origin.as_deref());
        }
        let page = problem::page_of_server(request.method().as_ref(), url.path(), &headers);
        if let Some(reply) = page {
            return self.answer(reply, origin.as_deref());
        }
        // A long body may hold a payment, and the object may have begun with it.
        let is_call = matches!(route, Ok(Route::Host(_, AtHost::Mcp | AtHost::Tool(_))));
        match self.route(request, &headers, origin.clone(), (&url, route, source)).await {
            Ok(response) => Ok(response),
            Err(Stop::Reply(reply)) => self.answer(readable(reply), origin.as_deref()),
            Err(Stop::Broken(error)) => {
                let what = error.to_string();
                log(Level::Error, &what, &[("requestId", self.gate.request_id.as_str())]);
                let money = if is_call { Money::MayHaveMoved } else { Money::NotAsked };
                let fatal = Fatal { what, money };
                self.answer(problem::of_fatal(&fatal, &self.gate.request_id), origin.as_deref())
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
        self.gate.check_head(headers, &route)?;
        let is_page = matches!(route, Route::Own(Own::Restore));
        let bytes_max = if is_page { PAGE_BYTES_MAX } else { BODY_BYTES_MAX };
        let body = self.read_body(&mut request, headers, bytes_max).await?;
        let (credential, user) = self.gate.caller(headers, &route)?;
        let (scope, action) = match route {
            Route::Health => return Ok(self.answer(self.health().await, origin.as_deref())?),
            Route::Agent => return self.agent(url, headers, source).await,
            Route::Facilitator(asked) => {
                return self.facilitator(asked, url, (headers, &body), origin).await;
            }
            Route::Nonce | Route::Siwe | Route::SendCode | Route::CheckCode | Route::SignOut => {
                let reply = self.identify(&route, (&source, headers, &body), user).await?;
                return Ok(self.answer(reply, origin.as_deref())?);
            }
            Route::MailWebhook => {
                let reply = self.mail_webhook(headers, &body).await?;
                return Ok(self.answer(reply, None)?);
            }
            Route::Market(asked) => {
                return self.market(asked, url, (headers, &body), origin.as_deref()).await;
            }
            Route::Tickets => return self.tickets(url, headers, &source, origin).await,
            Route::Settings => return Ok(self.answer(self.settings(), origin.as_deref())?),
            Route::Cover(place) => return Ok(self.answer(place.reply(), origin.as_deref())?),
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
        let cursor = url.field("cursor");
        let request_id = self.gate.request_id.clone();
        // Only the token's digest is passed on.
        let credential = credential.map(|token| token.digest());
        let command =
            Command { request_id, scope, user, credential, source, origin, action, cursor };
        if matches!(command.action, Action::Own(_)) {
            // The host may change.
            calls::forget(&command.scope);
        }
        if command.action == Action::Own(Own::Register) {
            return self.register(&command, headers, body).await;
        }
        if let Action::AtHost(AtHost::Share(_) | AtHost::Picture(_)) = &command.action {
            return self.image(&command, headers).await;
        }
        Ok(self.forward(&command, headers, body).await?)
    }

    /// A step of signing in or out.
    async fn identify(
        &self,
        route: &Route,
        (source, headers, body): (&Source, &Headers, &[u8]),
        user: Option<SignedIn>,
    ) -> std::result::Result<Reply, Stop> {
        match route {
            Route::Siwe => self.sign_in(source, body).await,
            Route::SendCode => self.send_code(source, headers, body).await,
            Route::CheckCode => self.check_code(source, headers, body).await,
            Route::SignOut => self.sign_out(user).await,
            Route::Nonce
            | Route::Health
            | Route::Settings
            | Route::Faucet
            | Route::MailWebhook
            | Route::Tickets
            | Route::Explorer(_)
            | Route::Cover(_)
            | Route::Market(_)
            | Route::Agent
            | Route::Facilitator(_)
            | Route::Host(..)
            | Route::Own(_) => Ok(self.nonce()),
        }
    }

    /// Registers a host. A new host is stored for good, so registrations per source are limited.
    async fn register(
        &self,
        command: &Command,
        headers: &Headers,
        body: Vec<u8>,
    ) -> std::result::Result<Response, Stop> {
        let what = "new hosts were registered";
        self.gate.admit_rare(&command.source, Rare::Host, what)?;
        let answer = self.forward(command, headers, body).await;
        if !answer.as_ref().is_ok_and(|answer| answer.status_code() == 201) {
            self.gate.take_back(&command.source, Rare::Host);
        }
        Ok(answer?)
    }

    fn no_route(&self, no_route: NoRoute) -> Reply {
        match no_route {
            NoRoute::NotFound => problem::not_found(&self.gate.request_id),
            NoRoute::MethodNotAllowed(allow) => {
                let detail = format!("this address answers {allow} only");
                self.gate
                    .problem(&Abort::new(Code::MethodNotAllowed, detail))
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

    pub(super) fn answer(&self, reply: Reply, origin: Option<&str>) -> Result<Response> {
        convert::response(reply, &self.gate.request_id, origin)
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
            Stop::Reply(self.gate.problem(&abort))
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
                Stop::Reply(self.gate.problem(&abort))
            }
        })
    }

    fn not_signed_in(&self) -> Reply {
        let detail = "sign in first (POST /api/auth/nonce, then /api/auth/siwe; or /api/auth/otp, then /api/auth/otp/verify) and send the token as `Authorization: Bearer …`";
        self.gate
            .problem(&Abort::new(Code::NotSignedIn, detail))
            .with_header("www-authenticate", "Bearer".to_owned())
    }

    async fn health(&self) -> Reply {
        let networks: Vec<&str> =
            self.gate.config.networks.iter().map(|network| network.caip2).collect();
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
        let keys = &self.gate.config.keys;
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
        Command::of_ours(self.gate.request_id.clone(), scope, action)
    }
}

/// A request ends at the gateway.
pub(super) enum Stop {
    /// The caller gets this reply.
    Reply(Reply),
    /// The platform returned an error.
    Broken(worker::Error),
}

impl From<Reply> for Stop {
    fn from(reply: Reply) -> Self {
        Self::Reply(reply)
    }
}

impl From<worker::Error> for Stop {
    fn from(error: worker::Error) -> Self {
        Self::Broken(error)
    }
}
