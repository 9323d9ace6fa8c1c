//! The segments of a path, and why a request has no route.

use std::borrow::Cow;

use alloy_primitives::Address;

use crate::base::id::{EventId, ScopeId};

/// Why a request has no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoute {
    /// There is nothing at this path.
    NotFound,
    /// The path exists, but not for this method. Holds the methods that are allowed.
    MethodNotAllowed(&'static str),
}

/// A segment of a path, decoded once. `None` for an invalid encoding, for a slash, which would make two segments, and
/// for bytes that are not UTF-8.
pub(super) fn decoded(segment: &str) -> Option<Cow<'_, str>> {
    if !segment.contains('%') {
        return Some(Cow::Borrowed(segment));
    }
    let mut bytes = segment.bytes();
    let mut plain = Vec::with_capacity(segment.len());
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            byte => byte,
        };
        if byte == b'/' {
            return None;
        }
        plain.push(byte);
    }
    String::from_utf8(plain).ok().map(Cow::Owned)
}

/// The value of a hexadecimal digit.
fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// An address with its checksum (ERC-55), so that every page has one URL.
pub(super) fn parse_address(text: &str) -> Option<Address> {
    Address::parse_checksummed(text, None).ok().filter(|it| it.to_checksum(None) == text)
}

pub(super) fn scope_of(text: &str) -> Result<ScopeId, NoRoute> {
    ScopeId::parse(text).map_err(|_| NoRoute::NotFound)
}

pub(super) fn event_of(text: &str) -> Result<EventId, NoRoute> {
    EventId::parse(text).map_err(|_| NoRoute::NotFound)
}
