//! Adds to a restored backup what happened after it was made. The source is the replaced storage, which was rebuilt
//! from the host's published records. A paid seat must not be lost, and a cancelled event must not be sold again.
//!
//! | of the storage that was replaced | becomes |
//! |---|---|
//! | events, secrets, seats that the backup does not know | theirs, with the money that was carried over |
//! | events and secrets that were changed since | as they are now, unless KV did not have the backup's change yet |
//! | secrets that are not published any more, if the storage was rebuilt | withdrawn |
//! | the payout address, and name and text of the host if they are newer | those of now |
//! | pictures | theirs; the others stay |
//! | credentials, mails, messages, who has unsubscribed, counters, sign-ins, check-ins | added |
//! | tickets that changed hands since | with their new guests |
//! | guests who joined a waitlist since | behind those of the backup |
//! | reminders whose time has come | gone: guests were reminded |
//! | revenue beyond what the books now know | carried over |

use crate::base::id::{EventId, ScopeId};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::host::backup::format::Header;
use crate::host::backup::swap::ASIDE;
use crate::ledger::{outbox, payments, refunds, revenue};
use crate::ports::storage::{all, first};
use crate::ports::{Sql, SqlError};
use crate::products::vault::store as secrets;

/// The columns of an event that the host edits.
const EVENT: &str = "title, description, starts_at, ends_at, time_zone, location, capacity, price, \
     cover_shuffle, cover_palette, ask_name, ask_email, refund_percent, refund_hours, refund_if_moved, questions, \
     remind_hours, is_draft, types";
/// The columns of a secret that the host edits, without its value.
const SECRET: &str = "name, description, price, expires_at";

/// Tables in backups whose newer rows are added.
const ADDED: &[&str] =
    &["entrance", "credentials", "mail_outbox", "mail_events", "unpaid", "news", "unsubscribed"];
/// Tables that are not in backups; their rows are kept.
const STAYS: &[&str] = &["used_nonces", "sign_in_codes", "sign_in_times"];

/// Merges the set-aside tables into the restored rows, in the caller's transaction. `earned` is the revenue before
/// the restore.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub(super) fn merge(
    sql: &impl Sql,
    header: &Header,
    earned: Usdc,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    for table in ADDED.iter().chain(STAYS) {
        sql.run(&format!("INSERT OR IGNORE INTO {table} SELECT * FROM {ASIDE}{table}"), &[])?;
    }
    let signed_out = "INSERT INTO signed_out SELECT * FROM aside_signed_out WHERE TRUE \
         ON CONFLICT (id) DO UPDATE SET at = max(at, excluded.at)";
    sql.run(signed_out, &[])?;
    let said = "UPDATE profile SET display_name = a.display_name, about = a.about \
         FROM aside_profile a WHERE a.updated_at > profile.updated_at";
    sql.run(said, &[])?;
    let moved = "UPDATE profile SET wallet_address = a.wallet_address, updated_at = ?1 \
         FROM aside_profile a WHERE a.wallet_address <> profile.wallet_address \
         RETURNING profile.wallet_address";
    if let Some(mut columns) = first(sql, moved, &[now.into()])? {
        payments::note(sql, "payout_set", &columns.text()?, now)?;
    }
    let moved = "UPDATE profile SET solana_address = a.solana_address, updated_at = ?1 \
         FROM aside_profile a WHERE a.solana_address IS NOT profile.solana_address \
         RETURNING coalesce(profile.solana_address, 'none')";
    if let Some(mut columns) = first(sql, moved, &[now.into()])? {
        payments::note(sql, "solana_payout_set", &columns.text()?, now)?;
    }
    events(sql, &header.scope, now)?;
    pictures(sql)?;
    merge_secrets(sql, header, now)?;
    seats(sql)?;
    transfers(sql)?;
    waitlists(sql)?;
    owe_guests(sql, now)?;
    sql.run("DELETE FROM reminders WHERE at <= ?1", &[now.into()])?;
    sql.run("INSERT OR IGNORE INTO reminders SELECT * FROM aside_reminders", &[])?;
    holders(sql)?;
    money(sql, earned, now)?;
    publish_changes(sql)
}

/// Publishes the profile and the revenue, in the caller's transaction; the alarm publishes the rest. The outbox of
/// the replaced storage is kept, because the backup's outbox may be older than KV. Its versions continue, so that a
/// KV write in flight is not taken for a later one.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub(super) fn publish(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    sql.run("DELETE FROM outbox", &[])?;
    sql.run("INSERT INTO outbox SELECT * FROM aside_outbox", &[])?;
    let Some(profile) = crate::shop::profile::load(sql)? else { return Ok(()) };
    profile.save(sql)?;
    let total = revenue::total(sql)?.atomic().to_string();
    outbox::put_soon(sql, &format!("{}:revenue", profile.scope), &total, now)
}

