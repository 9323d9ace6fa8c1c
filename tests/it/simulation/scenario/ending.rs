//! What must be true once everything has come to rest.

use std::rc::Rc;

use events_concierge::http::route::Own;
use serde_json::{Value, json};

use super::super::chain::short;
use super::super::unkind::{Rule, Unkind};
use super::buying::{Purchase, Wish};
use super::{HOSTS, Outcome, PAY_TO, Scenario};

/// Ledger entries that are money.
const MONEY: &str = "SELECT coalesce(sum(amount), 0) FROM ledger WHERE entry IN ('settled', 'reversed', 'refunded')";
/// What was paid back.
const REFUNDED: &str = "SELECT coalesce(sum(amount), 0) FROM refunds WHERE state = 'paid'";
/// How long an honest buyer may have to try during an attack, seconds.
const PATIENCE_SECONDS: i64 = 300;

impl Scenario {
    /// An honest buyer is served soon, whatever a stranger sends in between.
    pub(super) fn serve_an_honest_buyer(&mut self) {
        if !self.sim.is(Unkind::Strangers) {
            return;
        }
        for host in 0..HOSTS {
            let open = json!({"products": ["events", "vault", "desk"]});
            self.own(host, Own::ChangeProfile, &open);
            let mut since = 0;
            loop {
                let bad = self.analytics_of(host);
                let garbage = json!(format!("0x02{}", "33".repeat(70)));
                self.purchases[bad].payment["payload"]["signature"] = garbage;
                self.send(bad, None, None);
                self.run_for(1_000);
                since += 1;
                if since % 5 != 0 {
                    continue;
                }
                let good = self.analytics_of(host);
                let reply = self.repeat(good, None, None);
                if reply.status == 200 {
                    break;
                }
                assert!(since < PATIENCE_SECONDS, "nobody is served: {}", reply.body);
            }
        }
    }

    fn analytics_of(&mut self, host: usize) -> usize {
        let nonce = self.nonce();
        let arguments = json!({"eventId": self.servers[host].events[0]});
        self.sign(Wish { host, tool: "getEventAnalytics", arguments }, "10000", nonce)
    }

    pub(super) fn check_end(mut self) -> Outcome {
        // What is stuck is looked for again and again; that shall not be just now.
        for _ in 0..10 {
            if self.servers.iter().any(|server| !server.is_idle()) {
                self.run_for(30_000);
            }
        }
        for host in 0..HOSTS {
            self.check_books(host);
            self.check_rest(host);
            self.check_refunds(host);
        }
        self.check_no_other_transfer();
        for pay_to in [PAY_TO[0], PAY_TO[2]] {
            let hosts = (0..HOSTS).filter(|host| PAY_TO[*host] == pay_to);
            let int = |host: usize, of: &str| self.servers[host].int(of);
            let revenue: i64 = hosts.map(|host| int(host, MONEY) + int(host, REFUNDED)).sum();
            let received = i64::try_from(self.sim.chain.borrow().received(pay_to)).unwrap();
            let elsewhere = self.earned_elsewhere(pay_to);
            let open = self.earned_and_open(pay_to);
            let odd = self.odd_ones();
            assert_eq!(revenue, received - elsewhere - open, "what {} got: {odd:?}", short(pay_to));
        }
        for index in 0..self.purchases.len() {
            self.check_purchase(index);
        }
        let sum = |of: &str| -> u64 {
            self.servers.iter().map(|server| u64::try_from(server.int(of)).unwrap()).sum()
        };
        self.outcome.reversed = sum("SELECT count(*) FROM ledger WHERE entry = 'reversed'");
        self.outcome.secrets = sum("SELECT count(*) FROM retrievals WHERE how = 'paid'");
        self.outcome.several = sum("SELECT count(*) FROM rsvps WHERE place > 1");
        self.outcome.typed = sum("SELECT count(*) FROM rsvps WHERE ticket_type IS NOT NULL");
        self.outcome.reduced = sum("SELECT count(*) FROM rsvps WHERE promo IS NOT NULL");
        self.outcome.desk = sum("SELECT count(*) FROM ticket_entries");
        self.outcome.mails = sum("SELECT count(*) FROM mail_outbox WHERE state = 'sent'");
        self.outcome.given_back = sum("SELECT count(*) FROM cancelled_seats");
        self.outcome.given = sum("SELECT count(*) FROM given_codes");
        self.outcome.offered = sum("SELECT count(*) FROM waitlist WHERE state <> 'waiting'");
        self.outcome.drops = self.servers.iter().map(|server| server.drops.get()).sum();
        self.outcome
    }

