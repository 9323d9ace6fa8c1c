//! Mail on its way out. Whoever has something to say queues it ([`outbox::queue`]) in the same block
//! that changes what it is about; the object's alarm sends it ([`flush`]).
//!
//! ```text
//! queued ──▶ sending ──▶ sent
//!    ▲          │ ├────▶ failed    refused for good, or given up
//!    └──────────┘ └────▶ unknown   it may have arrived, and is not sent again by itself
//! ```
//!
//! A mail is *sending* before its request leaves. What becomes of one whose answer never came is decided
//! by [`crate::ports::Delivery`]: with an address that honours `Idempotency-Key` it is sent again under
//! its own id, so that it arrives once; over the `EMAIL` binding, which has no such key, it becomes
//! *unknown* and the host sees it (`GET /api/users/mail`), so that it arrives at most once.

pub mod api;
mod flush;
mod new_mail;
pub mod outbox;
pub mod settings;
pub mod webhook;

pub use crate::ports::mail::{Kind, Message};
pub use flush::{BATCH, flush};
pub use new_mail::{MailFault, NewMail, SUBJECT_CHARS_MAX, TEXT_BYTES_MAX};
