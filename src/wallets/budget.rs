//! The budget of an owner, shared by all of the owner's sessions: the policy, and for each wallet the amount signed for
//! in the last 24 hours. Concurrent sessions cannot spend more than one session could.
//!
//! A session reserves an amount here before it signs. A reservation counts for 24 hours, unless the session reports that
//! nothing was signed or that the signature expired unused. Repeating a reservation for the same purchase counts once.
//! So a crash can only make the budget smaller.
//!
//! An owner is a signed-in user, or else a wallet that has just signed. Naming a wallet is not enough to use up its
//! budget.
//!
//! Withdrawals have a limit of their own here ([`crate::wallets::withdrawal`]), and do not count as spending.

use std::future::Future;

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::id::{PurchaseId, WithdrawalId};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ports::storage::{self, Migrations, first};
use crate::ports::{Alarm, Clock, Sql, SqlError};
use crate::wallets::policy::{self, Policy, Purchase, Refused, Spent, Verdict};
use crate::wallets::withdrawal::PER_DAY;

/// The schema of a budget's object.
pub const MIGRATIONS: Migrations = &[include_str!("budget.sql"), include_str!("budget-2.sql")];

const DAY_SECONDS: i64 = 86_400;
/// How long an unused policy is stored, seconds. Longer than any session lives.
const POLICY_SECONDS: i64 = 365 * DAY_SECONDS;
/// The precision of a policy's last use, seconds.
const USE_NOTED_SECONDS: i64 = DAY_SECONDS;
/// Reservations of an owner in 24 hours at most.
const RESERVATIONS_MAX: u32 = 5_000;

/// The object of a budget gave no answer. It is not known whether it made the reservation. The message is for our logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("budget: {0}")]
pub struct BudgetError(pub String);

/// The objects of budgets, one for each owner.
pub trait Budgets {
    /// Sends a request to the budget of an owner: a user's scope, or a wallet's address.
    fn ask_budget(&self, owner: &str, ask: &Ask)
    -> impl Future<Output = Result<Told, BudgetError>>;
}

/// A request of a session to its owner's budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ask {
    /// Returns the policy and the spending.
    Look {
        /// The wallet whose spending is returned.
        wallet: Option<Address>,
    },
    /// Changes the members of the policy that `changes` contains.
    SetPolicy {
        /// As received from the user.
        changes: Value,
        /// The wallet whose spending is returned.
        wallet: Option<Address>,
    },
    /// Reserves the amount of a purchase before its signature.
    Reserve(Box<Wanted>),
    /// Ends a reservation: nothing was signed, or the signature expired unused.
    Release(PurchaseId),
    /// Returns what may leave this wallet today.
    LookAtWithdrawals { wallet: Address },
    /// Counts a withdrawal before its signature.
    Withdraw { id: WithdrawalId, wallet: Address, amount: Usdc },
    /// Ends that: no money moved, and none can any more.
    ReleaseWithdrawal(WithdrawalId),
}

/// A purchase before its signature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wanted {
    pub id: PurchaseId,
    pub wallet: Address,
    pub amount: Usdc,
    /// The URL of the server.
    #[serde(rename = "door")]
    pub server: String,
    pub tool: String,
    /// The payee that the challenge names.
    pub pay_to: Address,
    /// The earlier spending of the session.
    pub spent_in_session: Usdc,
    /// The session's policy, if the owner is a wallet. A wallet has no stored policy.
    pub policy: Option<Policy>,
}

/// The answer of a budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Told {
    /// The answer to [`Ask::Look`] and [`Ask::SetPolicy`].
    View {
        /// The owner's policy, or the default.
        policy: Policy,
        /// The amount signed for with the wallet in the last 24 hours.
        spent_day: Usdc,
    },
    /// Why the change of the policy is refused.
    Invalid(String),
    /// The reservation is made; the wallet's spending of the last 24 hours including it.
    Granted(Usdc),
    /// The policy refuses the purchase.
    Refused(Refused),
    /// The owner has too many reservations in 24 hours.
    TooMany,
    /// The reservation is ended.
    Released,
    /// What may leave the wallet today, without what is counted already.
    WithdrawalsLeft(Usdc),
    /// The withdrawal is counted.
    WithdrawalCounted,
    /// It is over the limit of a day: what is left.
    OverPerDay(Usdc),
}