/// Whether the replaced host had registered before the backup was made. In that case it was rebuilt from KV, and a
/// record that it does not have is no longer published.
fn is_rebuilt(sql: &impl Sql, exported_at: UnixSeconds) -> Result<bool, SqlError> {
    let statement = "SELECT 1 FROM aside_profile WHERE created_at <= ?1";
    Ok(first(sql, statement, &[exported_at.into()])?.is_some())
}

/// SQL condition: the host had changed the record and KV did not have the change yet.
fn is_waiting(kind: &str, id: &str) -> String {
    format!(
        "(EXISTS (SELECT 1 FROM outbox o WHERE o.key = ?1 || ':{kind}:' || {id} \
         AND o.value IS NOT NULL AND o.urgent = 1) \
         OR EXISTS (SELECT 1 FROM unpublished u WHERE u.kind = '{kind}' AND u.id = {id}))"
    )
}

fn events(sql: &impl Sql, scope: &ScopeId, now: UnixSeconds) -> Result<(), SqlError> {
    let waiting = is_waiting("events", "events.id");
    let columns = EVENT.split(", ");
    let set: Vec<String> = columns.map(|column| format!("{column} = a.{column}")).collect();
    let [ours, theirs] = ["events", "a"].map(|table| prefixed(EVENT, table));
    let changed = format!(
        "UPDATE events SET {}, sequence = events.sequence + 1, updated_at = ?2 FROM aside_events a \
         WHERE a.id = events.id AND ({ours}) IS NOT ({theirs}) AND NOT {waiting}",
        set.join(", ")
    );
    sql.run(&changed, &[scope.as_str().into(), now.into()])?;
    // These are not in KV, so what the replaced storage has was set since.
    let for_guests = "UPDATE events SET guests_only = a.guests_only FROM aside_events a \
         WHERE a.id = events.id AND a.guests_only IS NOT NULL";
    sql.run(for_guests, &[])?;
    let codes = "UPDATE events SET promos = a.promos FROM aside_events a \
         WHERE a.id = events.id AND a.promos <> '[]'";
    sql.run(codes, &[])?;
    // A cancelled event stays cancelled, whichever row is newer.
    let cancelled = "UPDATE events SET status = 'cancelled', cancelled_at = ?1, sequence = sequence + 1, updated_at = ?1 \
         WHERE status = 'scheduled' AND id IN (SELECT id FROM aside_events WHERE status = 'cancelled')";
    sql.run(cancelled, &[now.into()])?;
    sql.run("INSERT OR IGNORE INTO events SELECT * FROM aside_events", &[]).map(drop)
}

/// Pictures are not in KV, so those of a replaced storage were uploaded after it was rebuilt. A cancelled event has none.
fn pictures(sql: &impl Sql) -> Result<(), SqlError> {
    sql.run("INSERT OR REPLACE INTO pictures SELECT * FROM aside_pictures", &[])?;
    let cancelled = "DELETE FROM pictures \
         WHERE item IN (SELECT id FROM events WHERE status = 'cancelled')";
    sql.run(cancelled, &[]).map(drop)
}

fn merge_secrets(sql: &impl Sql, header: &Header, now: UnixSeconds) -> Result<(), SqlError> {
    let waiting = is_waiting("secrets", "secrets.id");
    let of_scope = [header.scope.as_str().into(), now.into()];
    // The value of a replaced version is kept until the next alarm, which destroys it unless a buyer waits for it.
    let kept = "INSERT OR IGNORE INTO kept_values (secret_id, version, sealed, kept_since) \
         SELECT s.id, s.version, s.sealed, ?1 FROM secrets s JOIN aside_secrets a ON a.id = s.id \
         WHERE a.version > s.version AND s.sealed IS NOT NULL";
    sql.run(kept, &[now.into()])?;
    let set: Vec<String> =
        SECRET.split(", ").map(|column| format!("{column} = a.{column}")).collect();
    let set = set.join(", ");
    let [ours, theirs] = ["secrets", "a"].map(|table| prefixed(SECRET, table));
    let replaced = format!(
        "UPDATE secrets SET {set}, version = a.version, sealed = a.sealed, updated_at = ?1 \
         FROM aside_secrets a WHERE a.id = secrets.id AND a.version > secrets.version \
         AND secrets.revoked_at IS NULL"
    );
    sql.run(&replaced, &[now.into()])?;
    let changed = format!(
        "UPDATE secrets SET {set}, updated_at = ?2 FROM aside_secrets a WHERE a.id = secrets.id \
         AND a.version = secrets.version AND secrets.revoked_at IS NULL \
         AND ({ours}) IS NOT ({theirs}) AND NOT {waiting}"
    );
    sql.run(&changed, &of_scope)?;
    let withdrawn = format!(
        "UPDATE secrets SET revoked_at = ?2, updated_at = ?2 WHERE revoked_at IS NULL \
         AND (expires_at IS NULL OR expires_at > ?2) \
         AND id NOT IN (SELECT id FROM aside_secrets) AND NOT {waiting}"
    );
    if is_rebuilt(sql, header.exported_at)? {
        sql.run(&withdrawn, &of_scope)?;
    }
    let revoked = "UPDATE secrets SET revoked_at = a.revoked_at FROM aside_secrets a \
         WHERE a.id = secrets.id AND secrets.revoked_at IS NULL AND a.revoked_at IS NOT NULL";
    sql.run(revoked, &[])?;
    let counted = "UPDATE secrets SET carried = max(secrets.carried, a.carried - (SELECT count(*) \
         FROM retrievals r WHERE r.secret_id = secrets.id AND r.how = 'paid')) \
         FROM aside_secrets a WHERE a.id = secrets.id";
    sql.run(counted, &[])?;
    sql.run("INSERT OR IGNORE INTO secrets SELECT * FROM aside_secrets", &[])?;
    secrets::retire(sql, now).map(drop)
}

