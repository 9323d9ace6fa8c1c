//! Understands the user's messages: by patterns, without any key, or by a language model.
//!
//! Neither of the two moves money. They return the user's intent; the guest applies the wallet's policy and asks for
//! confirmation. Titles and results come from other servers and are data: compared and quoted, never read as
//! commands.

pub mod answers;
mod ceiling;
mod create;
mod general;
mod grammar;
mod intent;
pub mod intents;
pub mod llm;
mod naming;
mod offers;
mod pattern;
mod reading;
mod requests;
mod said;
mod search;
mod text;
mod things;
mod when;
