//! Parses each setting. A fault says what to do, without the setting's name, and never repeats a secret.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use crate::base::web_address::Url;
use crate::chain::networks::Network;
use crate::chain::signature::Factories;
use crate::chain::transaction::RelayerKey;
use crate::chat::llm::{ApiKey, Settings};
use crate::config::facilitator_api::FacilitatorApi;
use crate::facilitator::credentials::{CdpKey, Credentials, Header};
use crate::identity::keys::{KeyId, Keys};
use crate::identity::lasting::IdentityKeys;
use crate::identity::master_key::MasterKey;
use crate::mail::settings::{self, MailApi, MailKey, MailSettings, Sender};
use crate::mail::webhook::WebhookSecret;
use crate::wallets::crossmint::{self, Crossmint};

/// The shortest access token, characters.
const TOKEN_CHARS_MIN: usize = 16;
/// The default endpoint of the language model.
pub(super) const OPENAI_BASE_URL: &str = "https://api.openai.com/v1";
/// The default language model.
pub(super) const OPENAI_MODEL: &str = "gpt-5-mini";

pub(super) fn take<T>(
    faults: &mut Vec<String>,
    name: &str,
    result: Result<T, String>,
) -> Option<T> {
    result.map_err(|fault| faults.push(format!("{name} {fault}"))).ok()
}

pub(super) fn read_networks(text: Option<String>) -> Result<Vec<&'static Network>, String> {
    let text = text.ok_or("is missing; set CAIP-2 ids such as eip155:84532")?;
    text.split(',')
        .map(|id| {
            Network::by_caip2(id.trim())
                .ok_or_else(|| format!("names {:?}, which is unknown", id.trim()))
        })
        .collect()
}

pub(super) fn read_rpc_urls(text: Option<String>) -> Result<BTreeMap<String, String>, String> {
    let text = text.ok_or("is missing; set JSON such as {\"eip155:84532\": \"https://…\"}")?;
    serde_json::from_str(&text)
        .map_err(|_| "is not a JSON object of endpoints by network".to_owned())
}

pub(super) fn read_url(text: Option<String>) -> Result<String, String> {
    let text = text.ok_or("is missing; set an http(s) address")?;
    match Url::parse(text.trim()) {
        Some(url) if url.is_web() => Ok(text.trim().trim_end_matches('/').to_owned()),
        Some(_) | None => Err("is not an http(s) address".to_owned()),
    }
}

pub(super) fn read_public_url(text: Option<String>) -> Result<String, String> {
    let is_missing = text.is_none();
    read_url(text).map_err(|fault| match is_missing {
        true => "is missing, the address at which this deployment is reached: `npm run deploy` sets it (at an address of your own: `npm run deploy -- --url https://…`), on your own machine `npm run secrets -- --dev`".to_owned(),
        false => fault,
    })
}

/// The credentials for a remote facilitator. `None` if none are set, and after a fault.
pub(super) fn read_credentials(
    faults: &mut Vec<String>,
    set: &impl Fn(&str) -> Option<String>,
) -> Option<Credentials> {
    let (id, secret) = (set("CDP_API_KEY_ID"), set("CDP_API_KEY_SECRET"));
    let header = set("FACILITATOR_AUTHORIZATION");
    let header = header.map(|text| {
        Header::parse(text.trim())
            .ok_or_else(|| "is not the value of a header, such as `Bearer …`".to_owned())
    });
    let header = take(faults, "FACILITATOR_AUTHORIZATION", header.transpose())?;
    let missing = match (&id, &secret) {
        (Some(_), Some(_)) | (None, None) => None,
        (Some(_), None) => Some(("CDP_API_KEY_SECRET", "CDP_API_KEY_ID")),
        (None, Some(_)) => Some(("CDP_API_KEY_ID", "CDP_API_KEY_SECRET")),
    };
    if let Some((name, other)) = missing {
        faults.push(format!("{name} is missing; it goes together with {other}"));
    }
    let Some((id, secret)) = id.zip(secret) else { return header.map(Credentials::Header) };
    if header.is_some() {
        faults.push("FACILITATOR_AUTHORIZATION is set beside CDP_API_KEY_ID and CDP_API_KEY_SECRET; keep one of the two".to_owned());
    }
    match CdpKey::parse(&id, &secret) {
        Ok(key) => Some(Credentials::Cdp(key)),
        Err(fault) => {
            faults.push(fault.to_owned());
            None
        }
    }
}

