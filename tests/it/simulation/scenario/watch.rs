//! What must be true at every step.

use events_concierge::ledger::audit::{IN_TIME, audit};
use events_concierge::ports::SqlValue;

use super::super::chain::short;
use super::super::storage::Calm;
use super::super::unkind::{Rule, Unkind};
use super::{Scenario, Server};

/// How often a storage is written to between two full looks.
const WRITES: u64 = 150;
/// How late an alarm may be for what is due, seconds.
const LATE_SECONDS: i64 = 160;
/// How long something may be due and not looked after, seconds: the cron has to find it, twice.
const OVERDUE_SECONDS: i64 = 2_400;
/// How long an object may still catch up after faulty settings were corrected, seconds: it reads them again every 300.
const RECOVERY_SECONDS: i64 = 600;

/// How long an alarm may run, milliseconds. The runtime ends it after 15 minutes.
const ALARM_MILLIS_MAX: i64 = 10 * 60_000;

/// What was seen of an object last.
#[derive(Default)]
pub(super) struct Watch {
    step: u64,
    full: u64,
}

/// What is wrong with the rows of an object, as far as one look tells; and when something is due.
const LOOK: &str = "SELECT \
     (SELECT count(*) FROM (SELECT 1 FROM ledger WHERE entry = 'delivered' \
        GROUP BY payment_id HAVING count(*) > 1)), \
     (SELECT count(*) FROM payments WHERE next_check_at IS NULL \
        AND state IN ('claimed', 'verified', 'settling', 'settled')), \
     (SELECT min(at) FROM (SELECT min(next_check_at) AS at FROM payments WHERE next_check_at IS NOT NULL \
        UNION ALL SELECT min(next_check_at) FROM refunds WHERE next_check_at IS NOT NULL \
        UNION ALL SELECT min(offered_until) FROM waitlist WHERE state = 'offered' \
        UNION ALL SELECT min(not_before) FROM outbox \
        UNION ALL SELECT min(next_at) FROM mail_outbox WHERE state IN ('queued', 'sending')))";

/// Of each payment: nonce, tool, state, money in the ledger, and how often what it buys was handed over.
const PAYMENTS: &str = "SELECT p.nonce, p.tool, \
     CASE WHEN p.reason IS NULL THEN p.state ELSE p.state || ': ' || p.reason END, \
     (SELECT coalesce(sum(l.amount), 0) FROM ledger l WHERE l.payment_id = p.id \
        AND l.entry IN ('settled', 'reversed')), \
     (SELECT count(*) FROM rsvps r WHERE r.payment_id = p.id AND r.place = 1) \
     + (SELECT count(*) FROM cancelled_seats c WHERE c.payment_id = p.id AND c.place = 1) \
     + (SELECT count(*) FROM retrievals t WHERE t.payment_id = p.id AND t.how = 'paid') \
     + (SELECT count(*) FROM tickets k WHERE k.payment_id = p.id) \
     + (SELECT count(*) FROM drafts d WHERE d.payment_id = p.id AND d.state <> 'approved') \
     + (SELECT count(*) FROM ticket_entries e WHERE instr(e.text, substr(p.nonce, 1, 18)) > 0) \
     FROM payments p";

impl Server {
    /// When something is due, and what is wrong.
    fn look(&self) -> (i64, i64, Option<i64>) {
        let row = &self.sql(LOOK)[0];
        let int = |column: usize| match row[column] {
            SqlValue::Int(number) => Some(number),
            SqlValue::Null | SqlValue::Text(_) => None,
        };
        (int(0).unwrap(), int(1).unwrap(), int(2))
    }
}

impl Scenario {
    /// What must be true whenever an object has done something.
    pub(super) fn check_step(&mut self, host: usize) {
        let wrongs = std::mem::take(&mut *self.sim.wrongs.borrow_mut());
        assert!(wrongs.is_empty(), "{}", wrongs.join("; "));
        let server = &mut self.servers[host];
        let writes = server.world.sqlite.memo.writes();
        let is_idle = server.is_idle();
        if server.watch.step == writes && !is_idle {
            return;
        }
        server.watch.step = writes;
        let (twice, lost, due) = server.look();
        assert_eq!(twice, 0, "{} has delivered a payment twice", server.name);
        assert_eq!(lost, 0, "{} has a payment that nobody looks after", server.name);
        let server = &self.servers[host];
        if let Some(due) = due
            && is_idle
            && self.sim.holds(Rule::AlarmsAreSet)
        {
            self.check_alarm(server, due);
        }
        if writes >= server.watch.full + WRITES {
            self.check_books(host);
        }
    }

