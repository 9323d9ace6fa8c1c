//! E-mail addresses in one spelling.

use std::fmt;

use serde::{Deserialize, Serialize};

const BYTES_MAX: usize = 254;
const NAME_BYTES_MAX: usize = 64;

/// One e-mail address in its normal form, lower-case ASCII, without a display name: nothing in it can
/// end a header or name a second recipient.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

/// Text that is not an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address such as ada@example.org")]
pub struct EmailError;

impl EmailAddress {
    /// From text that came from outside. White space around it and case do not matter.
    ///
    /// # Errors
    /// [`EmailError`] if it is not an e-mail address.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let (name, host) = text.split_once('@').ok_or(EmailError)?;
        if text.len() > BYTES_MAX || !is_mailbox_name(name) || !is_mail_host(host) {
            return Err(EmailError);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

/// For our own storage, the mail itself and answers to the user. Not for logs.
impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The `dot-atom` of RFC 5322, 3.2.3. Quoted names exist, but nobody has one.
fn is_mailbox_name(name: &str) -> bool {
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    name.len() <= NAME_BYTES_MAX && name.split('.').all(is_atom)
}

/// A name in the DNS with at least two labels.
fn is_mail_host(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.contains('.') && host.split('.').all(is_label)
}