/// `None`: our own facilitator.
pub(super) fn read_facilitator(text: Option<String>) -> Result<Option<String>, String> {
    if text.as_deref().map(str::trim) == Some("self") {
        return Ok(None);
    }
    let is_missing = text.is_none();
    read_url(text).map(Some).map_err(|fault| {
        if is_missing { "is missing; set an http(s) address, or self".to_owned() } else { fault }
    })
}

pub(super) fn read_api(
    text: Option<String>,
    tokens: Option<String>,
) -> Result<FacilitatorApi, String> {
    match text.as_deref().map(str::trim) {
        None | Some("off") => Ok(FacilitatorApi::Off),
        Some("open") => Ok(FacilitatorApi::Open),
        Some("token") => {
            let tokens = tokens.unwrap_or_default();
            let tokens: Vec<String> =
                tokens.split(',').map(|token| token.trim().to_owned()).collect();
            if tokens.iter().any(|token| token.len() < TOKEN_CHARS_MIN) {
                return Err(format!(
                    "is token; set the secret FACILITATOR_TOKENS, separated by commas, each of at least {TOKEN_CHARS_MIN} characters"
                ));
            }
            Ok(FacilitatorApi::Tokens(tokens))
        }
        Some(_) => Err("must be off, open or token".to_owned()),
    }
}

pub(super) fn read_relayer(text: Option<String>) -> Result<Option<RelayerKey>, String> {
    text.map(|text| {
        RelayerKey::parse(&text).ok_or_else(|| "is not a private key in hex".to_owned())
    })
    .transpose()
}

pub(super) fn read_factories(text: Option<String>) -> Result<Factories, String> {
    Factories::parse(&text.unwrap_or_default()).map_err(|entry| {
        format!("names {entry:?}, which is not an address and a selector such as 0x…:0x3ffba36f")
    })
}

pub(super) fn read_smart_wallet_factory(text: Option<String>) -> Result<Option<Address>, String> {
    let read = |text: String| text.trim().parse().map_err(|_| "is not an address".to_owned());
    text.map(read).transpose()
}

/// `None` after a fault.
pub(super) fn read_crossmint(
    faults: &mut Vec<String>,
    set: &impl Fn(&str) -> Option<String>,
) -> Option<Option<Crossmint>> {
    let url = set("CROSSMINT_URL").map(|url| crossmint::read_url(&url)).transpose();
    let url = take(faults, "CROSSMINT_URL", url)?;
    let key = set("CROSSMINT_API_KEY").map(|key| Crossmint::new(&key, url)).transpose();
    take(faults, "CROSSMINT_API_KEY", key)
}

pub(super) fn read_origins(text: Option<&str>) -> Result<Vec<String>, String> {
    let origins = text.unwrap_or_default().split(',').map(str::trim).filter(|o| !o.is_empty());
    origins
        .map(|origin| {
            let known = Url::parse(origin).and_then(|url| url.origin());
            known.ok_or_else(|| format!("names {origin:?}, which is not an origin"))
        })
        .collect()
}

/// `None` after a fault.
pub(super) fn read_keys(
    faults: &mut Vec<String>,
    set: &impl Fn(&str) -> Option<String>,
) -> Option<Keys> {
    let read = |text: String| {
        MasterKey::parse(&text).map_err(|_| "is not 32 bytes in hex or base64".to_owned())
    };
    let missing = "is missing, 32 random bytes in hex: `npm run secrets -- --put` makes them (on your own machine: `npm run secrets -- --dev`)";
    let master = set("MASTER_KEY").ok_or_else(|| missing.to_owned()).and_then(read);
    let master = take(faults, "MASTER_KEY", master);
    let previous = set("MASTER_KEY_PREVIOUS").map(read).transpose();
    let previous = take(faults, "MASTER_KEY_PREVIOUS", previous);
    let lasting = set("IDENTITY_KEYS").map(|text| IdentityKeys::parse(&text)).transpose();
    let lasting = take(faults, "IDENTITY_KEYS", lasting.map_err(|error| error.to_string()));
    let (master, previous, lasting) = (master?, previous?, lasting?);
    let Some(previous) = previous else {
        return Some(Keys::rotated(
            &master,
            None,
            lasting.unwrap_or_else(|| IdentityKeys::of(&master)),
        ));
    };
    let Some(lasting) = lasting else {
        faults.push(IDENTITY_KEYS_MISSING.to_owned());
        return None;
    };
    // Two different keys have the same id once in two thousand million cases.
    if KeyId::of(&previous) == KeyId::of(&master) {
        faults.push(SAME_KEY.to_owned());
        return None;
    }
    Some(Keys::rotated(&master, Some(&previous), lasting))
}

