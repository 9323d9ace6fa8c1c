//! Prices that a host sets for tools that cost the same for every call. A tool without one costs what its
//! [`ToolSpec`] says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ports::storage::all;
use crate::ports::{Sql, SqlError, SqlValue};
use crate::sale::tool::{OwnPrice, ToolSpec};

/// The most free calls of one tool that a wallet has in a day.
pub const FREE_PER_DAY_MAX: u32 = 100;

/// The prices that a host has set, by the name of the tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Prices(BTreeMap<String, OwnPrice>);

impl Prices {
    /// Loads the host's prices.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if SQLite refuses; the same for every function here.
    pub fn load(sql: &impl Sql) -> Result<Self, SqlError> {
        let statement = "SELECT tool, amount, free_per_day FROM prices";
        let rows = all(sql, statement, &[], |columns| {
            let tool = columns.text()?;
            let amount = columns.usdc()?;
            let free_per_day = u32::try_from(columns.count()?).unwrap_or_default();
            Ok((tool, OwnPrice { amount, free_per_day }))
        })?;
        Ok(Self(rows.into_iter().collect()))
    }

    /// What a tool costs here; `None` if its price is not the same for every call.
    #[must_use]
    pub fn of(&self, spec: &ToolSpec) -> Option<OwnPrice> {
        let usual = OwnPrice { amount: spec.fixed_price()?, free_per_day: 0 };
        Some(self.own(spec).unwrap_or(usual))
    }

    /// The description of a tool at its price here.
    #[must_use]
    pub fn description(&self, spec: &ToolSpec) -> String {
        self.own(spec).map_or_else(|| spec.full_description(), |own| spec.description_at(own))
    }

    /// The price that the host has set for a tool, if it has.
    #[must_use]
    pub fn own(&self, spec: &ToolSpec) -> Option<OwnPrice> {
        spec.fixed_price()?;
        self.0.get(spec.name).copied()
    }
}

/// What a tool costs now.
///
/// # Errors
///
/// [`SqlError`], also if the tool has no price.
pub fn price(sql: &impl Sql, spec: &ToolSpec) -> Result<OwnPrice, SqlError> {
    let missing = || SqlError(format!("{} has no price", spec.name));
    Prices::load(sql)?.of(spec).ok_or_else(missing)
}

/// Sets the price of a tool; `None` for the usual one.
///
/// # Errors
///
/// As [`Prices::load`].
pub fn set(sql: &impl Sql, spec: &ToolSpec, price: Option<OwnPrice>) -> Result<(), SqlError> {
    let name = SqlValue::from(spec.name);
    match price {
        None => sql.run("DELETE FROM prices WHERE tool = ?1", &[name]),
        Some(OwnPrice { amount, free_per_day }) => {
            let statement = "INSERT INTO prices (tool, amount, free_per_day) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (tool) DO UPDATE SET amount = ?2, free_per_day = ?3";
            sql.run(statement, &[name, amount.into(), free_per_day.into()])
        }
    }
    .map(drop)
}
