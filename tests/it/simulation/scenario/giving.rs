//! Guests who give tickets to somebody else: those that they have, and those that they have not any more.

use std::rc::Rc;

use events_concierge::host::command::Action;
use events_concierge::http::route::AtHost;
use events_concierge::ports::SqlValue;
use serde_json::json;

use super::super::chain::short;
use super::{Scenario, request};
use crate::support::Wallet;

impl Scenario {
    /// A guest gives a ticket of a payment away, or tries to.
    pub(super) fn give_ticket(&mut self) {
        let bought: Vec<usize> = (0..self.purchases.len())
            .filter(|index| self.purchases[*index].tool == "rsvpToEvent")
            .filter(|index| self.is_bought(*index))
            .collect();
        if bought.is_empty() {
            return;
        }
        let purchase = &self.purchases[bought[self.sim.rng.below(bought.len())]];
        let server = &self.servers[purchase.host];
        // Live codes of the purchase, and former ones.
        let codes: Vec<String> = server
            .sql(&format!(
                "SELECT code FROM rsvps WHERE payment_id IN (SELECT id FROM payments WHERE nonce = '{0}') \
                 UNION ALL SELECT code FROM given_codes WHERE payment_id IN (SELECT id FROM payments WHERE nonce = '{0}')",
                purchase.nonce
            ))
            .into_iter()
            .filter_map(|row| match row.into_iter().next() {
                Some(SqlValue::Text(code)) => Some(code),
                _ => None,
            })
            .collect();
        if codes.is_empty() {
            return;
        }
        let code = &codes[self.sim.rng.below(codes.len())];
        let to = match self.sim.rng.below(3) {
            0 => json!({"ticket": code, "name": "Bob"}),
            1 => json!({"ticket": code, "toWallet": Wallet::new(3).address.to_string()}),
            // Back to the wallet that paid.
            _ => {
                json!({"ticket": code, "toWallet": purchase.payment["payload"]["authorization"]["from"]})
            }
        };
        let headers = vec![purchase.header()];
        let action = Action::AtHost(AtHost::Tool("transferTicket".to_owned()));
        let request = request(server, action, false, headers, &to);
        let (sim, nonce) = (Rc::clone(&self.sim), purchase.nonce.clone());
        let Some(service) = server.service.clone() else { return };
        server.spawn(async move {
            let reply = service.handle(request).await;
            sim.tell(|| {
                format!("a ticket of {} is given: {} {}", short(&nonce), reply.status, reply.body)
            });
            assert_ne!(reply.status, 500, "{}", reply.body);
        });
    }
}
