//! Backup and restore of a host, including data that is not in KV: the desk, limits, credentials, ticket codes,
//! stored answers and sealed secrets.
//!
//! `GET /api/users/export` streams a backup ([`format`](mod@format)) page by page ([`outgoing`]); [`tables`] lists
//! its tables. `POST /api/users/restore` accepts one page per request ([`incoming`]). The last page replaces the
//! storage with the backup ([`swap`]) and merges newer data into it (`merge`).
//!
//! A storage is replaced only if nothing would be lost ([`swap::holds`]).

pub mod format;
pub mod incoming;
mod merge;
pub mod outgoing;
pub mod publish;
pub mod swap;
pub mod tables;

use serde_json::json;

use crate::base::code::Code;
use crate::base::http::Reply;
use crate::base::id::BackupId;
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::host::backup::format::{BYTES_MAX, FORMAT, Header, PAGES_MAX, Page, VERSION};
use crate::host::backup::incoming::Staged;
use crate::host::backup::outgoing::{NoCopy, OutPage};
use crate::host::backup::swap::NoSwap;
use crate::host::command::Command;
use crate::host::object::Object;
use crate::host::resealing::Resealing;
use crate::ledger::{self, revenue};
use crate::ports::storage::{first, schema_of};
use crate::ports::{Level, SqlError, World};
use crate::rails::outcome::{Abort, Failure, Fatal, Money};
use crate::shop::profile::Profile;

/// Internal response header of an export with more than one page: the export's id, with which the Durable Object
/// reads the other pages.
pub const EXPORT_ID: &str = "x-concierge-export";

/// Begins an export. The response holds the first page.
pub fn export(object: &Object<'_, impl World>, profile: &Profile) -> Result<Reply, Failure> {
    let now = object.world.now();
    let began_at = outgoing::began_at(object.world)?;
    let again_at = began_at.map(|began_at| began_at.plus(outgoing::APART_SECONDS));
    if let Some(again_at) = again_at.filter(|again_at| *again_at > now) {
        let seconds = again_at.since(now);
        let detail = format!("a backup was begun less than a minute ago; wait {seconds} seconds");
        let abort = Abort::new(Code::RateLimited, detail);
        return Err(Abort { retry_after: Some(seconds), ..abort }.into());
    }
    let header = Header {
        format: FORMAT.to_owned(),
        version: VERSION,
        scope: profile.scope.clone(),
        schema: schema_of(object.world)?,
        exported_at: now,
        id: BackupId::random(object.world),
    };
    object.world.wake_at(now.plus(outgoing::KEPT_SECONDS));
    outgoing::begin(object.world, &header).map_err(|error| match error {
        NoCopy::TooLarge => too_large(),
        NoCopy::Storage(error) => error.into(),
    })?;
    let id = header.id.as_str();
    let first = export_page(object, id, 0)?;
    let first = first.ok_or_else(|| broken("the copy of an export is gone"))?;
    let day = now.to_string();
    let day = day.get(..10).unwrap_or_default();
    let file = format!("attachment; filename=\"events-concierge-{day}.ndjson\"");
    let reply = Reply::text(200, "application/x-ndjson", first.text)
        .with_header("content-disposition", file)
        .with_header("cache-control", "no-store".to_owned());
    Ok(if first.is_last { reply } else { reply.with_header(EXPORT_ID, id.to_owned()) })
}

/// A page of the export with this id. `None` after the last page and after the export has expired.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn export_page(
    object: &Object<'_, impl World>,
    id: &str,
    number: u32,
) -> Result<Option<OutPage>, SqlError> {
    outgoing::page(object.world, &object.config.keys, id, number, object.world.now())
}

/// Whether an upload of a backup is in progress.
pub fn is_taking_in(object: &Object<'_, impl World>) -> Result<bool, SqlError> {
    Ok(staged(object)?.is_some_and(|staged| !staged.is_done))
}

fn staged(object: &Object<'_, impl World>) -> Result<Option<Staged>, SqlError> {
    if !object.is_used() {
        return Ok(None);
    }
    incoming::staged(object.world, object.world.now())
}

