//! The context of a product during one call, request or alarm.

use crate::base::code::Code;
use crate::base::fields;
use crate::base::id::ScopeId;
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::config::Config;
use crate::http::source::Source;
use crate::ledger::limits::Limits;
use crate::ledger::outbox;
use crate::ports::{SqlError, World};
use crate::rails::outcome::{Abort, Failure, Money};

/// The ports, the settings, and the host.
pub struct Cx<'a, W> {
    /// The ports: storage, time, randomness, HTTP, log.
    pub world: &'a W,
    /// The settings of the deployment.
    pub config: &'a Config,
    /// The scope of the host.
    pub scope: &'a ScopeId,
}

impl<W> Clone for Cx<'_, W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W> Copy for Cx<'_, W> {}

impl<W: World> Cx<'_, W> {
    pub fn now(&self) -> UnixSeconds {
        self.world.now()
    }

    /// The URL of the host's MCP server.
    #[must_use]
    pub fn server_url(&self) -> String {
        format!("{}/mcp/users/{}", self.config.public_url, self.scope)
    }

    /// The URL of a tool over plain HTTP, which a challenge names as the resource.
    #[must_use]
    pub fn resource_url(&self, tool: &str) -> String {
        format!("{}/x402/users/{}/tools/{tool}", self.config.public_url, self.scope)
    }

    /// What storage keeps of a caller's network (an IPv4 address, a /48) for limits.
    #[must_use]
    pub fn pseudonym(&self, source: &Source) -> String {
        self.config.keys.scope_of_source(&source.party()).to_string()
    }

    /// Queues the published total of all sales (KV key `{scope}:revenue`).
    ///
    /// # Errors
    ///
    /// [`SqlError`] if SQLite refuses.
    pub fn publish_revenue(&self, total: Usdc) -> Result<(), SqlError> {
        let total = total.atomic().to_string();
        let key = format!("{}:revenue", self.scope);
        outbox::put_soon(self.world, &key, &total, self.now())
    }

    /// Checks a price that the host sets: it must be worth its settlement, and within a wallet's daily limit. A lower
    /// price from earlier stays valid.
    ///
    /// # Errors
    ///
    /// `invalid_arguments` names `price`.
    pub fn check_own_price(&self, amount: Usdc) -> Result<(), Failure> {
        let min = self.config.price_min;
        if amount < min {
            let remedy =
                format!("must be at least ${min}: to move less costs more than it is worth");
            return Err(fields::bad("price", remedy).into());
        }
        let max = Limits::load(self.world)?.usd_per_day;
        if amount <= max {
            return Ok(());
        }
        let remedy = format!(
            "is above the ${max} that your server takes from one wallet in 24 hours; first raise limits.usdPerDay (PATCH /api/users/me)"
        );
        Err(fields::bad("price", remedy).into())
    }

    /// Checks that a wallet may pay this price under its daily limit.
    ///
    /// # Errors
    ///
    /// `price_above_limit`; no money moved.
    pub fn check_price(&self, amount: Usdc) -> Result<(), Failure> {
        let max = Limits::load(self.world)?.usd_per_day;
        if amount <= max {
            return Ok(());
        }
        let detail = format!(
            "the price is above the ${max} that this server takes from one wallet in 24 hours; its host can raise that (limits.usdPerDay at /api/users/me)"
        );
        Err(Abort::new(Code::PriceAboveLimit, detail).with_money(Money::NotMoved).into())
    }
}
