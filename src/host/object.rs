//! The storage of a host's object, with or without a registered host.

use std::cell::Cell;

use crate::base::id::ScopeId;
use crate::config::Config;
use crate::ledger;
use crate::ports::storage;
use crate::ports::{SqlError, World};
use crate::sale::cx::Cx;
use crate::shop::profile::{self, Profile};

/// Whether this instance has opened the object's storage. An unregistered object stores nothing.
#[derive(Debug, Default)]
pub struct Storage {
    is_open: Cell<bool>,
}

/// A host's object without a profile: for signing in, registration, restoring and backups.
pub struct Object<'a, W> {
    pub world: &'a W,
    pub config: &'a Config,
    pub storage: &'a Storage,
}

impl<'a, W: World> Object<'a, W> {
    /// Whether the storage is in use and has the current schema.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.storage.is_open.get()
    }

    /// Migrates the storage to the current schema, once per instance.
    ///
    /// # Errors
    /// [`SqlError`] if a migration fails.
    pub fn create_storage(&self) -> Result<(), SqlError> {
        if !self.is_used() {
            storage::migrate(self.world, ledger::MIGRATIONS, self.world.now())?;
            self.storage.is_open.set(true);
        }
        Ok(())
    }

    /// Marks the storage as closed. The caller erases it next.
    pub fn close(&self) {
        self.storage.is_open.set(false);
    }

    /// The host's record, if one is registered.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn profile(&self) -> Result<Option<Profile>, SqlError> {
        if self.is_used() { profile::load(self.world) } else { Ok(None) }
    }

    /// The context of products.
    #[must_use]
    pub fn cx<'b>(&'b self, scope: &'b ScopeId) -> Cx<'b, W> {
        Cx { world: self.world, config: self.config, scope }
    }
}
