//! What an owner spends, in one place for all sessions of theirs: the policy that they set, and for each
//! wallet what was signed for in the last 24 hours. Two sessions at once spend no more than one.
//!
//! A session asks here before it signs. What is granted counts for a day from then on, by itself and
//! whatever becomes of the session, unless the session says that nothing was signed or that the signature ran
//! out unused; asking twice for one purchase counts once. So a crash at any moment costs the owner some of
//! the day's budget at worst.
//!
//! An owner is a user who has signed in, or else a wallet that has just signed: nobody can use up the budget
//! of a wallet by naming it.

use std::future::Future;

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::id::PurchaseId;
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ports::storage::{self, Migrations, first};
use crate::ports::{Alarm, Clock, Sql, SqlError};
use crate::wallets::policy::{self, Policy, Purchase, Refused, Spent, Verdict};

/// The schema of a budget's object.
pub const MIGRATIONS: Migrations = &[include_str!("budget.sql")];

const DAY_SECONDS: i64 = 86_400;
/// How long a policy is kept that no session asks for: longer than any session lives.
const POLICY_SECONDS: i64 = 365 * DAY_SECONDS;
/// How exactly it is known when it was asked for last.
const USE_NOTED_SECONDS: i64 = DAY_SECONDS;
/// Payments of an owner in a day.
const RESERVATIONS_MAX: u32 = 5_000;

/// A budget cannot be asked; whether it has counted something is not known. The message is for us.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("budget: {0}")]
pub struct BudgetError(pub String);

/// What owners spend, each in an object of their own.
pub trait Budgets {
    /// Asks the budget of an owner: a user's scope, or a wallet's address.
    fn ask_budget(&self, owner: &str, ask: &Ask)
    -> impl Future<Output = Result<Told, BudgetError>>;
}

/// What a session asks of its owner's budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ask {
    /// What may be spent, and what is.
    Look {
        /// With which wallet.
        wallet: Option<Address>,
    },
    /// The members of the policy that `changes` has are to change.
    SetPolicy {
        /// As they came.
        changes: Value,
        /// What of is told.
        wallet: Option<Address>,
    },
    /// May this be signed? If so it is counted.
    Reserve(Box<Wanted>),
    /// Nothing was signed, or what was signed has run out unused.
    Release(PurchaseId),
}

/// A purchase that is about to be signed for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wanted {
    /// Which.
    pub id: PurchaseId,
    /// The wallet that pays.
    pub wallet: Address,
    /// The price.
    pub amount: Usdc,
    /// The door.
    pub door: String,
    /// The tool.
    pub tool: String,
    /// Who is paid.
    pub pay_to: Address,
    /// What the session has spent before.
    pub spent_in_session: Usdc,
    /// The policy, where the owner has none of their own: a wallet sets no policy, its session does.
    pub policy: Option<Policy>,
}

/// What the budget answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Told {
    /// How things are.
    View {
        /// What the owner has set, or the usual.
        policy: Policy,
        /// What was signed for with the wallet in the last 24 hours.
        spent_day: Usdc,
    },
    /// The policy cannot be changed like that; why.
    Invalid(String),
    /// It may be signed, and is counted; what the wallet has spent in the last 24 hours with it.
    Granted(Usdc),
    /// It must not be signed.
    Refused(Refused),
    /// There were too many in a day.
    TooMany,
    /// It is not counted any more.
    Released,
}

/// Answers a session.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn answer(world: &(impl Sql + Clock), ask: &Ask) -> Result<Told, SqlError> {
    let now = world.now();
    let writes = matches!(ask, Ask::SetPolicy { .. } | Ask::Reserve(_));
    if !writes && !storage::is_used(world)? {
        // Who only looks leaves nothing.
        return Ok(match ask {
            Ask::Release(_) => Told::Released,
            Ask::Look { .. } | Ask::SetPolicy { .. } | Ask::Reserve(_) => {
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
    }
}

/// Forgets what does not count any more; whether anything is left.
///
/// # Errors
/// As [`answer`].
pub fn forget(world: &(impl Sql + Clock)) -> Result<bool, SqlError> {
    if !storage::is_used(world)? {
        return Ok(false);
    }
    let now = world.now();
    world.run("DELETE FROM reservations WHERE at <= ?1", &[now.plus(-DAY_SECONDS).into()])?;
    world.run("DELETE FROM policy WHERE used_at <= ?1", &[now.plus(-POLICY_SECONDS).into()])?;
    let left =
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM reservations) OR EXISTS (SELECT 1 FROM policy)";
    Ok(first(world, left, &[])?.is_some())
}

/// Sets the alarm for what is to be forgotten next.
///
/// # Errors
/// As [`answer`].
pub fn rearm(world: &(impl Sql + Clock + Alarm)) -> Result<(), SqlError> {
    if !storage::is_used(world)? {
        return Ok(());
    }
    let statement = "SELECT min(at) FROM (SELECT min(at) + ?1 AS at FROM reservations \
         UNION ALL SELECT min(used_at) + ?2 FROM policy)";
    let parameters = [UnixSeconds::new(DAY_SECONDS), UnixSeconds::new(POLICY_SECONDS)];
    let next = first(world, statement, &parameters.map(Into::into))?;
    let next = next.map_or(Ok(None), |mut row| row.optional_int())?;
    let next = next.map_or_else(|| world.now().plus(DAY_SECONDS), UnixSeconds::new);
    world.wake_at(next);
    Ok(())
}

/// Judged, and counted in the same block: no other session comes in between.
fn reserve(sql: &impl Sql, wanted: &Wanted, now: UnixSeconds) -> Result<Told, SqlError> {
    let known = "SELECT 1 FROM reservations WHERE id = ?1";
    let spent_day = spent(sql, Some(wanted.wallet), now)?;
    if first(sql, known, &[wanted.id.as_str().into()])?.is_some() {
        return Ok(Told::Granted(spent_day));
    }
    let own = policy(sql)?;
    let policy = wanted.policy.clone().or(own).unwrap_or_default();
    let purchase = Purchase {
        door: &wanted.door,
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