const IDENTITY_KEYS_MISSING: &str = "IDENTITY_KEYS is missing beside MASTER_KEY_PREVIOUS, and without it all hosts and smart wallets would get other addresses; put the old key back as MASTER_KEY, remove MASTER_KEY_PREVIOUS, then `npm run secrets -- --rotate`, which sets all three";

const SAME_KEY: &str = "MASTER_KEY_PREVIOUS is the same key as MASTER_KEY; `npm run secrets -- --rotate` makes a new one";

/// `None` without a key, and after a fault.
pub(super) fn read_llm(
    faults: &mut Vec<String>,
    set: &impl Fn(&str) -> Option<String>,
) -> Option<Settings> {
    let address = set("OPENAI_BASE_URL").unwrap_or_else(|| OPENAI_BASE_URL.to_owned());
    let base_url = take(faults, "OPENAI_BASE_URL", read_url(Some(address)))?;
    let model = set("OPENAI_MODEL").unwrap_or_else(|| OPENAI_MODEL.to_owned());
    let key = set("OPENAI_API_KEY").map(|key| {
        ApiKey::parse(key.trim())
            .ok_or_else(|| "is not a key: visible ASCII characters, no spaces".to_owned())
    });
    let api_key = take(faults, "OPENAI_API_KEY", key?)?;
    Some(Settings { base_url, model: model.trim().to_owned(), api_key })
}

/// `None` without a sender, and after a fault.
pub(super) fn read_mail(
    faults: &mut Vec<String>,
    set: &impl Fn(&str) -> Option<String>,
) -> Option<MailSettings> {
    let (from, url, key) = (set("MAIL_FROM"), set("MAIL_API_URL"), set("MAIL_API_KEY"));
    let inbox = set("MAIL_INBOX");
    // Half of these settings would send mail by another way than intended.
    for (name, is_missing) in [
        ("MAIL_FROM", from.is_none() && (url.is_some() || key.is_some() || inbox.is_some())),
        ("MAIL_API_KEY", url.is_some() && key.is_none()),
        ("MAIL_API_URL", key.is_some() && url.is_none()),
    ] {
        if is_missing {
            faults.push(format!(
                "{name} is missing; mails are posted with all of MAIL_FROM, MAIL_API_URL and MAIL_API_KEY"
            ));
        }
    }
    let from = from.map(|text| {
        let remedy = "is not a sender such as `Events <events@example.org>`";
        Sender::parse(&text).ok_or_else(|| remedy.to_owned())
    });
    let from = take(faults, "MAIL_FROM", from.transpose());
    let url = url.map(|text| {
        let remedy = "must be an https address, or http on this machine";
        settings::read_url(&text).ok_or_else(|| remedy.to_owned())
    });
    let url = take(faults, "MAIL_API_URL", url.transpose());
    let key = key.map(|text| {
        MailKey::parse(text.trim())
            .ok_or_else(|| "is not a key: visible ASCII characters, no spaces".to_owned())
    });
    let key = take(faults, "MAIL_API_KEY", key.transpose());
    let inbox = inbox.map(|text| {
        let remedy = "is not an address such as reply@desk.example.org, with at most 15 characters before the @ and no plus sign";
        settings::read_inbox(&text).ok_or_else(|| remedy.to_owned())
    });
    let inbox = take(faults, "MAIL_INBOX", inbox.transpose());
    let api = url?.zip(key?).map(|(url, key)| MailApi { url, key });
    Some(MailSettings { from: from??, api, inbox: inbox? })
}

/// Where people who find a weakness write to.
pub(super) fn read_contact(text: Option<String>) -> Result<Option<String>, String> {
    let is_uri = |text: &String| {
        let is_kind = text.starts_with("mailto:") || text.starts_with("https://");
        is_kind && text.len() <= 200 && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let remedy = "must be mailto: and an address, or the https:// address of a page";
    text.map(|text| Some(text).filter(is_uri).ok_or_else(|| remedy.to_owned())).transpose()
}

pub(super) fn read_mail_webhook(
    faults: &mut Vec<String>,
    set: &impl Fn(&str) -> Option<String>,
) -> Option<Option<WebhookSecret>> {
    let read = |text: String| {
        WebhookSecret::parse(text.trim())
            .ok_or_else(|| "is not whsec_ and at least 16 bytes in base64".to_owned())
    };
    let secret = set("MAIL_WEBHOOK_SECRET").map(read).transpose();
    take(faults, "MAIL_WEBHOOK_SECRET", secret)
}

pub(super) fn origin_of(address: &str) -> String {
    Url::parse(address).and_then(|url| url.origin()).unwrap_or_else(|| address.to_owned())
}
