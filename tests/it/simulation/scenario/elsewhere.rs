//! Payments that another sender puts on the chain: used at another server of the same payee before they are shown
//! here, or read from a call in flight and sent first. And payers who prove a payment that is in doubt.

use events_concierge::ports::SqlValue;
use serde_json::Value;

use super::super::chain::{Chain, LAG, short};
use super::buying::Purchase;
use super::{HOSTS, PAY_TO, Scenario};

/// Whether and when another sender moved a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spent {
    No,
    /// Before it was shown to any host, at this moment (milliseconds), and shown so much later that every
    /// node knows of it.
    Before(i64),
    /// While a host held it.
    OnItsWay,
    /// At any other time.
    Sometime,
}

impl Scenario {
    /// The payment buys at another shop; only later is it shown here.
    pub(super) fn spend_before(&mut self, index: usize) {
        if let Some(at) = Chain::spend(&self.sim, &self.purchases[index].payment) {
            self.purchases[index].spent = Spent::Before(at);
            self.run_for(at - self.sim.now.get() + LAG + 2_000);
        }
    }

    /// A payment is shown here in vain, buys at another shop, and is shown here once more.
    pub(super) fn spend_between(&mut self) {
        let before = self.purchases.len();
        let until = self.sim.now.get() + 8_000;
        self.sim.refuses_until.set(until);
        self.buy();
        self.run_for(8_000);
        let Purchase { nonce, host, answers, .. } = &self.purchases[before];
        let open = format!(
            "SELECT count(*) FROM payments WHERE nonce = '{nonce}' AND state NOT IN ('refused', 'failed')"
        );
        // A copy that is still on its way may be held before the other shop has the money.
        let is_over = self.servers[*host].is_idle();
        let is_vain =
            is_over && !answers.borrow().is_empty() && self.servers[*host].int(&open) == 0;
        if !is_vain || self.purchases[before].spent != Spent::No {
            return;
        }
        self.spend_before(before);
        if self.sim.rng.chance(700) {
            // The endpoint cannot be asked before it is taken, and can be afterwards.
            for net in &mut self.sim.chain.borrow_mut().nets {
                net.down_until = net.down_until.max(self.sim.now.get() + 6_000);
            }
        }
        self.send(before, None, None);
    }

    /// Another sender submits a payment that it has seen.
    pub(super) fn spend_one(&mut self) {
        if self.purchases.is_empty() {
            return;
        }
        let index = self.sim.rng.below(self.purchases.len());
        let Purchase { nonce, payment, spent, .. } = &self.purchases[index];
        if *spent != Spent::No || Chain::spend(&self.sim, payment).is_none() {
            return;
        }
        let held = format!(
            "SELECT count(*) FROM payments WHERE nonce = '{nonce}' AND state IN ('settling', 'unknown')"
        );
        let is_held = self.servers.iter().any(|server| server.int(&held) > 0);
        self.purchases[index].spent = if is_held { Spent::OnItsWay } else { Spent::Sometime };
    }

    /// Whether a payment that is on the chain has to have bought something; `None` if it may have.
    pub(super) fn must_be_delivered(&self, index: usize) -> Option<bool> {
        let Purchase { nonce, spent, .. } = &self.purchases[index];
        let chain = self.sim.chain.borrow();
        if self.is_given_up(nonce) {
            return None;
        }
        if !chain.is_elsewhere(nonce) {
            return Some(true);
        }
        match spent {
            Spent::Before(at) if chain.used_at(nonce) == Some(*at) => Some(false),
            // Unless the facilitator has said at that very moment that it sends nothing now.
            Spent::OnItsWay => (!self.is_refused(nonce)).then_some(true),
            Spent::No | Spent::Before(_) | Spent::Sometime => None,
        }
    }

    /// What the chain has moved to this address for other shops than these.
    pub(super) fn earned_elsewhere(&self, pay_to: &str) -> i64 {
        let of_theirs = self.purchases.iter().filter(|purchase| {
            PAY_TO[purchase.host] == pay_to
                && self.sim.chain.borrow().is_elsewhere(&purchase.nonce)
                && self.delivered(&purchase.nonce) == 0
        });
        let value = |purchase: &Purchase| {
            let value = &purchase.payment["payload"]["authorization"]["value"];
            value.as_str().unwrap().parse::<i64>().unwrap()
        };
        of_theirs.map(value).sum()
    }

    /// Whether a payment that may have been made for another server was not proven in time.
    pub(super) fn is_given_up(&self, nonce: &str) -> bool {
        self.sim.given_up.borrow().contains(nonce)
    }

    /// Whether the facilitator has refused a payment, or has not taken it, of which no row is kept.
    fn is_refused(&self, nonce: &str) -> bool {
        let other =
            format!("SELECT count(*) FROM payments WHERE nonce = '{nonce}' AND state <> 'refused'");
        self.servers.iter().all(|server| server.int(&other) == 0)
    }

    pub(super) fn delivered(&self, nonce: &str) -> i64 {
        let delivered = format!(
            "SELECT count(*) FROM payments WHERE nonce = '{nonce}' AND state = 'delivered'"
        );
        self.servers.iter().map(|server| server.int(&delivered)).sum()
    }

    /// Where nobody can say for whom an authorization was used, its payer signs in, and gets what was paid
    /// for. Nobody does so for what was bought at another shop.
    pub(super) fn prove_doubtful(&mut self) {
        let doubtful = "SELECT nonce, arguments FROM payments WHERE doubtful_at IS NOT NULL AND state = 'unknown'";
        let mut is_any_left = false;
        for host in 0..HOSTS {
            for row in self.servers[host].sql(doubtful) {
                let [SqlValue::Text(nonce), SqlValue::Text(arguments)] = &row[..] else { panic!() };
                let arguments: Value = serde_json::from_str(arguments).unwrap();
                let is_it = |purchase: &Purchase| purchase.nonce == *nonce;
                let index = self.purchases.iter().position(is_it).unwrap();
                let purchase = &self.purchases[index];
                if matches!(purchase.spent, Spent::Before(_)) {
                    is_any_left = true;
                    continue;
                }
                if self.is_stuck(purchase) {
                    continue;
                }
                let is_own = purchase.host == host && purchase.arguments == arguments;
                let to = (!is_own).then_some((host, arguments));
                let refused = self.repeat(index, to.clone(), None);
                assert_eq!(refused.status, 401, "{} is in doubt: {refused:?}", short(nonce));
                let refused = serde_json::from_str(&refused.body).unwrap();
                let proof = self.purchases[index].wallet.prove(&refused);
                let reply = self.repeat(index, to, Some(proof));
                assert_eq!(reply.status, 200, "{} is proven: {reply:?}", short(nonce));
                self.outcome.proven += 1;
            }
        }
        // The chain is asked once more half a minute later, and a doubt ends after a day.
        self.run_for(if is_any_left { 90_000_000 } else { 100_000 });
    }
}
