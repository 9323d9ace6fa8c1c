//! A host's own record: its id, payout address and products.

use alloy_primitives::Address;
use serde_json::{Value, json};

use crate::base::id::ScopeId;
use crate::base::time::UnixSeconds;
use crate::chain::solana::address::SolanaAddress;
use crate::identity::UserId;
use crate::ledger::outbox;
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError, SqlValue};
use crate::shop::registry::Products;

/// The record of a registered host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub user_id: UserId,
    /// Derived from `user_id` by a hash.
    pub scope: ScopeId,
    pub wallet: Address,
    /// The owner of the token account that is paid on Solana. Without it no payments are taken there.
    pub solana: Option<SolanaAddress>,
    /// The products that are switched on.
    pub products: Products,
    pub words: Words,
    /// Whether it is found in the marketplace.
    pub listed: Listed,
    /// When the host registered.
    pub created_at: UnixSeconds,
    pub updated_at: UnixSeconds,
}

/// Whether a host is found in the marketplace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listed {
    #[default]
    No,
    Yes,
    /// It has left, and the marketplace does not know yet.
    Leaving,
}

impl Listed {
    /// What it is once the host has said whether it wants to be found.
    #[must_use]
    pub const fn chosen(self, wants: bool) -> Self {
        match (self, wants) {
            (_, true) => Self::Yes,
            (Self::No, false) => Self::No,
            (Self::Yes | Self::Leaving, false) => Self::Leaving,
        }
    }

    const fn number(self) -> u32 {
        match self {
            Self::No => 0,
            Self::Yes => 1,
            Self::Leaving => 2,
        }
    }

    fn read(number: i64) -> Result<Self, SqlError> {
        let all = [Self::No, Self::Yes, Self::Leaving];
        let found = all.into_iter().find(|one| i64::from(one.number()) == number);
        found.ok_or_else(|| SqlError("the stored choice to be listed is damaged".to_owned()))
    }
}

/// The marketplace knows that the host has left.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn has_left(sql: &impl Sql) -> Result<(), SqlError> {
    sql.run("UPDATE profile SET listed = 0 WHERE listed = 2", &[]).map(drop)
}

/// What a host says about itself on its pages and in its manifest. A text is empty if it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// One line, at most [`NAME_CHARS_MAX`] characters.
    pub display_name: String,
    /// At most [`ABOUT_CHARS_MAX`] characters.
    pub about: String,
}

/// The longest name of a host.
pub const NAME_CHARS_MAX: usize = 80;
/// The longest text about a host.
pub const ABOUT_CHARS_MAX: usize = 500;

/// Loads the record; `None` if the host is not registered.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn load(sql: &impl Sql) -> Result<Option<Profile>, SqlError> {
    let statement = "SELECT user_id, scope, wallet_address, solana_address, doors, display_name, about, listed, \
         created_at, updated_at FROM profile WHERE id = 1";
    let Some(mut columns) = first(sql, statement, &[])? else { return Ok(None) };
    Ok(Some(Profile {
        user_id: columns.parsed(UserId::parse)?,
        scope: columns.parsed(ScopeId::parse)?,
        wallet: columns.parsed(str::parse::<Address>)?,
        solana: columns.optional_text()?.as_deref().map(stored_solana).transpose()?,
        products: match columns.optional_text()? {
            None => Products::default(),
            Some(names) => Products::parse(names.split(' '))
                .ok_or_else(|| SqlError("the stored products are damaged".to_owned()))?,
        },
        words: Words { display_name: columns.text()?, about: columns.text()? },
        listed: Listed::read(columns.int()?)?,
        created_at: columns.moment()?,
        updated_at: columns.moment()?,
    }))
}

fn stored_solana(text: &str) -> Result<SolanaAddress, SqlError> {
    let damaged = || SqlError("the stored address on Solana is damaged".to_owned());
    SolanaAddress::parse(text).ok_or_else(damaged)
}

impl Profile {
    /// The published record under the KV keys `users:{userId}` and `usersByHash:{scope}` (docs/storage.md).
    fn record(&self) -> Value {
        let mut record = json!({
            "userId": self.user_id,
            "walletAddress": self.wallet.to_checksum(None),
            "urlSafeId": self.scope,
            "displayName": self.words.display_name,
            "about": self.words.about,
            "createdAt": self.created_at.to_string(),
            "updatedAt": self.updated_at.to_string(),
        });
        if let (Some(address), Some(members)) = (self.solana, record.as_object_mut()) {
            members.insert("solanaAddress".to_owned(), json!(address.to_string()));
        }
        record
    }

    /// Stores the record, and queues its published form.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if SQLite refuses.
    pub fn save(&self, sql: &impl Sql) -> Result<(), SqlError> {
        let statement = "INSERT INTO profile (id, user_id, scope, wallet_address, created_at, \
             updated_at, doors, display_name, about, listed, solana_address) \
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO UPDATE SET \
             wallet_address = excluded.wallet_address, updated_at = excluded.updated_at, \
             doors = excluded.doors, display_name = excluded.display_name, about = excluded.about, \
             listed = excluded.listed, solana_address = excluded.solana_address";
        let solana = self.solana.map(|address| address.to_string());
        let parameters: [SqlValue; 10] = [
            self.user_id.as_str().into(),
            self.scope.as_str().into(),
            self.wallet.to_checksum(None).into(),
            self.created_at.into(),
            self.updated_at.into(),
            self.products.names().join(" ").into(),
            self.words.display_name.as_str().into(),
            self.words.about.as_str().into(),
            self.listed.number().into(),
            solana.as_deref().into(),
        ];
        sql.run(statement, &parameters)?;
        let record = self.record();
        outbox::put(sql, &format!("users:{}", self.user_id.as_str()), &record, self.updated_at)?;
        outbox::put(sql, &format!("usersByHash:{}", self.scope), &record, self.updated_at)
    }
}