fn seats(sql: &impl Sql) -> Result<(), SqlError> {
    // The alarm determines the outcome of payments that were open when the backup was made, and delivers their seats.
    let sold = "INSERT OR IGNORE INTO rsvps SELECT * FROM aside_rsvps a WHERE NOT EXISTS \
         (SELECT 1 FROM payments p WHERE p.event_id = a.event_id AND p.payer = a.payer \
         AND p.state IN ('claimed', 'verified', 'settling', 'unknown', 'settled')) \
         AND NOT EXISTS (SELECT 1 FROM cancelled_seats c WHERE c.event_id = a.event_id AND c.tx_hash = a.tx_hash \
         AND (a.tx_hash <> '' OR (c.payer = a.payer AND c.cancelled_at >= a.created_at)))";
    sql.run(sold, &[])?;
    let paid = "INSERT INTO ledger (entry, tool, event_id, amount, tx_hash, note, at) \
         SELECT 'settled', 'rsvpToEvent', r.event_id, sum(r.paid), r.tx_hash, 'carried over', min(r.created_at) \
         FROM aside_rsvps a JOIN rsvps r ON r.id = a.id WHERE r.paid > 0 AND NOT EXISTS (SELECT 1 FROM ledger l \
         WHERE l.tx_hash = r.tx_hash AND l.event_id = r.event_id AND l.entry = 'settled') \
         GROUP BY r.event_id, r.tx_hash";
    sql.run(paid, &[])?;
    let arrived = "UPDATE rsvps SET checked_in_at = a.checked_in_at FROM aside_rsvps a \
         WHERE a.event_id = rsvps.event_id AND a.payer = rsvps.payer AND a.place = rsvps.place \
         AND rsvps.checked_in_at IS NULL AND a.checked_in_at IS NOT NULL";
    sql.run(arrived, &[])?;
    let counted =
        "UPDATE events SET taken = (SELECT count(*) FROM rsvps r WHERE r.event_id = events.id)";
    sql.run(counted, &[])?;
    sql.run("DELETE FROM label_seats", &[])?;
    let labels = "INSERT INTO label_seats SELECT event_id, 'type:' || ticket_type, count(*) FROM rsvps \
         WHERE ticket_type IS NOT NULL GROUP BY 1, 2 UNION ALL \
         SELECT event_id, 'promo:' || promo, count(*) FROM rsvps WHERE promo IS NOT NULL GROUP BY 1, 2";
    sql.run(labels, &[]).map(drop)
}

/// Tickets that changed hands since the backup was made stay where they are, and their former codes open nothing.
fn transfers(sql: &impl Sql) -> Result<(), SqlError> {
    let newer =
        "g.times > coalesce((SELECT o.times FROM given_seats o WHERE o.rsvp_id = g.rsvp_id), 0)";
    let moved = format!(
        "UPDATE rsvps SET code = a.code, name = a.name, email = a.email \
         FROM aside_rsvps a JOIN aside_given_seats g ON g.rsvp_id = a.id WHERE a.id = rsvps.id AND {newer}"
    );
    sql.run(&moved, &[])?;
    let held = format!(
        "INSERT OR REPLACE INTO given_seats SELECT * FROM aside_given_seats g WHERE {newer} \
         AND EXISTS (SELECT 1 FROM rsvps r WHERE r.id = g.rsvp_id)"
    );
    sql.run(&held, &[])?;
    let ended = "INSERT OR IGNORE INTO given_codes SELECT * FROM aside_given_codes c \
         WHERE EXISTS (SELECT 1 FROM rsvps r WHERE r.id = c.rsvp_id)";
    sql.run(ended, &[]).map(drop)
}

