//! The host's REST routes, and the public manifest.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::fields::{self, InvalidField};
use crate::base::http::Reply;
use crate::base::id::EventId;
use crate::host::command::Command;
use crate::host::profile::read_products;
use crate::host::views::{OwnMails, OwnPayments, ProfileView};
use crate::host::{Host, backup, credentials, prices};
use crate::http::route::{Format, Own};
use crate::identity::access::Caller;
use crate::ledger::limits::{LimitChanges, Limits};
use crate::ledger::{revenue, statement};
use crate::mail::outbox;
use crate::mcp::catalog;
use crate::ports::paging::{Found, Page};
use crate::ports::{SqlError, World};
use crate::products::{desk, events, vault};
use crate::rails::outcome::Failure;
use crate::sale::cx::Cx;
use crate::sale::prices::Prices;
use crate::sale::request::{CSV_LINES_MAX, PAGE, csv_file, member, ok, read_body};
use crate::shop::Shop;
use crate::shop::profile::{ABOUT_CHARS_MAX, Listed, NAME_CHARS_MAX, Profile, Words};
use crate::shop::verdict::decide;

/// The body of `PATCH /api/users/me`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProfileChanges {
    limits: Option<LimitChanges>,
    #[serde(alias = "doors")]
    products: Option<Vec<String>>,
    display_name: Option<String>,
    about: Option<String>,
    listed: Option<bool>,
}

impl ProfileChanges {
    /// What the host says about itself from now on.
    fn words(&self, known: &Words) -> Result<Words, InvalidField> {
        let Words { display_name, about } = known.clone();
        let read = |name: &String| fields::line("displayName", name, 0, NAME_CHARS_MAX);
        Ok(Words {
            display_name: self.display_name.as_ref().map_or(Ok(display_name), read)?,
            about: match &self.about {
                Some(about) => fields::text("about", about, ABOUT_CHARS_MAX)?,
                None => about,
            },
        })
    }
}

impl<W: World> Host<W> {
    /// Answers a REST request of the host. The caller's rights are checked already ([`caller::check_own`]).
    ///
    /// [`caller::check_own`]: crate::host::caller::check_own
    pub(super) async fn own(
        &self,
        profile: &Profile,
        command: &Command,
        caller: &Caller,
        own: &Own,
        body: &[u8],
    ) -> Result<Reply, Failure> {
        let object = self.object();
        let (cx, cursor) = (self.cx(profile), command.cursor.as_deref());
        match own {
            // `dispatch` handles these two.
            Own::Register | Own::Restore => Err(super::no_such_host()),
            Own::Profile => Ok(ok(&own_record(&self.shop(profile))?)),
            Own::ChangeProfile => change_profile(&self.shop(profile), body),
            Own::Events => events::rest::own_events(&cx, cursor),
            Own::CreateEvent => {
                let answer = events::manage::create_event(&cx, read_body(body)?)?;
                Ok(Reply::json(201, member(&answer, "event")))
            }
            Own::UpdateEvent(event_id) => {
                let answer = events::manage::update_event(&cx, event_id, read_body(body)?)?;
                Ok(Reply::json(200, member(&answer, "event")))
            }
            Own::CancelEvent(event_id) => Ok(ok(&events::cancel::cancel_event(&cx, event_id)?)),
            Own::Waitlist(event_id) => events::rest::waitlist(&cx, event_id, cursor),
            Own::Rsvps(event_id, format) => events::rest::rsvps(&cx, event_id, cursor, *format),
            Own::CheckIn(event_id) => check_in(&cx, event_id, body),
            Own::Messages(event_id) => Ok(ok(&events::news::message::told(&cx, event_id)?)),
            Own::MessageGuests(event_id) => message(&cx, event_id, body),
            Own::SetPicture(item) => events::uploads::set(&cx, item.as_ref(), body)
                .and_then(|()| pictured(&self.shop(profile), item.as_ref())),
            Own::RemovePicture(item) => events::uploads::remove(&cx, item.as_ref())
                .and_then(|()| pictured(&self.shop(profile), item.as_ref())),
            Own::Entrance(event_id) => events::entrance::rest::list(&cx, event_id, cursor),
            Own::Enter(event_id) => events::entrance::rest::sync(&cx, event_id, body),
            Own::Prices => Ok(ok(&prices::own_prices(&cx)?)),
            Own::ChangePrices => Ok(ok(&prices::change_prices(&cx, read_body(body)?)?)),
            Own::Refunds => Ok(ok(&events::refunds::page(&cx, None, cursor)?)),
            Own::PayRefunds => Ok(ok(&events::refunds::pay_refunds(&cx, read_body(body)?)?)),
            Own::Secrets => Ok(ok(&vault::manage::own_secrets(&cx)?)),
            Own::StoreSecret => {
                let answer = vault::manage::store_secret(&cx, read_body(body)?)?;
                Ok(Reply::json(201, member(&answer, "secret")))
            }
            Own::ChangeSecret(id) => {
                Ok(ok(&vault::manage::change_secret(&cx, id, read_body(body)?)?))
            }
            Own::RevokeSecret(id) => Ok(ok(&vault::manage::revoke_secret(&cx, id)?)),
            Own::Retrievals(id) => Ok(ok(&vault::manage::retrievals(&cx, id, cursor)?)),
            Own::Desk(asked) => desk::rest::desk(&cx, cursor, caller, asked, body),
            Own::Credentials => Ok(ok(&credentials::own_credentials(&object)?)),
            Own::CreateCredential => {
                let is_fresh = command.user.as_ref().is_some_and(|user| user.fresh);
                let created =
                    credentials::create_credential(&object, profile, read_body(body)?, is_fresh)?;
                Ok(Reply { status: 201, ..ok(&created) })
            }
            Own::RevokeCredential(id) => Ok(ok(&credentials::revoke_credential(&object, id)?)),
            Own::Export => backup::export(&object, profile),
            Own::Revenue => Ok(ok(&earned(&self.world, profile)?)),
            Own::Mail => own_mails(&self.shop(profile), cursor),
            Own::Payments(format) => payments(&self.shop(profile), cursor, *format),
            Own::Decide(id) => Ok(ok(&decide(&self.shop(profile), id, &read_body(body)?).await?)),
        }
    }
}

