//! The public page of a host, with what all of its products offer.

use crate::base::http::Reply;
use crate::ports::World;
use crate::ports::paging::Page;
use crate::products::events::pages::{HostCard, SecretLine};
use crate::products::{events, vault};
use crate::rails::outcome::Failure;
use crate::shop::Shop;
use crate::shop::profile::Profile;
use crate::shop::registry::Product;

/// The most secrets on a host's page; an agent lists them all.
const SECRETS_MAX: u32 = 20;

/// A host, as its pages show it.
pub(super) fn card(profile: &Profile) -> HostCard<'_> {
    HostCard {
        scope: &profile.scope,
        display_name: &profile.words.display_name,
        about: &profile.words.about,
        is_selling: profile.products.has(Product::Events),
    }
}

/// The host's page: its events that are in progress or still to come, and its secrets.
pub(super) fn host_page(
    shop: &Shop<'_, impl World>,
    cursor: Option<&str>,
) -> Result<Reply, Failure> {
    let secrets = secrets(shop)?;
    events::rest::host_page(&shop.cx, &card(shop.profile), secrets, cursor)
}

fn secrets(shop: &Shop<'_, impl World>) -> Result<Vec<SecretLine>, Failure> {
    if !shop.profile.products.has(Product::Vault) {
        return Ok(Vec::new());
    }
    let now = shop.cx.now();
    let page = Page::of(&vault::store::BY_AGE, SECRETS_MAX, None, now)?;
    let found = vault::store::list(shop.cx.world, Some(now), &page)?;
    let line = |secret: vault::Secret| SecretLine {
        name: secret.name,
        price: secret.price,
        sold: secret.retrievals,
    };
    Ok(found.entries.into_iter().map(line).collect())
}
