//! The place in the list at which a page begins, as its cursor holds it.

use crate::base::fields::{self, InvalidField};
use crate::base::id::{PaymentId, ScopeId};
use crate::base::time::UnixSeconds;
use crate::ports::paging::{Key, KeyKind, Order, cursor_of, keys_of};

/// What a cursor holds: the end of the groups before, the end of the group, and the last entry that was shown (its time,
/// host and id). What is missing is empty, or 0.
const ORDER: Order = Order {
    list: "bought",
    keys: &[
        ("after", KeyKind::Text),
        ("last", KeyKind::Text),
        ("at", KeyKind::Int),
        ("host", KeyKind::Text),
        ("id", KeyKind::Text),
    ],
};

/// Where a page begins. A caller may change it, and reads their own list from another place then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Start {
    /// The last host of the groups before; the group begins after it.
    pub(super) after: Option<ScopeId>,
    /// The last host of the group. It is fixed with the first page of the group, so that a host that is added meanwhile
    /// moves no other into the next group.
    pub(super) last: Option<ScopeId>,
    /// The last entry that was shown.
    pub(super) shown: Option<Place>,
}

/// The place of an entry: newest first, then by host and id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) at: UnixSeconds,
    pub(super) host: ScopeId,
    pub(super) id: String,
}

impl Start {
    /// The cursor of this place.
    pub(super) fn to_cursor(&self) -> String {
        let text = |scope: Option<&ScopeId>| {
            Key::Text(scope.map(|scope| scope.as_str().to_owned()).unwrap_or_default())
        };
        let shown = self.shown.as_ref();
        let keys = vec![
            text(self.after.as_ref()),
            text(self.last.as_ref()),
            Key::Int(shown.map_or(0, |place| place.at.get())),
            text(shown.map(|place| &place.host)),
            Key::Text(shown.map(|place| place.id.clone()).unwrap_or_default()),
        ];
        cursor_of(&ORDER, keys)
    }

    /// Reads a caller's cursor.
    ///
    /// # Errors
    /// [`InvalidField`] for `cursor`.
    pub(super) fn parse(cursor: &str) -> Result<Self, InvalidField> {
        let keys = keys_of(&ORDER, cursor)?;
        let damaged = || fields::bad("cursor", "is damaged; leave it out to begin");
        let [Key::Text(after), Key::Text(last), Key::Int(at), Key::Text(host), Key::Text(id)] =
            keys.as_slice()
        else {
            return Err(damaged());
        };
        let scope = |text: &str| match text {
            "" => Ok(None),
            text => ScopeId::parse(text).map(Some).map_err(|_| damaged()),
        };
        let shown = match scope(host)? {
            None => None,
            Some(host) => {
                let is_good =
                    (0..=UnixSeconds::STORABLE_MAX).contains(at) && PaymentId::parse(id).is_ok();
                let place = Place { at: UnixSeconds::new(*at), host, id: id.clone() };
                Some(is_good.then_some(place).ok_or_else(damaged)?)
            }
        };
        Ok(Self { after: scope(after)?, last: scope(last)?, shown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is_one() {
        let scope = |byte| ScopeId::from_bytes([byte; 16]);
        let id = format!("pay_{}", "a".repeat(24));
        let place = Place { at: UnixSeconds::new(7), host: scope(3), id: id.clone() };
        for start in [
            Start::default(),
            Start { after: Some(scope(1)), ..Start::default() },
            Start { after: Some(scope(1)), last: Some(scope(9)), shown: Some(place) },
        ] {
            let cursor = start.to_cursor();
            assert!(cursor.len() < 300, "{cursor}");
            assert_eq!(Start::parse(&cursor), Ok(start));
        }
        let raw = |after: &str, at: i64, host: &ScopeId, id: &str| {
            let text = |text: &str| Key::Text(text.to_owned());
            let keys = vec![text(after), text(""), Key::Int(at), text(host.as_str()), text(id)];
            cursor_of(&ORDER, keys)
        };
        let one = scope(1);
        assert!(Start::parse(&raw("", 1, &one, &id)).is_ok());
        for bad in [
            String::new(),
            "%".to_owned(),
            format!("{}=", Start::default().to_cursor()),
            cursor_of(&ORDER, vec![]),
            raw("ab", 1, &one, &id),
            raw("", -1, &one, &id),
            raw("", UnixSeconds::STORABLE_MAX + 1, &one, &id),
            raw("", 1, &one, ""),
            raw("", 1, &one, &"x".repeat(500)),
        ] {
            assert_eq!(Start::parse(&bad).unwrap_err().field, "cursor", "{bad}");
        }
    }
}
