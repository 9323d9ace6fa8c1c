//! The doors that a host opens and closes.

/// What a host sells at its door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Seats at events.
    Events,
    /// Secrets.
    Vault,
    /// Helpdesk work.
    Desk,
}

/// The doors that a host has opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doors {
    events: bool,
    vault: bool,
    desk: bool,
}

impl Door {
    /// Its name in a host's settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Vault => "vault",
            Self::Desk => "desk",
        }
    }
}

impl Default for Doors {
    /// What is open unless the host says otherwise.
    fn default() -> Self {
        Self { events: true, vault: true, desk: false }
    }
}

impl Doors {
    /// The doors with these names; `None` if there is none, or one that we do not know.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut doors = Self { events: false, vault: false, desk: false };
        for name in names {
            match name {
                "events" => doors.events = true,
                "vault" => doors.vault = true,
                "desk" => doors.desk = true,
                _ => return None,
            }
        }
        (doors.events || doors.vault || doors.desk).then_some(doors)
    }

    /// Whether a door is open.
    #[must_use]
    pub const fn has(self, door: Door) -> bool {
        match door {
            Door::Events => self.events,
            Door::Vault => self.vault,
            Door::Desk => self.desk,
        }
    }

    /// The names of those that are open.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        let all = [Door::Events, Door::Vault, Door::Desk];
        all.into_iter().filter(|door| self.has(*door)).map(Door::name).collect()
    }
}