/// Guests who joined a waitlist since are behind those of the backup. Seats may be fewer than there were, so those that were
/// held are offered anew.
fn waitlists(sql: &impl Sql) -> Result<(), SqlError> {
    let columns = "event_id, wallet, name, email, source, state, joined_at, offered_until";
    let joined = format!(
        "INSERT OR IGNORE INTO waitlist ({columns}) SELECT {columns} FROM aside_waitlist ORDER BY number"
    );
    sql.run(&joined, &[])?;
    let anew = "UPDATE waitlist SET state = 'waiting', offered_until = NULL, offered_at = NULL WHERE state = 'offered'";
    sql.run(anew, &[]).map(drop)
}

/// Guests of cancelled events get their money back, also those whose seats were added. What was paid back already is found
/// on the chain by its nonce.
fn owe_guests(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    let cancelled = "SELECT id FROM events WHERE cancelled_at IS NOT NULL";
    for id in all(sql, cancelled, &[], |columns| columns.parsed(EventId::parse))? {
        refunds::owe_event(sql, &id, now)?;
    }
    Ok(())
}

/// The index of buyers may lack keys of the backup: KV may be a new one. The keys that the replaced storage had queued or
/// written stay.
fn holders(sql: &impl Sql) -> Result<(), SqlError> {
    sql.run("UPDATE holders SET is_listed = 0", &[])?;
    let listed = "INSERT INTO holders (payer, network, is_listed) \
         SELECT payer, network, is_listed FROM aside_holders WHERE TRUE \
         ON CONFLICT (payer, network) DO UPDATE SET is_listed = excluded.is_listed";
    sql.run(listed, &[]).map(drop)
}

/// Revenue since the backup from tools other than RSVPs is known as a sum only. An open payment may be part of it and
/// is booked separately.
fn money(sql: &impl Sql, earned: Usdc, now: UnixSeconds) -> Result<(), SqlError> {
    let open = "SELECT coalesce(sum(amount), 0) FROM payments \
         WHERE state IN ('claimed', 'verified', 'settling', 'unknown', 'settled')";
    let open = first(sql, open, &[])?.map_or(Ok(Usdc::ZERO), |mut columns| columns.usdc())?;
    let known = revenue::total(sql)?;
    let rest = earned.checked_sub(known).and_then(|rest| rest.checked_sub(open));
    match rest.unwrap_or(Usdc::ZERO) {
        rest if rest.is_zero() => Ok(()),
        rest => payments::carry_over(sql, rest, None, now),
    }
}

/// Records that KV lacks or has with other content.
fn publish_changes(sql: &impl Sql) -> Result<(), SqlError> {
    sql.run("DELETE FROM unpublished", &[])?;
    let taken = |rsvps: &str| format!("(SELECT count(*) FROM {rsvps} r WHERE r.event_id = e.id)");
    let events = format!(
        "INSERT INTO unpublished (kind, id) SELECT 'events', e.id FROM events e \
         LEFT JOIN aside_events a ON a.id = e.id \
         WHERE a.id IS NULL OR ({}, e.status) IS NOT ({}, a.status) OR {} <> {}",
        prefixed(EVENT, "e"),
        prefixed(EVENT, "a"),
        taken("rsvps"),
        taken("aside_rsvps"),
    );
    sql.run("CREATE INDEX aside_seats ON aside_rsvps (event_id, payer)", &[])?;
    sql.run(&events, &[])?;
    let secrets = format!(
        "INSERT INTO unpublished (kind, id) SELECT 'secrets', s.id FROM secrets s \
         LEFT JOIN aside_secrets a ON a.id = s.id WHERE ({}, s.version, s.revoked_at, s.sealed) \
         IS NOT ({}, a.version, a.revoked_at, a.sealed)",
        prefixed(SECRET, "s"),
        prefixed(SECRET, "a"),
    );
    sql.run(&secrets, &[])?;
    let seats = "INSERT INTO unpublished (kind, id) SELECT 'rsvps', r.id FROM rsvps r \
         WHERE r.place = 1 AND NOT EXISTS (SELECT 1 FROM aside_rsvps a WHERE a.event_id = r.event_id \
         AND a.payer = r.payer AND a.tx_hash = r.tx_hash)";
    sql.run(seats, &[])?;
    sql.run("INSERT OR IGNORE INTO unpublished SELECT * FROM aside_unpublished", &[]).map(drop)
}

/// The columns of a table, separated by commas.
fn prefixed(columns: &str, table: &str) -> String {
    let columns: Vec<String> =
        columns.split(", ").map(|column| format!("{table}.{column}")).collect();
    columns.join(", ")
}