/// The host's own wallets are the payout wallet and the one that it signs in with.
fn earned(world: &impl World, profile: &Profile) -> Result<revenue::Revenue, SqlError> {
    let payout = profile.wallet.to_checksum(None);
    let signs_in = profile.user_id.wallet().map(|wallet| wallet.to_checksum(None));
    revenue::statement(world, [&payout, signs_in.as_deref().unwrap_or(&payout)], world.now())
}

/// Changes what the host has said about itself, its products and its limits.
fn change_profile(shop: &Shop<'_, impl World>, body: &[u8]) -> Result<Reply, Failure> {
    let (world, profile) = (shop.cx.world, shop.profile);
    let changes: ProfileChanges = read_body(body)?;
    let words = changes.words(&profile.words)?;
    let ProfileChanges { limits, products, listed, .. } = changes;
    let limits = Limits::load(world)?.changed(&limits.unwrap_or_default())?;
    let products = products.map(|products| read_products(&products)).transpose()?;
    let products = products.unwrap_or(profile.products);
    let listed = listed.map_or(profile.listed, |wants| profile.listed.chosen(wants));
    let updated_at = world.now();
    let changed = Profile { products, words, listed, updated_at, ..profile.clone() };
    world.atomically(|| {
        changed.save(world)?;
        limits.save(world)
    })?;
    Ok(ok(&own_record(&Shop { profile: &changed, ..*shop })?))
}

/// The most entries of a list in one response.
const fn length_of(format: Format) -> u32 {
    match format {
        Format::Json => PAGE,
        Format::Csv => CSV_LINES_MAX,
    }
}

