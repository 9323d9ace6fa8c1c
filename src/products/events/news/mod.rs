//! What guests are told of an event by mail: messages of its host, a reminder before it begins, and that it was changed or
//! cancelled.
//!
//! An occasion is a row of `news`, with a row of `news_to` for each address ([`note`], [`message`]). The alarm makes mails
//! of some of them at a time ([`send`]) and looks once more: who has left or has unsubscribed in between gets none, and what
//! is said is what holds then. So many guests delay no ticket that is to be mailed.
//!
//! A host could write to strangers if it bought seats of its own events for their addresses. Against that stand limits for
//! each event, host and recipient, the limits of free seats, a way out in every message ([`unsubscribe`]), and that all stops
//! when many mails come back.

pub mod input;
pub mod kind;
pub mod message;
pub mod note;
pub mod readers;
pub mod reminders;
pub mod rows;
pub mod send;
pub mod text;
pub mod unsubscribe;
pub mod views;