/// Handles a request.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn answer(world: &(impl Sql + Clock), ask: &Ask) -> Result<Told, SqlError> {
    let now = world.now();
    let writes = matches!(ask, Ask::SetPolicy { .. } | Ask::Reserve(_) | Ask::Withdraw { .. });
    if !writes && !storage::is_used(world)? {
        // A budget that was only read stores nothing.
        return Ok(match ask {
            Ask::Release(_) | Ask::ReleaseWithdrawal(_) => Told::Released,
            Ask::LookAtWithdrawals { .. } => Told::WithdrawalsLeft(PER_DAY),
            Ask::Look { .. } | Ask::SetPolicy { .. } | Ask::Reserve(_) | Ask::Withdraw { .. } => {
                Told::View { policy: Policy::default(), spent_day: Usdc::ZERO }
            }
        });
    }
    storage::migrate(world, MIGRATIONS, now)?;
    match ask {
        Ask::Look { wallet } => {
            note_use(world, now)?;
            view(world, *wallet, now)
        }
        Ask::SetPolicy { changes, wallet } => {
            let changed = policy(world)?.unwrap_or_default().changed(changes);
            let changed = match changed {
                Ok(changed) => changed,
                Err(error) => return Ok(Told::Invalid(error.to_string())),
            };
            set_policy(world, &changed, now)?;
            view(world, *wallet, now)
        }
        Ask::Reserve(wanted) => reserve(world, wanted, now),
        Ask::Release(id) => {
            world.run("DELETE FROM reservations WHERE id = ?1", &[id.as_str().into()])?;
            Ok(Told::Released)
        }
        Ask::LookAtWithdrawals { wallet } => {
            Ok(Told::WithdrawalsLeft(left_today(world, *wallet, now)?))
        }
        Ask::Withdraw { id, wallet, amount } => withdraw(world, (id, *wallet, *amount), now),
        Ask::ReleaseWithdrawal(id) => {
            world.run("DELETE FROM withdrawals WHERE id = ?1", &[id.as_str().into()])?;
            Ok(Told::Released)
        }
    }
}

/// Deletes expired reservations and policies; whether anything is left.
///
/// # Errors
/// As [`answer`].
pub fn forget(world: &(impl Sql + Clock)) -> Result<bool, SqlError> {
    if !storage::is_used(world)? {
        return Ok(false);
    }
    let now = world.now();
    world.run("DELETE FROM reservations WHERE at <= ?1", &[now.plus(-DAY_SECONDS).into()])?;
    world.run("DELETE FROM withdrawals WHERE at <= ?1", &[now.plus(-DAY_SECONDS).into()])?;
    world.run("DELETE FROM policy WHERE used_at <= ?1", &[now.plus(-POLICY_SECONDS).into()])?;
    let left = "SELECT 1 WHERE EXISTS (SELECT 1 FROM reservations) \
         OR EXISTS (SELECT 1 FROM withdrawals) OR EXISTS (SELECT 1 FROM policy)";
    Ok(first(world, left, &[])?.is_some())
}

/// Sets the alarm for the next deletion.
///
/// # Errors
/// As [`answer`].
pub fn rearm(world: &(impl Sql + Clock + Alarm)) -> Result<(), SqlError> {
    if !storage::is_used(world)? {
        return Ok(());
    }
    let statement = "SELECT min(at) FROM (SELECT min(at) + ?1 AS at FROM reservations \
         UNION ALL SELECT min(at) + ?1 FROM withdrawals \
         UNION ALL SELECT min(used_at) + ?2 FROM policy)";
    let parameters = [UnixSeconds::new(DAY_SECONDS), UnixSeconds::new(POLICY_SECONDS)];
    let next = first(world, statement, &parameters.map(Into::into))?;
    let next = next.map_or(Ok(None), |mut row| row.optional_int())?;
    let next = next.map_or_else(|| world.now().plus(DAY_SECONDS), UnixSeconds::new);
    world.wake_at(next);
    Ok(())
}

