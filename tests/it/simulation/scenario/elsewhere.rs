//! Payments that somebody else puts on the chain: spent at another shop of the same payee before they are
//! shown here, or read from a call on its way and sent first. And payers who prove what is in doubt.

use events_concierge::ports::SqlValue;
use serde_json::Value;

use super::super::chain::{Chain, LAG, short};
use super::{PAY_TO, Purchase, Scenario};

/// Whether and when somebody else had a payment moved.
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
        if Chain::spend(&self.sim, &self.purchases[index].payment) {
            self.purchases[index].spent = Spent::Before(self.sim.now.get());
            self.run_for(LAG + 2_000);
        }
    }

    /// Somebody sends a payment that they have seen somewhere.
    pub(super) fn spend_one(&mut self) {
        if self.purchases.is_empty() {
            return;
        }
        let index = self.sim.rng.below(self.purchases.len());
        let Purchase { nonce, payment, spent, .. } = &self.purchases[index];
        if *spent != Spent::No || !Chain::spend(&self.sim, payment) {
            return;
        }
        let held = format!(
            "SELECT count(*) FROM payments WHERE nonce = '{nonce}' AND state IN ('settling', 'unknown')"
        );
        let is_held = self.objects.iter().any(|object| object.int(&held) > 0);
        self.purchases[index].spent = if is_held { Spent::OnItsWay } else { Spent::Sometime };
    }

    /// Whether a payment that is on the chain has to have bought something; `None` if it may have.
    pub(super) fn must_be_delivered(&self, index: usize) -> Option<bool> {
        let Purchase { nonce, spent, .. } = &self.purchases[index];
        let chain = self.sim.chain.borrow();
        if !chain.is_elsewhere(nonce) {
            return Some(true);
        }
        match spent {
            Spent::Before(at) if chain.used_at(nonce) == Some(*at) => Some(false),
            Spent::OnItsWay => Some(true),
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

    pub(super) fn delivered(&self, nonce: &str) -> i64 {
        let delivered = format!(
            "SELECT count(*) FROM payments WHERE nonce = '{nonce}' AND state = 'delivered'"
        );
        self.objects.iter().map(|object| object.int(&delivered)).sum()
    }

    /// Where nobody can say for whom an authorization was used, its payer signs in, and gets what was paid
    /// for. Nobody does so for what was bought at another shop.
    pub(super) fn prove_doubtful(&mut self) {
        let doubtful =
            "SELECT nonce, arguments FROM payments WHERE is_doubtful = 1 AND state = 'unknown'";
        let mut is_any_left = false;
        for host in 0..3 {
            for row in self.objects[host].sql(doubtful) {
                let [SqlValue::Text(nonce), SqlValue::Text(arguments)] = &row[..] else { panic!() };
                let arguments: Value = serde_json::from_str(arguments).unwrap();
                let is_it = |purchase: &Purchase| purchase.nonce == *nonce;
                let index = self.purchases.iter().position(is_it).unwrap();
                let purchase = &self.purchases[index];
                if matches!(purchase.spent, Spent::Before(_)) {
                    is_any_left = true;
                    continue;
                }
                let is_own = purchase.host == host && purchase.arguments == arguments;
                let event = arguments["eventId"].as_str().unwrap().to_owned();
                let to = (!is_own).then_some((host, event));
                let refused = self.repeat(index, to.clone(), None);
                assert_eq!(refused.status, 401, "{} is in doubt: {refused:?}", short(nonce));
                let refused = serde_json::from_str(&refused.body).unwrap();
                let proof = self.purchases[index].wallet.prove(&refused);
                let reply = self.repeat(index, to, Some(proof));
                assert_eq!(reply.status, 200, "{} is proven: {reply:?}", short(nonce));
                self.proven += 1;
            }
        }
        // The chain is asked once more half a minute later, and a doubt ends after a day.
        self.run_for(if is_any_left { 90_000_000 } else { 100_000 });
    }
}