    /// Nothing is open at a host but what nobody can find out any more, and everything is published.
    fn check_rest(&self, host: usize) {
        let server = &self.servers[host];
        let name = server.name;
        assert!(server.is_idle(), "{name} has calls that never end");
        // Of what is delivered only the confirmation is open.
        let open = "SELECT nonce FROM payments WHERE state <> 'delivered' AND (next_check_at IS NOT NULL \
             OR state IN ('claimed', 'verified', 'settling', 'unknown', 'settled'))";
        for row in server.sql(open) {
            let nonce = format!("{:?}", row[0]);
            let is_stuck =
                self.purchases.iter().any(|it| nonce.contains(&it.nonce) && self.is_stuck(it));
            assert!(is_stuck, "{name} has an open payment: {nonce}");
        }
        let unsent = "SELECT count(*) FROM outbox WHERE value IS NOT NULL";
        assert_eq!(server.int(unsent), 0, "{name} has records to send");
        let revenue = server.int(MONEY).to_string();
        let kv = self.sim.kv.borrow();
        let published = kv.get(&format!("{}:revenue", server.scope)).map_or("0", String::as_str);
        assert_eq!(published, revenue, "revenue of {name} in KV");
        let prefix = format!("{}:rsvps:", server.scope);
        let seats =
            i64::try_from(kv.keys().filter(|key| key.starts_with(&prefix)).count()).unwrap();
        let bought = "SELECT count(*) FROM rsvps WHERE place = 1";
        assert_eq!(server.int(bought), seats, "seats of {name} in KV");
        self.check_mails(host);
    }

    /// Every mail was sent, refused, or nobody knows; and what was sent has arrived.
    fn check_mails(&self, host: usize) {
        let mails = self.sim.mails.borrow();
        if mails.delivery.is_none() {
            return;
        }
        let rows = self.servers[host].sql("SELECT state, id FROM mail_outbox");
        for row in rows {
            let (state, id) = (format!("{:?}", row[0]), format!("{:?}", row[1]));
            let arrived = mails.arrived.iter().any(|(known, _)| id.contains(known));
            assert!(!state.contains("sending"), "the mail {id} is neither sent nor not");
            assert!(arrived || !state.contains("sent"), "the mail {id} is called sent");
        }
    }

    /// Whether a payment is on the chain, and no endpoint has the log that says so.
    pub(super) fn is_stuck(&self, purchase: &Purchase) -> bool {
        let chain = self.sim.chain.borrow();
        let nonce = &purchase.nonce;
        chain.is_used(nonce) && !chain.has_log(nonce, self.sim.now.get()) && self.is_shown(nonce)
    }

    fn is_shown(&self, nonce: &str) -> bool {
        let shown =
            format!("SELECT count(*) FROM payments WHERE nonce = '{nonce}' AND state = 'unknown'");
        self.servers.iter().any(|server| server.int(&shown) > 0)
    }

    /// Payments of which chain and ledgers do not say the same.
    fn odd_ones(&self) -> Vec<String> {
        let is_odd = |it: &&Purchase| {
            let booked = format!(
                "SELECT coalesce(sum(l.amount), 0) > 0 FROM ledger l JOIN payments p ON p.id = l.payment_id \
                 WHERE p.nonce = '{}' AND l.entry IN ('settled', 'reversed')",
                it.nonce
            );
            let is_booked = self.servers.iter().any(|server| server.int(&booked) > 0);
            is_booked != self.sim.chain.borrow().is_used(&it.nonce)
        };
        self.purchases.iter().filter(is_odd).map(|it| short(&it.nonce)).collect()
    }

    /// What the chain has moved to this address for payments that are shown as waiting.
    fn earned_and_open(&self, pay_to: &str) -> i64 {
        let is_it = |it: &&Purchase| {
            PAY_TO[it.host] == pay_to
                && (self.is_stuck(it) || self.is_given_up(&it.nonce))
                && self.delivered(&it.nonce) == 0
                && self.sim.chain.borrow().is_used(&it.nonce)
                && !self.sim.chain.borrow().is_elsewhere(&it.nonce)
        };
        self.purchases.iter().filter(is_it).map(value_of).sum()
    }

