//! What a person says, understood: by patterns without any key, or by a language model.
//!
//! Neither of the two touches money. They say what the person wants; the guest that acts on it
//! applies the wallet's policy and asks its person. Titles and results come from strangers' servers
//! and are data: compared and quoted, never read as commands.

mod ceiling;
mod create;
mod events;
pub mod intents;
pub mod llm;
mod phrases;
mod text;
