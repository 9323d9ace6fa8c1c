//! The ways in which a call can be paid now: those whose facilitator settles, and works.

use crate::base::money::Usdc;
use crate::config::{Config, SolanaPayments};
use crate::facilitator::client::Facilitator;
use crate::facilitator::supported::SolanaKind;
use crate::ports::World;
use crate::rails::outcome::Failure;
use crate::rails::quote::{Quote, SolanaOffer, UptoOffer};
use crate::rails::x402::solana::Binder;
use crate::rails::x402::wire::{Means, PaymentPayload};
use crate::sale::answers::{no_network, unavailable};
use crate::shop::Shop;

/// The quote with the networks on which the facilitators settle; at least one.
pub(super) async fn payable(shop: &Shop<'_, impl World>, quote: Quote) -> Result<Quote, Failure> {
    let config = shop.cx.config;
    let networks =
        config.supported.among(shop.cx.world, &config.facilitator, &config.networks).await;
    let solana = solana_offer(shop, &quote).await;
    if networks.is_empty() && solana.is_none() {
        return Err(no_network(&config.networks).into());
    }
    Ok(Quote { networks, solana, ..quote })
}

/// How a price is paid that is known only when the call is carried out: through our own facilitator, which alone settles it.
pub(super) fn upto_offer(config: &Config, most: Usdc) -> Option<UptoOffer> {
    match &config.facilitator {
        Facilitator::Own(own) => Some(UptoOffer { most, facilitator: own.relayer }),
        Facilitator::At(_) => None,
    }
}

/// How the call is paid on Solana: if it is on offer, its host has named an address, and a facilitator pays the fee.
async fn solana_offer(shop: &Shop<'_, impl World>, quote: &Quote) -> Option<SolanaOffer> {
    let (pay_to, settings) = (shop.profile.solana?, shop.cx.config.solana_on_offer()?);
    let SolanaPayments { network, facilitator, supported } = settings;
    let kind = supported.on(shop.cx.world, facilitator, network).await?;
    let SolanaKind { fee_payer, has_v1 } = kind;
    let memo = binder(shop, quote).memo(network, fee_payer, &shop.cx.world.bytes());
    Some(SolanaOffer { network, pay_to, fee_payer, has_v1, memo })
}

fn binder<'a>(shop: &'a Shop<'_, impl World>, quote: &'a Quote) -> Binder<'a> {
    Binder { keys: &shop.cx.config.keys, scope: shop.cx.scope, digest: &quote.call.digest }
}

/// The quote that this payment answers, if it is one on Solana: each challenge has a memo of its own.
pub(super) fn taken(shop: &Shop<'_, impl World>, quote: &Quote, payment: &PaymentPayload) -> Quote {
    match (&payment.means, &quote.solana) {
        (Means::Solana(transfer), Some(offer)) => {
            let solana = Some(binder(shop, quote).taken(offer, transfer));
            Quote { solana, ..quote.clone() }
        }
        (Means::Evm { .. } | Means::Solana(_), _) => quote.clone(),
    }
}

/// The quote without the ways to pay whose facilitator has just failed.
pub(super) fn working(shop: &Shop<'_, impl World>, quote: Quote) -> Result<Quote, Failure> {
    let now = shop.cx.world.now();
    let works = |network: &str| shop.memory.breaker(network).borrow().check(now);
    let solana = quote.solana.filter(|offer| works(offer.network.caip2).is_ok());
    match quote.networks.first().map(|network| works(network.caip2)) {
        Some(Err(seconds)) if solana.is_none() => Err(unavailable(seconds)),
        Some(Err(_)) => Ok(Quote { networks: Vec::new(), solana, ..quote }),
        None if solana.is_none() => Err(unavailable(10)),
        Some(Ok(())) | None => Ok(Quote { solana, ..quote }),
    }
}