    /// Who paid has what was paid for, once, and gets it again with a proof; who did not has
    /// nothing; and nobody was told something else.
    fn check_purchase(&mut self, index: usize) {
        let Purchase { nonce, pure, host, .. } = &self.purchases[index];
        let (nonce, pure, host) = (nonce.clone(), *pure, *host);
        let used = self.sim.chain.borrow().is_used(&nonce);
        let delivered = self.delivered(&nonce);
        let is_stuck = self.is_stuck(&self.purchases[index]);
        let is_lost = self.is_given_up(&nonce);
        let must = if used || is_lost { self.must_be_delivered(index) } else { Some(false) };
        assert!(delivered < 2, "{} was delivered so often: {delivered}", short(&nonce));
        if let Some(must) = must
            && !is_stuck
        {
            assert_eq!(delivered, i64::from(must), "{} was delivered so often", short(&nonce));
        }
        self.outcome.elsewhere += u64::from(used && delivered == 0 && !is_stuck);
        self.outcome.stuck += u64::from(is_stuck && delivered == 0);
        let answers = Rc::clone(&self.purchases[index].answers);
        if let Some(broken) = answers.borrow().iter().find(|reply| reply.status == 500) {
            panic!("an internal error for {}: {}", short(&nonce), broken.body);
        }
        let used = delivered == 1;
        let was_answered = self.purchases[index].has_read
            || answers.borrow().iter().any(|reply| reply.status == 200);
        if used {
            self.outcome.paid += 1;
            self.outcome.found_out += u64::from(!was_answered);
        } else {
            self.outcome.unpaid += 1;
        }
        if !pure || is_stuck {
            return;
        }
        // Of an answer that was lost nobody knows what it said.
        if let Some(last) = answers.borrow().last()
            && used
            && answers.borrow().len() == self.purchases[index].sent
        {
            let body: Value = serde_json::from_str(&last.body).unwrap_or_default();
            let is_told_so = last.status == 200 || body["moneyMoved"] != "no";
            assert!(is_told_so, "{} was told that nothing moved: {}", short(&nonce), last.body);
        }
        self.check_again(index, host, used, was_answered);
    }

    /// Shows the payment once more.
    fn check_again(&mut self, index: usize, host: usize, used: bool, was_answered: bool) {
        let nonce = self.purchases[index].nonce.clone();
        if !used && !self.sim.rng.chance(300) {
            return;
        }
        let reply = self.repeat(index, None, None);
        if !used {
            assert_ne!(reply.status, 200, "{} was not paid", short(&nonce));
            return;
        }
        // Only what the chain never shows, or the payer's wallet, opens an answer again.
        let payment = &self.purchases[index].payment;
        let is_private = !payment["extensions"].is_null()
            || payment["accepted"]["extra"]["receiptKey"].is_string();
        let reply = if is_private {
            reply
        } else {
            assert_eq!(reply.status, 401, "{} is shown to anybody: {reply:?}", short(&nonce));
            assert!(!reply.body.contains("ticketUrl") && !reply.body.contains("value "));
            let refused = serde_json::from_str(&reply.body).unwrap();
            self.repeat(index, None, Some(self.purchases[index].wallet.prove(&refused)))
        };
        let name = self.servers[host].name;
        // What was read before may have been withdrawn or replaced since; what was not is handed over.
        let was_read = was_answered || !self.sim.holds(Rule::FirstHandOver);
        let may_be_gone = self.purchases[index].tool == "retrieveSecret" && was_read;
        let is_gone = reply.status == 409 && may_be_gone;
        assert!(reply.status == 200 || is_gone, "{} was paid at {name}: {reply:?}", short(&nonce));
        if self.purchases[index].tool == "retrieveSecret" && !is_gone {
            let body: Value = serde_json::from_str(&reply.body).unwrap();
            let has_value =
                body["secret"].as_str().is_some_and(|value| value.starts_with("value "));
            assert!(has_value, "{} bought a secret and gets none: {body}", short(&nonce));
        }
    }
}

/// What a payment moves.
fn value_of(purchase: &Purchase) -> i64 {
    let value = &purchase.payment["payload"]["authorization"]["value"];
    value.as_str().unwrap().parse().unwrap()
}
