//! The checks that every request passes at the gateway: origin, rate limits, head, session and credential.

use std::cell::RefCell;
use std::rc::Rc;

use crate::base::code::Code;
use crate::base::http::{Headers, Reply};
use crate::base::id::RequestId;
use crate::config::Config;
use crate::edge::platform::{log_once, now};
use crate::host::command::SignedIn;
use crate::http::admission::{Admission, Cost, NOTHING, Rare};
use crate::http::route::{AtHost, AtMarket, Route};
use crate::http::source::Source;
use crate::http::{cookie, cors, problem};
use crate::identity::{Session, Token};
use crate::mcp::eras;
use crate::rails::outcome::Abort;

thread_local! {
    /// Rate limits by source, in this isolate.
    static ADMISSION: RefCell<Admission> = RefCell::default();
}

/// The checks of one request.
pub(super) struct Gate {
    pub(super) config: Rc<Config>,
    pub(super) request_id: RequestId,
}

impl Gate {
    /// Checks the origin, and charges the request to its source. `route`: nothing for a preflight or a request without a
    /// route. An error is the reply, and the origin that may read it.
    pub(super) fn let_in<'a>(
        &self,
        headers: &'a Headers,
        route: Option<&Route>,
    ) -> Result<Source, (Reply, Option<&'a str>)> {
        if let Some(why) = cors::refusal(headers, &self.config) {
            log_once(&why);
            return Err((self.problem(&Abort::new(Code::OriginNotAllowed, why)), None));
        }
        let source = Source::of(headers);
        match self.admit(&source, route.map_or(NOTHING, Cost::of)) {
            Ok(()) => Ok(source),
            Err(seconds) => Err((self.too_many(route, seconds), headers.get("origin"))),
        }
    }

    /// Checks what can be refused before the body is read.
    pub(super) fn check_head(&self, headers: &Headers, route: &Route) -> Result<(), Reply> {
        if is_mcp(route) {
            eras::check_head(headers)?;
        }
        if headers.is_plain_body() {
            return Ok(());
        }
        let detail = "the body is compressed; send it as it is, without Content-Encoding (Accept-Encoding: identity)";
        let refused = self.problem(&Abort::new(Code::UnsupportedEncoding, detail));
        Err(refused.with_header("accept-encoding", "identity".to_owned()))
    }

    /// Applies the rate limit of a source. `Err`: the seconds to wait.
    pub(super) fn admit(&self, source: &Source, cost: Cost) -> Result<(), i64> {
        let is_local = self.config.is_local();
        ADMISSION.with_borrow_mut(|seen| seen.admit(source, is_local, cost, now()))
    }

    /// The same for requests that store something for good.
    pub(super) fn admit_rare(&self, source: &Source, rare: Rare, what: &str) -> Result<(), Reply> {
        let is_local = self.config.is_local();
        let admitted =
            ADMISSION.with_borrow_mut(|seen| seen.admit_rare(source, is_local, rare, now()));
        admitted.map_err(|seconds| {
            let detail =
                format!("too many {what} from your network address; wait {seconds} seconds");
            self.rate_limited(detail, seconds)
        })
    }

    pub(super) fn rate_limited(&self, detail: String, seconds: i64) -> Reply {
        let abort = Abort::new(Code::RateLimited, detail);
        self.problem(&Abort { retry_after: Some(seconds), ..abort })
    }

    /// The "rate limited" response in the protocol of the route.
    fn too_many(&self, route: Option<&Route>, seconds: i64) -> Reply {
        if route.is_some_and(is_mcp) {
            return eras::rate_limited(seconds);
        }
        let detail =
            format!("too many requests came from your network address; wait {seconds} seconds");
        self.rate_limited(detail, seconds)
    }

    /// Refunds a charge of [`Self::admit_rare`]: nothing stays.
    pub(super) fn take_back(&self, source: &Source, rare: Rare) {
        ADMISSION.with_borrow_mut(|seen| seen.take_back(source, rare));
    }

    pub(super) fn problem(&self, abort: &Abort) -> Reply {
        problem::of_abort(abort, &self.request_id)
    }

    /// Who calls: with a credential, or else with a session.
    pub(super) fn caller(
        &self,
        headers: &Headers,
        route: &Route,
    ) -> Result<(Option<Token>, Option<SignedIn>), Reply> {
        match self.credential(headers, route)? {
            Some(token) => Ok((Some(token), None)),
            None => Ok((None, self.signed_in(headers))),
        }
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
    fn credential(&self, headers: &Headers, route: &Route) -> Result<Option<Token>, Reply> {
        let counts = matches!(route, Route::Own(_) | Route::Host(_, AtHost::Mcp | AtHost::Tool(_)));
        let Some(text) = bearer(headers).filter(|text| counts && Token::is_meant(text)) else {
            return Ok(None);
        };
        let token = Token::parse(text);
        token.map(Some).map_err(|_| self.problem(&Abort::credential_refused()))
    }
}

/// Whether an MCP server is asked: that of a host, or that of the marketplace.
const fn is_mcp(route: &Route) -> bool {
    matches!(route, Route::Host(_, AtHost::Mcp) | Route::Market(AtMarket::Mcp))
}

/// The token in `Authorization: Bearer …`.
pub(super) fn bearer(headers: &Headers) -> Option<&str> {
    let (kind, token) = headers.get("authorization")?.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
