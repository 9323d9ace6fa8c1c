//! Signing in, at the gateway. A signed Ethereum message is verified here; the object of the proven wallet records
//! its nonce as used. Codes by mail are in `codes`.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::base::code::Code;
use crate::base::email::EmailAddress;
use crate::base::http::Reply;
use crate::base::id::ScopeId;
use crate::base::time::UnixSeconds;
use crate::chain::rpc::Rpc;
use crate::edge::convert;
use crate::edge::fetch::EdgeHttp;
use crate::edge::gateway::{Gateway, Stop};
use crate::edge::platform::{EdgeRandom, now};
use crate::host::command::{Action, Asked, SIGNED_IN_AT, SignedIn};
use crate::http::admission::CONTRACT_SIGN_IN;
use crate::http::cookie;
use crate::http::page::{NonceAnswer, SessionAnswer};
use crate::http::source::Source;
use crate::identity::siwe::{self, Expected, ProvenWallet, Purpose, SignIn, SiweError, Unproven};
use crate::identity::{Session, UserId};
use crate::rails::outcome::Abort;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    message: String,
    signature: String,
}

impl Gateway {
    /// Answers with a nonce for a sign-in message.
    pub(super) fn nonce(&self) -> Reply {
        let (nonce, expires_at) =
            siwe::new_nonce(&self.gate.config.keys, Purpose::SignIn, &EdgeRandom, now());
        let body = json!(NonceAnswer { nonce, expires_at: expires_at.to_string() });
        Reply::json(200, body.to_string()).with_header("cache-control", "no-store".to_owned())
    }

    /// Exchanges a signed message for a session.
    pub(super) async fn sign_in(&self, source: &Source, body: &[u8]) -> Result<Reply, Stop> {
        let refused =
            |code, detail: String| Stop::Reply(self.gate.problem(&Abort::new(code, detail)));
        let input: Sent = serde_json::from_slice(body).map_err(|error| {
            refused(Code::InvalidSignIn, format!("send JSON with message and signature: {error}"))
        })?;
        let chain_ids: Vec<u64> =
            self.gate.config.networks.iter().map(|network| network.chain_id).collect();
        let expected = Expected {
            domain: self.gate.config.public_authority(),
            uri_origin: &self.gate.config.public_url,
            chain_ids: &chain_ids,
        };
        let keys = &self.gate.config.keys;
        let read =
            siwe::read(&input.message, &input.signature, &expected, keys, Purpose::SignIn, now());
        let proven = match read {
            Ok(SignIn::Proven(proven)) => Ok(proven),
            Ok(SignIn::Unproven(unproven)) => {
                self.gate.admit(source, CONTRACT_SIGN_IN).map_err(|seconds| {
                    let detail = format!(
                        "too many sign-ins of contract wallets from your network address; wait {seconds} seconds"
                    );
                    Stop::Reply(self.gate.rate_limited(detail, seconds))
                })?;
                self.ask_chain(unproven).await
            }
            Err(error) => Err(error),
        };
        let proven = proven.map_err(|error| {
            let is_ours = error == SiweError::Chain;
            let code = if is_ours { Code::ChainUnavailable } else { Code::SignInRefused };
            refused(code, error.to_string())
        })?;
        let user = proven.user();
        let used = Action::UseNonce {
            nonce: proven.nonce().to_owned(),
            expires_at: proven.nonce_expires_at(),
        };
        let at = self.agrees(keys.scope_of(&user), used).await?;
        Ok(self.session(user, at))
    }

    /// Asks the object of this scope to accept the sign-in, and returns when the session begins. Any answer but 204
    /// is passed on to the caller.
    pub(super) async fn agrees(&self, scope: ScopeId, action: Action) -> Result<UnixSeconds, Stop> {
        let answer = self.tell(scope, action).await?;
        match answer.status_code() {
            204 => {
                let at = answer.headers().get(SIGNED_IN_AT)?.and_then(|at| at.parse().ok());
                Ok(at.map_or_else(now, UnixSeconds::new))
            }
            _ => Err(Stop::Reply(convert::reply(answer).await?)),
        }
    }

    /// Applies the rate limit of a network address. One object per address counts for all isolates.
    pub(super) async fn admit_at_source(&self, source: &Source, asked: Asked) -> Result<(), Stop> {
        let scope = self.gate.config.keys.scope_of_source(&source.key());
        self.agrees(scope, Action::AdmitSource(asked)).await.map(drop)
    }

    pub(super) fn read<T: DeserializeOwned>(&self, body: &[u8], wanted: &str) -> Result<T, Stop> {
        serde_json::from_slice(body).map_err(|_| {
            let detail = format!("send JSON such as {wanted}");
            Stop::Reply(self.gate.problem(&Abort::new(Code::MalformedJson, detail)))
        })
    }

    pub(super) fn read_address(&self, email: &str) -> Result<EmailAddress, Stop> {
        EmailAddress::parse(email).map_err(|error| {
            let detail = format!("email: {error}");
            Stop::Reply(self.gate.problem(&Abort::new(Code::InvalidArguments, detail)))
        })
    }

    /// The response after a proof of identity, with the session.
    pub(super) fn session(&self, user: UserId, at: UnixSeconds) -> Reply {
        let session = Session::start(&self.gate.config.keys, user, at);
        let token = session.token(&self.gate.config.keys);
        let body = json!(SessionAnswer {
            token: token.clone(),
            user_id: session.user.to_string(),
            scope: session.scope.to_string(),
            expires_at: session.expires_at.to_string(),
        });
        Reply::json(200, body.to_string())
            .with_header("set-cookie", cookie::set(cookie::SESSION, &token, 86_400))
            .with_header("cache-control", "no-store".to_owned())
    }

    /// Ends all sessions of the signed-in user and removes the browser's cookie. If the user's object does not
    /// confirm, the cookie stays, so that the user can retry.
    pub(super) async fn sign_out(&self, user: Option<SignedIn>) -> Result<Reply, Stop> {
        if let Some(SignedIn { scope, signed_in_at, .. }) = user {
            self.agrees(scope, Action::EndSessions(signed_in_at)).await?;
        }
        Ok(Reply::empty(204).with_header("set-cookie", cookie::set(cookie::SESSION, "", 0)))
    }

    /// Whether a contract wallet accepts the signature on the message's chain.
    async fn ask_chain(&self, unproven: Unproven) -> Result<ProvenWallet, SiweError> {
        let mut networks = self.gate.config.networks.iter();
        let network = networks.find(|network| network.chain_id == unproven.chain_id());
        let url = network.and_then(|network| self.gate.config.rpc_urls.get(network.caip2));
        let rpc = Rpc { url: url.cloned().ok_or(SiweError::Chain)? };
        unproven.ask(&EdgeHttp, &rpc, &self.gate.config.factories).await
    }
}
