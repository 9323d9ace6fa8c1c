//! The public page of a host, with what all of its products offer.

use crate::base::http::Reply;
use crate::base::id::{EventId, TicketCode};
use crate::identity::reader::Reader;
use crate::ports::World;
use crate::ports::paging::Page;
use crate::products::events::news::unsubscribe;
use crate::products::events::pages::{HostCard, SecretLine};
use crate::products::events::pictures::{self, Picture};
use crate::products::{events, vault};
use crate::rails::outcome::Failure;
use crate::shop::Shop;
use crate::shop::profile::Profile;
use crate::shop::registry::Product;

/// The most secrets on a host's page; an agent lists them all.
const SECRETS_MAX: u32 = 20;

/// A host, as its pages show it.
fn card<'a>(profile: &'a Profile, picture: Option<&'a Picture>) -> HostCard<'a> {
    HostCard {
        scope: &profile.scope,
        display_name: &profile.words.display_name,
        about: &profile.words.about,
        picture,
        is_selling: profile.products.has(Product::Events),
    }
}

/// The host's page: its events that are in progress or still to come, and its secrets.
pub(super) fn host_page(
    shop: &Shop<'_, impl World>,
    cursor: Option<&str>,
) -> Result<Reply, Failure> {
    let secrets = secrets(shop)?;
    let picture = pictures::of_host(shop.cx.world)?;
    events::rest::host_page(&shop.cx, &card(shop.profile, picture.as_ref()), secrets, cursor)
}

/// The page of an event. Its host sees that of a draft, too.
pub(super) fn event_page(
    shop: &Shop<'_, impl World>,
    id: &EventId,
    is_owner: bool,
) -> Result<Reply, Failure> {
    let picture = pictures::of_host(shop.cx.world)?;
    events::rest::event_page(&shop.cx, &card(shop.profile, picture.as_ref()), id, is_owner)
}

/// The page of a ticket.
pub(super) fn ticket(shop: &Shop<'_, impl World>, code: &TicketCode) -> Result<Reply, Failure> {
    let picture = pictures::of_host(shop.cx.world)?;
    events::rest::ticket(&shop.cx, &card(shop.profile, picture.as_ref()), code)
}

/// The page on which a reader stops the host's messages; with a form's `body` what the reader chose.
pub(super) fn reader(
    shop: &Shop<'_, impl World>,
    reader: &Reader,
    body: Option<&[u8]>,
) -> Result<Reply, Failure> {
    let card = card(shop.profile, None);
    match body {
        None => unsubscribe::page(&shop.cx, &card, reader),
        Some(body) => unsubscribe::set(&shop.cx, &card, reader, body),
    }
}

fn secrets(shop: &Shop<'_, impl World>) -> Result<Vec<SecretLine>, Failure> {
    if !shop.profile.products.has(Product::Vault) {
        return Ok(Vec::new());
    }
    let now = shop.cx.now();
    let page = Page::of(&vault::store::BY_AGE, SECRETS_MAX, None, now)?;
    let found = vault::store::list(shop.cx.world, Some(now), &page)?;
    let line = |secret: vault::Secret| SecretLine {
        id: secret.id.to_string(),
        name: secret.name,
        price: secret.price,
        sold: secret.retrievals,
    };
    Ok(found.entries.into_iter().map(line).collect())
}
