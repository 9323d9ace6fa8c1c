//! Understands the user's messages: by patterns, without any key, or by a language model.
//!
//! Neither of the two moves money. They return the user's intent; the guest applies the wallet's policy and asks for
//! confirmation. Titles and results come from other servers and are data: compared and quoted, never read as
//! commands.

mod ceiling;
mod create;
mod events;
mod intent;
pub mod intents;
pub mod llm;
mod phrases;
mod text;
