//! What a host asks its guests for, by event.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::fields::{InvalidField, bad};
use crate::products::events::questions::Answer;

/// A guest, as far as the caller says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuestDetails {
    pub name: Option<String>,
    /// The guest's e-mail address.
    pub email: Option<String>,
    /// Answers to the questions of the event, each with the question's text.
    pub answers: Vec<Answer>,
}

/// Whether guests are asked for something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Ask {
    /// What a guest sends all the same is not kept.
    NotAsked,
    #[default]
    Optional,
    /// No seat is sold without it.
    Required,
}

impl Ask {
    const ALL: [Self; 3] = [Self::NotAsked, Self::Optional, Self::Required];

    /// The name in storage, arguments and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAsked => "notAsked",
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }

    /// Finds a value by its name.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn parse(name: &str) -> Result<Self, &'static str> {
        let found = Self::ALL.into_iter().find(|one| one.name() == name);
        found.ok_or("must be \"notAsked\", \"optional\" or \"required\"")
    }
}

/// What the guests of an event are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    pub name: Ask,
    pub email: Ask,
}

impl Asks {
    /// What is kept of what a guest has sent.
    #[must_use]
    pub fn kept(self, guest: GuestDetails) -> GuestDetails {
        GuestDetails {
            name: guest.name.filter(|_| self.name != Ask::NotAsked),
            email: guest.email.filter(|_| self.email != Ask::NotAsked),
            answers: guest.answers,
        }
    }

    /// Checks that a guest has sent what is required.
    ///
    /// # Errors
    /// [`InvalidField`] names the first missing field.
    pub fn check(self, guest: &GuestDetails) -> Result<(), InvalidField> {
        if self.name == Ask::Required && guest.name.is_none() {
            return Err(bad(
                "name",
                "is required by the host of this event; send the guest's name",
            ));
        }
        if self.email == Ask::Required && guest.email.is_none() {
            let remedy = "is required by the host of this event; send the guest's e-mail address";
            return Err(bad("email", remedy));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(name: Option<&str>, email: Option<&str>) -> GuestDetails {
        GuestDetails {
            name: name.map(str::to_owned),
            email: email.map(str::to_owned),
            ..GuestDetails::default()
        }
    }

    #[test]
    fn what_is_required_and_missing_is_named() {
        let (ada, mail) = (Some("Ada"), Some("ada@example.org"));
        let asks = Asks { name: Ask::Required, email: Ask::Required };
        assert_eq!(asks.check(&guest(None, mail)).unwrap_err().field, "name");
        assert_eq!(asks.check(&guest(ada, None)).unwrap_err().field, "email");
        assert_eq!(asks.check(&guest(ada, mail)), Ok(()));
        assert_eq!(Asks::default().check(&guest(None, None)), Ok(()));
        let silent = Asks { name: Ask::NotAsked, email: Ask::Optional };
        assert_eq!(silent.check(&guest(None, None)), Ok(()));
    }

    #[test]
    fn a_stored_ask_is_read_again() {
        for ask in Ask::ALL {
            assert_eq!(Ask::parse(ask.name()), Ok(ask));
            assert_eq!(serde_json::to_value(ask).unwrap(), ask.name());
        }
    }
}
