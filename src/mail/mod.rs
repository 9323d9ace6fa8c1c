//! Outgoing mail. A mail is queued ([`outbox::queue`]) in the transaction of the change that it reports. The object's
//! alarm sends it ([`flush`]).
//!
//! ```text
//! queued ──▶ sending ──▶ sent
//!    ▲          │ ├────▶ failed    refused for good, or given up
//!    └──────────┘ └────▶ unknown   may have arrived; not retried automatically
//! ```
//!
//! A mail is *sending* before its request is sent. [`crate::ports::Delivery`] decides about a mail whose answer is lost.
//! An API that supports `Idempotency-Key` gets it again with the same id, so it arrives once. The `EMAIL` binding has no
//! such key: the mail becomes *unknown* and the host sees it (`GET /api/users/mail`), so it arrives at most once.
//!
//! What customers answer comes in by [`inbound`].

pub mod api;
mod flush;
pub mod inbound;
mod new_mail;
pub mod outbox;
pub mod reports;
pub mod settings;
pub mod webhook;

pub use crate::ports::mail::{Kind, Message};
pub use flush::{BATCH, flush};
pub use new_mail::{MailFault, NewMail, SUBJECT_CHARS_MAX, TEXT_BYTES_MAX};