/// Accepts a page of a backup; the last page restores it. A repeated page changes nothing.
pub fn take_in(
    object: &Object<'_, impl World>,
    resealing: &Resealing,
    command: &Command,
    body: &[u8],
) -> Result<Reply, Failure> {
    let text = str::from_utf8(body).map_err(|_| refused("it is not UTF-8"))?;
    let page = Page::read(text).map_err(|error| refused(&error.to_string()))?;
    let now = object.world.now();
    let known = staged(object)?;
    let id = match (&page.header, &known) {
        (Some(header), _) => header.id.clone(),
        (None, Some(known)) => known.header.id.clone(),
        (None, None) => return Err(out_of_order(0)),
    };
    if !page.is_ours(&object.config.keys, &command.scope, &id) {
        return Err(refused(
            "its seal is not good: it was changed, or is of another host, another backup or another MASTER_KEY",
        ));
    }
    let staged = match (page.header.clone(), known) {
        (Some(header), Some(known)) if known.header.id == header.id => known,
        (None, Some(known)) => known,
        (Some(header), _) => begin_to_take_in(object, command, header)?,
        (None, None) => return Err(out_of_order(0)),
    };
    if page.seal.page > staged.next {
        return Err(out_of_order(staged.next));
    }
    if page.seal.page < staged.next {
        return how_far(object, &staged);
    }
    object.world.wake_at(now.plus(incoming::KEPT_SECONDS));
    add(object, resealing, staged, &page, now)
}

/// Checks that a backup may be restored here, and begins an upload.
fn begin_to_take_in(
    object: &Object<'_, impl World>,
    command: &Command,
    header: Header,
) -> Result<Staged, Failure> {
    // A backup may bring back revoked credentials and an older payout address.
    if !command.user.as_ref().is_some_and(|user| user.fresh) {
        let detail = "restoring needs a sign-in of the last 10 minutes; sign in again and repeat";
        return Err(Abort::new(Code::SignInAgain, detail).into());
    }
    let is_known = usize::try_from(header.schema).is_ok_and(|n| n <= ledger::MIGRATIONS.len());
    if header.version != VERSION || header.format != FORMAT || !is_known {
        let detail = "this backup was made by a newer version of this service; deploy that one, then restore. Nothing was changed";
        return Err(Abort::new(Code::BackupTooNew, detail).into());
    }
    // Created only after the checks: an invalid backup must not create storage for an unregistered scope.
    object.create_storage()?;
    check_replaceable(object)?;
    object.world.atomically(|| incoming::forget(object.world))?;
    Ok(Staged { header, next: 0, bytes: 0, is_done: false })
}

fn check_replaceable(object: &Object<'_, impl World>) -> Result<(), Failure> {
    let Some(what) = swap::holds(object.world)? else { return Ok(()) };
    let detail = format!(
        "this host has {what} that the backup may not know, so nothing was changed: a backup is restored only where nothing \
         would be lost, that is where storage is empty or was rebuilt from KV and nothing was sold since"
    );
    Err(Abort::new(Code::HostInUse, detail).into())
}

/// Stores the page and, if it is the last, replaces the storage, in one transaction.
fn add(
    object: &Object<'_, impl World>,
    resealing: &Resealing,
    staged: Staged,
    page: &Page<'_>,
    now: UnixSeconds,
) -> Result<Reply, Failure> {
    let sql = object.world;
    let is_last = page.seal.last;
    let staged = Staged {
        next: staged.next.saturating_add(1),
        bytes: staged.bytes.saturating_add(page.bytes()),
        is_done: is_last,
        ..staged
    };
    // This size includes the lines between rows, which the limit of an export does not; hence twice the limit.
    if staged.bytes > BYTES_MAX.saturating_mul(2) || staged.next > PAGES_MAX {
        return Err(too_large());
    }
    sql.atomically(|| {
        for chunk in &page.chunks {
            incoming::keep(sql, chunk)?;
        }
        if !is_last {
            return incoming::save(sql, &staged, now).map_err(Failure::from);
        }
        check_replaceable(object)?;
        let counts = page.end.as_ref().ok_or_else(|| refused("it has no last line"))?;
        let earned = revenue::total(sql)?;
        replace(object, &staged.header, counts, earned, now)
            .map_err(|why| not_swapped(object, &why))?;
        incoming::save(sql, &staged, now).map_err(Failure::from)
    })?;
    if is_last {
        resealing.look_again();
        sql.note_open();
        let scope = staged.header.scope.as_str();
        sql.line(Level::Warn, "restored from a backup", &[("scope", scope)]);
    }
    how_far(object, &staged)
}

