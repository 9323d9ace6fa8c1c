//! Sign-in with Ethereum, at the gateway: the message is proven here, its nonce is used up in the
//! object that belongs to the proven wallet.

use serde::Deserialize;
use serde_json::json;

use crate::edge::gateway::{Gateway, Stop};
use crate::edge::world::{EdgeRandom, now};
use crate::host::command::Action;
use crate::http::Reply;
use crate::identity::siwe::{self, Expected};
use crate::identity::{Session, UserId};
use crate::outcome::Abort;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    message: String,
    signature: String,
}

impl Gateway {
    /// A nonce for a sign-in message.
    pub(super) fn nonce(&self) -> Reply {
        let (nonce, expires_at) = siwe::new_nonce(&self.config.keys, &EdgeRandom, now());
        let body = json!({"nonce": nonce, "expiresAt": expires_at.to_string()});
        Reply::json(200, body.to_string()).with_header("cache-control", "no-store".to_owned())
    }

    /// A session for a signed message.
    pub(super) async fn sign_in(&self, body: &[u8]) -> Result<Reply, Stop> {
        let refused = |code, status, detail: String| {
            Stop::Reply(self.problem(&Abort::new(code, status, detail)))
        };
        let input: SignIn = serde_json::from_slice(body).map_err(|error| {
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
        let proven = siwe::verify(&input.message, &input.signature, &expected, keys, now())
            .map_err(|error| refused("sign_in_refused", 401, error.to_string()))?;
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
        let body = json!({
            "token": token,
            "userId": session.user,
            "scope": session.scope,
            "expiresAt": session.expires_at.to_string(),
        });
        let secure = if self.config.is_local() { "" } else { "; Secure" };
        let cookie =
            format!("session={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400{secure}");
        Ok(Reply::json(200, body.to_string())
            .with_header("set-cookie", cookie)
            .with_header("cache-control", "no-store".to_owned()))
    }
}