/// The public manifest: tools, prices, networks and payTo.
pub(super) fn manifest(shop: &Shop<'_, impl World>) -> Result<Reply, SqlError> {
    let prices = Prices::load(shop.cx.world)?;
    let networks: Vec<Value> = shop
        .cx
        .config
        .networks
        .iter()
        .map(|network| {
            json!({
                "network": network.caip2,
                "x402V1Network": network.v1_name,
                "asset": network.usdc.to_checksum(None),
            })
        })
        .collect();
    let mut manifest = json!({
        "mcpUrl": shop.cx.server_url(),
        "httpUrl": format!("{}/x402/users/{}/tools/{{tool}}", shop.cx.config.public_url, shop.profile.scope),
        "payTo": shop.profile.wallet.to_checksum(None),
        "networks": networks,
        "host": {"displayName": shop.profile.words.display_name, "about": shop.profile.words.about},
        "tools": catalog::prices(shop.profile.products, &prices),
    });
    let solana = shop.profile.solana.zip(shop.cx.config.solana_on_offer());
    if let (Some((pay_to, settings)), Some(members)) = (solana, manifest.as_object_mut()) {
        let network = settings.network;
        let entry = json!({
            "network": network.caip2,
            "x402V1Network": network.v1_name,
            "asset": network.usdc,
            "payTo": pay_to.to_string(),
        });
        members.insert("solana".to_owned(), entry);
    }
    Ok(ok(&manifest))
}

fn own_record(shop: &Shop<'_, impl World>) -> Result<ProfileView, SqlError> {
    let picture = events::pictures::of_host(shop.cx.world)?;
    let (picture_path, picture_alt) = picture.map(|it| (it.path, it.alt)).unzip();
    Ok(ProfileView {
        user_id: shop.profile.user_id.to_string(),
        wallet_address: shop.profile.wallet.to_checksum(None),
        solana_address: shop.profile.solana.map(|address| address.to_string()),
        url_safe_id: shop.profile.scope.to_string(),
        mcp_url: shop.cx.server_url(),
        products: shop.profile.products.names(),
        doors: shop.profile.products.names(),
        display_name: shop.profile.words.display_name.clone(),
        about: shop.profile.words.about.clone(),
        picture_path,
        picture_alt,
        listed: shop.profile.listed == Listed::Yes,
        limits: Limits::load(shop.cx.world)?.view(),
        stuck_payments: statement::count_stuck(shop.cx.world, shop.cx.world.now())?,
        created_at: shop.profile.created_at.to_string(),
        updated_at: shop.profile.updated_at.to_string(),
    })
}

/// What has another picture now: an event, or the host.
fn pictured(shop: &Shop<'_, impl World>, item: Option<&EventId>) -> Result<Reply, Failure> {
    match item {
        None => Ok(ok(&own_record(shop)?)),
        Some(id) => events::rest::own_event(&shop.cx, id),
    }
}

fn payments(
    shop: &Shop<'_, impl World>,
    cursor: Option<&str>,
    format: Format,
) -> Result<Reply, Failure> {
    let now = shop.cx.world.now();
    let page = Page::of(&statement::STUCK_FIRST, length_of(format), cursor, now)?;
    let found = statement::list(shop.cx.world, &page, now)?;
    Ok(match format {
        Format::Csv => {
            let next = found.next_cursor.as_deref().map(|cursor| ("payments.csv", cursor));
            csv_file(&shop.cx, "payments.csv", statement::to_csv(&found.entries), next)
        }
        Format::Json => {
            ok(&OwnPayments { payments: found.entries, next_cursor: found.next_cursor })
        }
    })
}

fn own_mails(shop: &Shop<'_, impl World>, cursor: Option<&str>) -> Result<Reply, Failure> {
    let page = Page::of(&outbox::NEWEST_FIRST, PAGE, cursor, shop.cx.world.now())?;
    let Found { entries: mails, next_cursor } = outbox::list(shop.cx.world, &page)?;
    Ok(ok(&OwnMails { mails, next_cursor }))
}

/// Writes to guests of an event.
fn message(cx: &Cx<'_, impl World>, event: &EventId, body: &[u8]) -> Result<Reply, Failure> {
    Ok(ok(&events::news::message::message_guests(cx, event, &read_body(body)?)?))
}

/// Lets a guest in by the code of its ticket.
fn check_in(cx: &Cx<'_, impl World>, event: &EventId, body: &[u8]) -> Result<Reply, Failure> {
    let input: Value = read_body(body)?;
    let code = input.get("code").and_then(Value::as_str).unwrap_or_default();
    Ok(ok(&events::manage::check_in(cx, event, code)?))
}
