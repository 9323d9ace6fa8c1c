//! Signing in with a code by mail, at the gateway. Responses do not reveal whether an address is in use: they do not
//! wait for the object that queues the mail, and a code without one of our challenges is refused without asking an
//! object.

use serde::Deserialize;
use serde_json::json;

use crate::base::code::Code;
use crate::base::email::EmailAddress;
use crate::base::http::{Headers, Reply};
use crate::edge::gateway::{Gateway, Stop};
use crate::edge::mail::delivery;
use crate::edge::platform::{EdgeRandom, now};
use crate::host::command::{Action, Asked};
use crate::http::admission::Rare;
use crate::http::cookie;
use crate::http::page::CodeSentAnswer;
use crate::http::source::Source;
use crate::identity::UserId;
use crate::identity::challenge::{CHALLENGE_SECONDS, Challenge, KNOWN_SECONDS, is_known, remember};
use crate::identity::codes::{self, Asker, CodeRefused};
use crate::rails::outcome::Abort;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentAddress {
    email: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentCode {
    email: String,
    code: String,
    challenge: Option<String>,
}

impl Gateway {
    /// Sends a code to an e-mail address. The response is the same for all addresses.
    pub(super) async fn send_code(
        &self,
        source: &Source,
        headers: &Headers,
        body: &[u8],
    ) -> Result<Reply, Stop> {
        let SentAddress { email } = self.read(body, "{\"email\": \"…\"}")?;
        let address = self.read_address(&email)?;
        if delivery(&self.env, &self.gate.config).is_none() {
            let detail = "this deployment sends no mail; sign in with a wallet";
            return Err(Stop::Reply(self.gate.problem(&Abort::new(Code::MailUnavailable, detail))));
        }
        self.gate.admit_rare(source, Rare::Code, "codes were asked for")?;
        self.admit_at_source(source, Asked::ForCode).await?;
        let challenge = Challenge::random(&EdgeRandom);
        let text = challenge.text(&self.gate.config.keys, &address, now());
        let scope = self.gate.config.keys.scope_of(&UserId::from_email(&address));
        let asker = self.asker(challenge, source, headers, &address);
        self.tell_later(scope, Action::SendCode { address, asker })?;
        let answer = CodeSentAnswer {
            message: "If this address can be reached, a code is on its way to it. It is good for 10 minutes, where it was asked for, the newest one only.",
            challenge: text.clone(),
            expires_in_seconds: CHALLENGE_SECONDS,
        };
        Ok(Reply::json(202, json!(answer).to_string())
            .with_header(
                "set-cookie",
                cookie::set(cookie::CHALLENGE, &text, seconds(CHALLENGE_SECONDS)),
            )
            .with_header("cache-control", "no-store".to_owned()))
    }

    /// Exchanges a code for a session.
    pub(super) async fn check_code(
        &self,
        source: &Source,
        headers: &Headers,
        body: &[u8],
    ) -> Result<Reply, Stop> {
        let SentCode { email, code, challenge } = self.read(
            body,
            "{\"email\": \"…\", \"code\": \"6 digits\", \"challenge\": \"of POST /api/auth/otp\"}",
        )?;
        let address = self.read_address(&email)?;
        let bad = |detail: String| {
            Stop::Reply(self.gate.problem(&Abort::new(Code::InvalidArguments, detail)))
        };
        codes::Code::parse(&code).map_err(|error| bad(format!("code: {error}")))?;
        self.admit_at_source(source, Asked::ForSession).await?;
        let text = challenge.or_else(|| self.cookie(headers, cookie::CHALLENGE)).ok_or_else(|| {
            bad("challenge: send the one of POST /api/auth/otp, or its cookie; a code is good where it was asked for only".to_owned())
        })?;
        let challenge = Challenge::read(&self.gate.config.keys, &address, &text, now())
            .ok_or_else(|| Stop::Reply(self.gate.problem(&CodeRefused.into())))?;
        let user = UserId::from_email(&address);
        let asker = self.asker(challenge, source, headers, &address);
        let checked = Action::CheckCode { address: address.clone(), code, asker };
        let at = self.agrees(self.gate.config.keys.scope_of(&user), checked).await?;
        let before = self.cookie(headers, cookie::KNOWN).unwrap_or_default();
        let known = remember(&self.gate.config.keys, &address, &before, now());
        Ok(self
            .session(user, at)
            .with_header("set-cookie", cookie::set(cookie::KNOWN, &known, seconds(KNOWN_SECONDS))))
    }

    fn asker(
        &self,
        challenge: Challenge,
        source: &Source,
        headers: &Headers,
        address: &EmailAddress,
    ) -> Asker {
        let keys = &self.gate.config.keys;
        let known = self.cookie(headers, cookie::KNOWN).unwrap_or_default();
        let network = keys.scope_of_source(&source.network()).to_string();
        Asker { challenge, network, is_known: is_known(keys, address, &known, now()) }
    }

    fn cookie(&self, headers: &Headers, name: &str) -> Option<String> {
        cookie::find(headers.get("cookie")?, name).map(str::to_owned)
    }
}

fn seconds(seconds: i64) -> u32 {
    u32::try_from(seconds).unwrap_or(u32::MAX)
}
