//! Sign-in with Ethereum, at the gateway: the message is proven here, its nonce is used up in the
//! object that belongs to the proven wallet.

use serde::Deserialize;
use serde_json::json;

use crate::chain::rpc::Rpc;
use crate::edge::fetch::EdgeHttp;
use crate::edge::gateway::{Gateway, Stop};
use crate::edge::world::{EdgeRandom, now};
use crate::host::command::Action;
use crate::http::Reply;
use crate::http::page::{NonceAnswer, SessionAnswer};
use crate::identity::siwe::{self, Expected, ProvenWallet, SignIn, SiweError, Unproven};
use crate::identity::{Session, UserId};
use crate::outcome::Abort;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    message: String,
    signature: String,
}

impl Gateway {
    /// A nonce for a sign-in message.
    pub(super) fn nonce(&self) -> Reply {
        let (nonce, expires_at) = siwe::new_nonce(&self.config.keys, &EdgeRandom, now());
        let body = json!(NonceAnswer { nonce, expires_at: expires_at.to_string() });
        Reply::json(200, body.to_string()).with_header("cache-control", "no-store".to_owned())
    }

    /// A session for a signed message.
    pub(super) async fn sign_in(&self, body: &[u8]) -> Result<Reply, Stop> {
        let refused = |code, status, detail: String| {
            Stop::Reply(self.problem(&Abort::new(code, status, detail)))
        };
        let input: Sent = serde_json::from_slice(body).map_err(|error| {
            refused(
                "invalid_sign_in",
                400,
                format!("send JSON with message and signature: {error}"),
            )
        })?;
        let chain_ids: Vec<u64> =
            self.config.networks.iter().map(|network| network.chain_id).collect();
        let expected = Expected {
            domain: self.config.public_authority(),
            uri_origin: &self.config.public_url,
            chain_ids: &chain_ids,
        };
        let keys = &self.config.keys;
        let read = siwe::read(&input.message, &input.signature, &expected, keys, now());
        let proven = match read {
            Ok(SignIn::Proven(proven)) => Ok(proven),
            Ok(SignIn::Unproven(unproven)) => self.ask_chain(unproven).await,
            Err(error) => Err(error),
        };
        let proven = proven.map_err(|error| {
            let is_ours = error == SiweError::Chain;
            let (code, status) =
                if is_ours { ("chain_unavailable", 503) } else { ("sign_in_refused", 401) };
            refused(code, status, error.to_string())
        })?;
        let user = UserId::from_wallet(proven.address());
        let session = Session::start(keys, user, now());
        let used = Action::UseNonce {
            nonce: proven.nonce().to_owned(),
            expires_at: proven.nonce_expires_at(),
        };
        let mut answer = self.tell(session.scope.clone(), used).await?;
        if answer.status_code() != 204 {
            let body = answer.text().await?;
            return Err(Stop::Reply(Reply::text(
                answer.status_code(),
                "application/problem+json",
                body,
            )));
        }
        let token = session.token(keys);
        let body = json!(SessionAnswer {
            token: token.clone(),
            user_id: session.user.to_string(),
            scope: session.scope.to_string(),
            expires_at: session.expires_at.to_string(),
        });
        Ok(Reply::json(200, body.to_string())
            .with_header("set-cookie", self.cookie(&token, 86_400))
            .with_header("cache-control", "no-store".to_owned()))
    }

    /// The browser forgets its session. The token itself is good until it runs out.
    pub(super) fn sign_out(&self) -> Reply {
        Reply::empty(204).with_header("set-cookie", self.cookie("", 0))
    }

    fn cookie(&self, token: &str, seconds: u32) -> String {
        let secure = if self.config.is_local() { "" } else { "; Secure" };
        format!("session={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
    }

    /// Whether a contract wallet accepts the signature, on the chain that the message names.
    async fn ask_chain(&self, unproven: Unproven) -> Result<ProvenWallet, SiweError> {
        let mut networks = self.config.networks.iter();
        let network = networks.find(|network| network.chain_id == unproven.chain_id());
        let url = network.and_then(|network| self.config.rpc_urls.get(network.caip2));
        let rpc = Rpc { url: url.cloned().ok_or(SiweError::Chain)? };
        unproven.ask(&EdgeHttp, &rpc, &self.config.factories).await
    }
}