fn replace(
    object: &Object<'_, impl World>,
    header: &Header,
    counts: &format::Counts,
    earned: Usdc,
    now: UnixSeconds,
) -> Result<(), NoSwap> {
    let sql = object.world;
    swap::swap(sql, header, counts, now)?;
    merge::merge(sql, header, earned, now)?;
    merge::publish(sql, now)?;
    swap::check_books(sql, header.exported_at)?;
    Ok(swap::drop_aside(sql)?)
}

fn not_swapped(object: &Object<'_, impl World>, why: &NoSwap) -> Failure {
    let why = match why {
        NoSwap::Storage(error) => return error.clone().into(),
        NoSwap::Damaged(what) => what.clone(),
        NoSwap::Audit(faults) => faults.join("; "),
    };
    object.world.line(Level::Error, "a backup cannot be restored", &[("why", &why)]);
    let detail = "the books in this backup do not agree with themselves, so it was not restored and nothing was changed; \
         try an earlier backup, and tell the operator";
    Abort::new(Code::BackupDamaged, detail).into()
}

fn how_far(object: &Object<'_, impl World>, staged: &Staged) -> Result<Reply, Failure> {
    let mut answer = json!({
        "backup": staged.header.id,
        "exportedAt": staged.header.exported_at.to_string(),
        "nextPage": staged.next,
        "done": staged.is_done,
    });
    if staged.is_done
        && let Some(answer) = answer.as_object_mut()
    {
        for (name, table, condition) in [
            ("events", "events", "TRUE"),
            ("seats", "rsvps", "TRUE"),
            ("credentials", "credentials", "revoked_at IS NULL"),
        ] {
            let statement = format!("SELECT count(*) FROM {table} WHERE {condition}");
            let count = first(object.world, &statement, &[])?;
            let count = count.map_or(Ok(0), |mut columns| columns.count())?;
            answer.insert(name.to_owned(), json!(count));
        }
        let message = "The backup is restored. Credentials that were revoked after it was made are good again: revoke them anew.";
        answer.insert("message".to_owned(), json!(message));
    }
    Ok(crate::sale::request::ok(&answer))
}

/// Removes exports and uploads that have expired.
pub fn forget_backups(object: &Object<'_, impl World>) -> Result<(), SqlError> {
    if !UnixSeconds::has_come(next_backup_over(object)?, object.world.now()) {
        return Ok(());
    }
    let statement = "DELETE FROM backups WHERE over_at <= ?1 RETURNING direction";
    object.world.atomically(|| {
        let over = object.world.run(statement, &[object.world.now().into()])?;
        for row in over {
            let mut row = crate::ports::storage::Columns::new(row);
            let table = if row.text()? == "out" { "backup_out" } else { "backup_in" };
            object.world.run(&format!("DELETE FROM {table}"), &[])?;
        }
        Ok(())
    })
}

/// When the next export or upload expires.
pub fn next_backup_over(object: &Object<'_, impl World>) -> Result<Option<UnixSeconds>, SqlError> {
    let found = first(object.world, "SELECT min(over_at) FROM backups", &[])?;
    let over = found.map(|mut columns| columns.optional_int()).transpose()?;
    Ok(over.flatten().map(UnixSeconds::new))
}

fn refused(why: &str) -> Failure {
    let detail = format!("this page is not restored, and nothing was changed: {why}");
    Abort::new(Code::BackupRefused, detail).into()
}

fn out_of_order(next: u32) -> Failure {
    let detail = format!("the pages of a backup come in order; send page {next} next");
    Abort::new(Code::OutOfOrder, detail).into()
}

fn too_large() -> Failure {
    let detail = "this host holds more than a backup may (512 MB); ask the operator, who has Cloudflare's point-in-time recovery";
    Abort::new(Code::BackupTooLarge, detail).into()
}

fn broken(what: &str) -> Failure {
    Failure::Fatal(Fatal { what: what.to_owned(), money: Money::NotAsked })
}
