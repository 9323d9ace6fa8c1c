//! The answer to a request for the list.

use serde_json::json;

use crate::base::http::Reply;
use crate::config::Config;
use crate::identity::UserId;
use crate::rails::outcome::Failure;
use crate::tickets::ask::Gate;
use crate::tickets::list;
use crate::tickets::place::Start;
use crate::tickets::views::Tickets;
use crate::tickets::who::{Caller, Who, caller, wallets_of};

/// The first page of what this user has bought. The caller has checked that it is the user who asks.
///
/// # Errors
/// A fatal failure if KV gives no answer.
pub async fn of_user(gate: &impl Gate, config: &Config, user: &UserId) -> Result<Tickets, Failure> {
    let wallets = wallets_of(gate, config, &Who::User(user.clone())).await;
    list::page(gate, config, &wallets, None).await
}

/// Answers a request for the list. `is_admitted` charges a signature that a chain must judge; an error is the seconds to
/// wait.
///
/// # Errors
/// `not_signed_in`, `proof_refused`, `nonce_used`, `chain_unavailable` or `rate_limited` with the message to sign;
/// `invalid_arguments` for the cursor; a fatal failure if KV or the caller's own object gives no answer.
pub async fn answer(
    gate: &impl Gate,
    config: &Config,
    asked: Caller<'_>,
    cursor: Option<&str>,
    is_admitted: &dyn Fn() -> Result<(), i64>,
) -> Result<Reply, Failure> {
    // Before the proof is used up.
    let start = cursor.map(Start::parse).transpose()?;
    let who = caller(gate, config, asked, is_admitted).await?;
    let wallets = wallets_of(gate, config, &who).await;
    let page = list::page(gate, config, &wallets, start).await?;
    let reply = Reply::json(200, json!(page).to_string());
    Ok(reply.with_header("cache-control", "no-store".to_owned()))
}
