//! The storage of a host's object, with or without a registered host.

use std::cell::Cell;

use crate::base::id::ScopeId;
use crate::config::Config;
use crate::ledger;
use crate::ports::storage;
use crate::ports::{SqlError, World};
use crate::sale::cx::Cx;
use crate::shop::profile::{self, Profile};

/// Whether this instance has opened the object's storage. An object that nobody registered stores nothing.
#[derive(Debug, Default)]
pub struct Storage {
    is_open: Cell<bool>,
}

/// What is done before there is a host, or around one: signing in, registering, restoring, backups.
pub struct Object<'a, W> {
    /// All that may be asked of the world.
    pub world: &'a W,
    /// The settings of the deployment.
    pub config: &'a Config,
    /// Whether the storage is open.
    pub storage: &'a Storage,
}

impl<'a, W: World> Object<'a, W> {
    /// Whether the storage is in use and has the newest schema.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.storage.is_open.get()
    }

    /// Brings the storage to the newest schema, once in each instance.
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

    /// Forgets that the storage is open, because it is erased next.
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

    /// What products get.
    #[must_use]
    pub fn cx<'b>(&'b self, scope: &'b ScopeId) -> Cx<'b, W> {
        Cx { world: self.world, config: self.config, scope }
    }
}