    /// Something is open and nothing runs: then there is an alarm for it, unless the runtime has given that up.
    fn check_alarm(&self, server: &Server, due: i64) {
        let now = self.sim.now.get() / 1000;
        let alarm = server.alarm_at().map(|at| at / 1000);
        // An object that could not be built looks again whether it can.
        let is_new = self.sim.is(Unkind::ChangingSettings);
        let late = if is_new { 2 * LATE_SECONDS } else { LATE_SECONDS };
        let is_in_time = alarm.is_some_and(|at| at <= due.max(now) + late);
        let is_given_up = server.drops.get() > 0;
        assert!(
            is_in_time || is_given_up,
            "{} has something open and no alarm: {due}, {alarm:?}",
            server.name
        );
    }

    /// Whether an object cannot work, or could not shortly before.
    fn is_in_trouble(&self, host: usize) -> bool {
        let (sim, until) = (&self.sim, self.servers[host].world.storm_until.get());
        sim.settings.get().is_faulty
            || sim.recovered_at.get() > sim.now.get() - RECOVERY_SECONDS * 1000
            || until > sim.now.get() - OVERDUE_SECONDS * 1000
    }

    pub(super) fn check_all(&mut self) {
        for host in 0..self.servers.len() {
            let since = self.servers[host].alarm_since();
            let runs = since.map_or(0, |since| self.sim.now.get() - since);
            assert!(runs < ALARM_MILLIS_MAX, "the alarm of {} never ends", self.servers[host].name);
            self.check_books(host);
            let (.., due) = self.servers[host].look();
            let now = self.sim.now.get() / 1000;
            let is_late = due.is_some_and(|due| due < now - OVERDUE_SECONDS);
            let is_late = is_late && !self.is_in_trouble(host);
            assert!(!is_late, "nobody looks after what is due at {}", self.servers[host].name);
        }
    }

    /// Rows and ledger agree with each other, and with the chain as far as that can be said now.
    pub(super) fn check_books(&mut self, host: usize) {
        let now = self.sim.now.get() / 1000;
        let server = &mut self.servers[host];
        server.watch.full = server.world.sqlite.memo.writes();
        let calm = Calm { sqlite: std::rc::Rc::clone(&server.world.sqlite), now };
        let mut faults = audit(&calm).unwrap();
        if self.is_in_trouble(host) {
            faults.retain(|fault| !fault.starts_with(IN_TIME));
        }
        let server = &self.servers[host];
        assert_eq!(faults, Vec::<String>::new(), "the books of {}", server.name);
        let chain = self.sim.chain.borrow();
        for row in server.sql(PAYMENTS) {
            let [
                SqlValue::Text(nonce),
                SqlValue::Text(tool),
                SqlValue::Text(state),
                SqlValue::Int(money),
                SqlValue::Int(delivered),
            ] = &row[..]
            else {
                panic!("{row:?}")
            };
            let name = short(nonce);
            assert!(*delivered < 2, "{name} has bought {delivered} things: {tool}");
            let is_told = chain.was_used(nonce) || chain.said_paid.contains(nonce);
            assert!(
                *money == 0 || is_told,
                "{name} is booked, and nobody has said that it is paid"
            );
            let is_ended = ["refused", "failed"].iter().any(|end| state.starts_with(end));
            let is_ours = chain.is_used(nonce) && !chain.is_elsewhere(nonce);
            let holds = !is_ended || !is_ours || self.is_given_up(nonce);
            // A facilitator that was asked by another host has moved it.
            let is_pure = self.purchases.iter().any(|it| it.nonce == *nonce && it.pure);
            assert!(holds || !is_pure, "{name} is paid and ended as {state}");
        }
    }
}