/// Judges the purchase and reserves its amount in one transaction, so that no other session comes in between.
fn reserve(sql: &impl Sql, wanted: &Wanted, now: UnixSeconds) -> Result<Told, SqlError> {
    let known = "SELECT 1 FROM reservations WHERE id = ?1";
    let spent_day = spent(sql, Some(wanted.wallet), now)?;
    if first(sql, known, &[wanted.id.as_str().into()])?.is_some() {
        return Ok(Told::Granted(spent_day));
    }
    let own = policy(sql)?;
    let policy = wanted.policy.clone().or(own).unwrap_or_default();
    let purchase = Purchase {
        server: &wanted.server,
        tool: &wanted.tool,
        amount: wanted.amount,
        pay_to: wanted.pay_to,
        listed: None,
    };
    let spent = Spent { session: wanted.spent_in_session, day: spent_day };
    if let Verdict::Refuse(refused) = policy::judge(&policy, &purchase, spent) {
        return Ok(Told::Refused(refused));
    }
    let count = "SELECT count(*) FROM reservations WHERE at > ?1";
    let count = first(sql, count, &[now.plus(-DAY_SECONDS).into()])?;
    if count.map_or(Ok(0), |mut row| row.count())? >= u64::from(RESERVATIONS_MAX) {
        return Ok(Told::TooMany);
    }
    let statement = "INSERT INTO reservations (id, wallet, amount, at) VALUES (?1, ?2, ?3, ?4)";
    let wallet = wanted.wallet.to_checksum(None);
    let parameters = [wanted.id.as_str().into(), wallet.into(), wanted.amount.into(), now.into()];
    sql.run(statement, &parameters)?;
    Ok(Told::Granted(spent_day.checked_add(wanted.amount).unwrap_or(Usdc::MAX)))
}

/// Counts a withdrawal if the day has room for it, in one transaction. The same id counts once.
fn withdraw(
    sql: &impl Sql,
    (id, wallet, amount): (&WithdrawalId, Address, Usdc),
    now: UnixSeconds,
) -> Result<Told, SqlError> {
    let known = "SELECT 1 FROM withdrawals WHERE id = ?1";
    if first(sql, known, &[id.as_str().into()])?.is_some() {
        return Ok(Told::WithdrawalCounted);
    }
    let left = left_today(sql, wallet, now)?;
    if amount > left {
        return Ok(Told::OverPerDay(left));
    }
    let statement = "INSERT INTO withdrawals (id, wallet, amount, at) VALUES (?1, ?2, ?3, ?4)";
    let parameters =
        [id.as_str().into(), wallet.to_checksum(None).into(), amount.into(), now.into()];
    sql.run(statement, &parameters)?;
    Ok(Told::WithdrawalCounted)
}

fn left_today(sql: &impl Sql, wallet: Address, now: UnixSeconds) -> Result<Usdc, SqlError> {
    let statement =
        "SELECT coalesce(sum(amount), 0) FROM withdrawals WHERE wallet = ?1 AND at > ?2";
    let parameters = [wallet.to_checksum(None).into(), now.plus(-DAY_SECONDS).into()];
    let gone = first(sql, statement, &parameters)?;
    let gone = gone.map_or(Ok(Usdc::ZERO), |mut row| row.usdc())?;
    Ok(PER_DAY.checked_sub(gone).unwrap_or(Usdc::ZERO))
}

fn view(sql: &impl Sql, wallet: Option<Address>, now: UnixSeconds) -> Result<Told, SqlError> {
    let policy = policy(sql)?.unwrap_or_default();
    Ok(Told::View { policy, spent_day: spent(sql, wallet, now)? })
}

fn spent(sql: &impl Sql, wallet: Option<Address>, now: UnixSeconds) -> Result<Usdc, SqlError> {
    let Some(wallet) = wallet else { return Ok(Usdc::ZERO) };
    let statement =
        "SELECT coalesce(sum(amount), 0) FROM reservations WHERE wallet = ?1 AND at > ?2";
    let parameters = [wallet.to_checksum(None).into(), now.plus(-DAY_SECONDS).into()];
    first(sql, statement, &parameters)?.map_or(Ok(Usdc::ZERO), |mut row| row.usdc())
}

fn policy(sql: &impl Sql) -> Result<Option<Policy>, SqlError> {
    let found = first(sql, "SELECT policy FROM policy", &[])?;
    found.map(|mut row| row.parsed(|text| serde_json::from_str(text))).transpose()
}

fn set_policy(sql: &impl Sql, policy: &Policy, now: UnixSeconds) -> Result<(), SqlError> {
    let json = serde_json::to_string(policy);
    let json = json.map_err(|error| SqlError(format!("a policy cannot be stored: {error}")))?;
    let statement = "INSERT INTO policy (id, policy, used_at) VALUES (1, ?1, ?2) \
         ON CONFLICT (id) DO UPDATE SET policy = ?1, used_at = ?2";
    sql.run(statement, &[json.into(), now.into()]).map(drop)
}

fn note_use(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE policy SET used_at = ?1 WHERE used_at <= ?2";
    sql.run(statement, &[now.into(), now.plus(-USE_NOTED_SECONDS).into()]).map(drop)
}
