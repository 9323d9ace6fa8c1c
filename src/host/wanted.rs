//! What a paid call wants, and what that costs.

use alloy_primitives::Address;
use serde_json::Value;

use crate::base::fields;
use crate::base::id::{EventId, SecretId};
use crate::base::text;
use crate::chain::networks::Network;
use crate::host::Host;
use crate::host::answers::{no_money, no_network};
use crate::host::desk::DeskCall;
use crate::host::profile::Profile;
use crate::host::tools::read_arguments;
use crate::mcp::catalog::{ANALYTICS_PRICE, Tool};
use crate::ports::{SqlError, World};
use crate::products::events::input::{self, OneEvent, RsvpToEvent};
use crate::products::events::{Event, NotOnSale};
use crate::products::vault::input::OneSecret;
use crate::products::vault::{self, Secret};
use crate::rails::outcome::Failure;
use crate::rails::quote::{PaidCall, Quote};

/// How much of a name a challenge says, characters.
const NAME_CHARS_MAX: usize = 80;

/// What a paid call wants, read and checked.
pub(super) enum Wanted {
    Seat { event_id: EventId, wallet: Option<Address> },
    Analytics { event_id: EventId },
    Secret { secret_id: SecretId },
    Desk(Tool, Box<DeskCall>),
}

impl Wanted {
    /// The event that it is about, if it is one.
    pub(super) const fn event(&self) -> Option<&EventId> {
        match self {
            Self::Seat { event_id, .. } | Self::Analytics { event_id } => Some(event_id),
            Self::Secret { .. } | Self::Desk(..) => None,
        }
    }

    /// The id of what it is about, if that is there already.
    fn thing(&self) -> Option<String> {
        match self {
            Self::Seat { event_id, .. } | Self::Analytics { event_id } => {
                Some(event_id.to_string())
            }
            Self::Secret { secret_id } => Some(secret_id.to_string()),
            Self::Desk(_, asked) => asked.ticket().map(ToString::to_string),
        }
    }
}

impl<W: World> Host<W> {
    /// The networks of the settings on which the facilitator settles; never none.
    pub(super) async fn payable_networks(&self) -> Result<Vec<&'static Network>, Failure> {
        let config = &self.config;
        let networks =
            config.supported.among(&self.world, &config.facilitator, &config.networks).await;
        if networks.is_empty() {
            return Err(no_network(&config.networks).into());
        }
        Ok(networks)
    }

    /// What the call costs, if it can be had at all. `pays`: whether a payment comes with it.
    pub(super) fn quote(
        &self,
        profile: &Profile,
        tool: Tool,
        wanted: &Wanted,
        call: PaidCall,
        pays: bool,
    ) -> Result<Quote, Failure> {
        let (amount, seat, description) = match wanted {
            Wanted::Seat { event_id, wallet } => {
                let (event, seats) = self.event(event_id).map_err(no_money)?;
                match event.check_on_sale(seats, self.world.now()) {
                    // Who pays waits a little: a seat that is held may become free.
                    Err(NotOnSale::AllHeld) if pays => {}
                    on_sale => on_sale?,
                }
                if let Some(wallet) = wallet {
                    self.check_no_seat(event_id, &wallet.to_checksum(None))?;
                }
                (event.price, Some(event_id.clone()), format!("{}, 1 seat", event_in_words(&event)))
            }
            Wanted::Analytics { event_id } => {
                let (event, _) = self.event(event_id).map_err(no_money)?;
                (ANALYTICS_PRICE, None, format!("{}, its analytics", event_in_words(&event)))
            }
            Wanted::Secret { secret_id } => {
                let secret = self.readable(secret_id)?;
                self.check_opens(profile, &secret)?;
                (secret.price, None, secret_in_words(&secret))
            }
            Wanted::Desk(tool, asked) => {
                self.check_desk(asked)?;
                let price = tool
                    .fixed_price()
                    .ok_or_else(|| SqlError(format!("{} has no price", tool.name())))?;
                (price, None, self.desk_in_words(asked)?)
            }
        };
        self.check_price(amount)?;
        Ok(Quote {
            resource_url: self.resource_url(profile, tool),
            call,
            amount,
            pay_to: profile.wallet,
            networks: self.config.networks.clone(),
            wanted: wanted.thing(),
            seat,
            description,
        })
    }
}

/// `Rust meetup, 12 Dec 2026 18:30 Berlin`: what people see when their wallet asks them.
fn event_in_words(event: &Event) -> String {
    let when = event.starts_at.to_short_words(&event.time_zone);
    format!("{}, {when}", named(&event.title, "Event"))
}

/// `Secret "Beta access"`.
fn secret_in_words(secret: &Secret) -> String {
    format!("Secret \"{}\"", named(&secret.name, "unnamed"))
}

/// A name that a host has given, in ASCII; `otherwise` if nothing is left of it.
fn named(name: &str, otherwise: &str) -> String {
    let line = text::ascii_line(name, NAME_CHARS_MAX);
    if line.contains(|c: char| c.is_ascii_alphanumeric()) { line } else { otherwise.to_owned() }
}

/// Reads the arguments of a paid tool.
///
/// # Errors
/// [`Failure`] names the field.
pub(super) fn read_wanted(tool: Tool, arguments: Value) -> Result<Wanted, Failure> {
    if let Some(asked) = DeskCall::read(tool, arguments.clone())? {
        return Ok(Wanted::Desk(tool, Box::new(asked)));
    }
    if tool == Tool::RetrieveSecret {
        let OneSecret { secret_id } = read_arguments(arguments)?;
        return Ok(Wanted::Secret { secret_id: vault::input::secret_id(&secret_id)? });
    }
    if tool == Tool::GetEventAnalytics {
        let OneEvent { event_id } = read_arguments(arguments)?;
        return Ok(Wanted::Analytics { event_id: input::event_id(&event_id)? });
    }
    let arguments: RsvpToEvent = read_arguments(arguments)?;
    arguments.guest()?;
    let wallet = arguments.wallet_address.as_deref().map(|text| {
        text.parse::<Address>().map_err(|_| {
            fields::bad("walletAddress", "must be an Ethereum address, or be left out")
        })
    });
    Ok(Wanted::Seat {
        event_id: input::event_id(&arguments.event_id)?,
        wallet: wallet.transpose()?,
    })
}

/// A wallet that is named in a call must be the one that pays for it.
pub(super) fn check_wallet(wanted: &Wanted, payer: Address) -> Result<(), Failure> {
    match wanted {
        Wanted::Seat { wallet: Some(wallet), .. } if *wallet != payer => {
            let remedy = "must be the wallet that pays, or be left out";
            Err(no_money(fields::bad("walletAddress", remedy).into()))
        }
        Wanted::Seat { .. }
        | Wanted::Analytics { .. }
        | Wanted::Secret { .. }
        | Wanted::Desk(..) => Ok(()),
    }
}
