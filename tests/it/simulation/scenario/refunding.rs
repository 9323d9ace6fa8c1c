//! Guests who give seats back, and hosts who pay money back: twice, late, or by themselves.

use std::rc::Rc;

use events_concierge::base::http::Reply;
use events_concierge::base::id::PaymentId;
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Own};
use events_concierge::ledger::refunds;
use events_concierge::ports::SqlValue;
use serde_json::{Value, json};

use super::super::chain::{Chain, short};
use super::{HOSTS, PAY_TO, Scenario, Server, request};

impl Scenario {
    /// The chain has confirmed most payments by now, so their money can go back.
    pub(super) fn give_back_and_refund(&mut self) {
        self.run_for(90_000);
        for _ in 0..6 {
            self.give_ticket();
            self.wait_for_seat();
            self.cancel_seat();
            self.pay_refunds();
            self.run_for(self.sim.rng.range(5_000, 40_000));
        }
    }

    /// A guest gives the seat of a payment back, or tries to.
    pub(super) fn cancel_seat(&mut self) {
        let seats: Vec<usize> = (0..self.purchases.len())
            .filter(|index| self.purchases[*index].tool == "rsvpToEvent")
            .filter(|index| !self.sim.rng.chance(900) || self.is_bought(*index))
            .collect();
        if seats.is_empty() {
            return;
        }
        let purchase = &self.purchases[seats[self.sim.rng.below(seats.len())]];
        let server = &self.servers[purchase.host];
        let headers = vec![purchase.header()];
        let arguments = json!({"eventId": purchase.arguments["eventId"], "refund": "0"});
        let action = Action::AtHost(AtHost::Tool("cancelRsvp".to_owned()));
        let request = request(server, action, false, headers, &arguments);
        let (sim, nonce) = (Rc::clone(&self.sim), purchase.nonce.clone());
        let Some(service) = server.service.clone() else { return };
        self.sim.tell(|| format!("the guest of {} cancels", short(&nonce)));
        server.spawn(async move {
            let reply = service.handle(request).await;
            sim.tell(|| format!("cancelling {}: {} {}", short(&nonce), reply.status, reply.body));
            assert_ne!(reply.status, 500, "{}", reply.body);
        });
    }

    /// Whether a payment has bought its seat, and holds what proves who made it.
    pub(super) fn is_bought(&self, index: usize) -> bool {
        let payment = &self.purchases[index].payment;
        let is_private = !payment["extensions"].is_null()
            || payment["accepted"]["extra"]["receiptKey"].is_string();
        is_private && self.delivered(&self.purchases[index].nonce) == 1
    }

    /// A host asks what to sign, and signs it: once, twice, late, not at all; or its wallet sends it by itself.
    pub(super) fn pay_refunds(&mut self) {
        let host = self.sim.rng.below(HOSTS);
        let server = &self.servers[host];
        let Some(service) = server.service.clone() else { return };
        let body = json!({});
        let asked = request(server, Action::Own(Own::PayRefunds), true, Vec::new(), &body);
        let (sim, how) = (Rc::clone(&self.sim), self.sim.rng.below(10));
        let (user, scope) = (server.user.clone(), server.scope.clone());
        let make = move |body: &Value, world: &super::World| {
            super::request_of(
                (&user, &scope, world),
                Action::Own(Own::PayRefunds),
                true,
                Vec::new(),
                body,
            )
        };
        let world = server.world.clone();
        server.spawn(async move {
            let reply = service.handle(asked).await;
            assert_ne!(reply.status, 500, "{}", reply.body);
            let offered: Value = serde_json::from_str(&reply.body).unwrap_or_default();
            let to_sign = offered["toSign"].as_array().cloned().unwrap_or_default();
            if to_sign.is_empty() {
                return;
            }
            sim.tell(|| format!("a host is asked to sign {} refunds", to_sign.len()));
            match how {
                // The browser dies.
                0 => return,
                1 => to_sign.iter().for_each(|one| {
                    let _: Option<i64> = Chain::spend(&sim, &as_payment(one));
                }),
                2 => sim.sleep(sim.rng.range(1_000, 120_000)).await,
                _ => {}
            }
            // A signature that no facilitator takes, and then a good one.
            let bad = (how == 3).then_some("0x02");
            for begin in bad.into_iter().chain(Some("0x11")) {
                let sign = |one: &Value| {
                    json!({"refundId": one["refundId"], "validBefore": one["validBefore"],
                        "signature": format!("{begin}{}", "11".repeat(64))})
                };
                let signed: Vec<Value> = to_sign.iter().map(sign).collect();
                let signed = json!({ "signatures": signed });
                for _ in 0..if how == 4 { 2 } else { 1 } {
                    let reply: Reply = service.handle(make(&signed, &world)).await;
                    assert_ne!(reply.status, 500, "{}", reply.body);
                }
                if bad.is_some() {
                    sim.sleep(20_000).await;
                }
            }
        });
    }

    /// What is in the books about refunds is what the chain has moved, once.
    pub(super) fn check_refunds(&mut self, host: usize) {
        let server = &self.servers[host];
        let rows = server.sql("SELECT payment_id, attempt, state, amount, payer FROM refunds");
        for row in rows {
            let [
                SqlValue::Text(payment),
                SqlValue::Int(attempt),
                SqlValue::Text(state),
                SqlValue::Int(amount),
                SqlValue::Text(payer),
            ] = &row[..]
            else {
                panic!("{row:?}")
            };
            let nonce = nonce_of(server, payment, *attempt);
            let chain = self.sim.chain.borrow();
            let moved = chain.moved_by(&nonce);
            let name = short(&nonce);
            let is_right = |(to, value): &(String, u64)| {
                to == payer && i64::try_from(*value).unwrap() == *amount
            };
            assert!(moved.iter().all(is_right), "refund {name} moved {moved:?}");
            match state.as_str() {
                "paid" => assert!(!moved.is_empty(), "refund {name} is booked and not paid"),
                "paying" => {
                    let is_readable = chain.has_log(&nonce, self.sim.now.get());
                    assert!(!is_readable, "refund {name} is paid and still open");
                }
                _ => {
                    assert!(
                        moved.is_empty(),
                        "refund {name} is {state}, and the chain has paid it"
                    );
                }
            }
            self.outcome.refunded += u64::from(state == "paid");
            self.outcome.voided += u64::from(state == "void");
        }
    }

    /// Every transfer from a host is a refund of its books.
    pub(super) fn check_no_other_transfer(&self) {
        let mut known = Vec::new();
        for server in &self.servers {
            for row in server.sql("SELECT payment_id, attempt FROM refunds") {
                let [SqlValue::Text(payment), SqlValue::Int(attempts)] = &row[..] else { panic!() };
                known.extend((1..=*attempts).map(|attempt| nonce_of(server, payment, attempt)));
            }
        }
        for pay_to in PAY_TO {
            let sent = self.sim.chain.borrow().nonces_of(pay_to);
            assert!(
                sent.iter().all(|nonce| known.contains(nonce)),
                "{} pays for nothing",
                short(pay_to)
            );
        }
    }
}

fn nonce_of(server: &Server, payment: &str, attempt: i64) -> String {
    let payment = PaymentId::parse(payment).unwrap();
    refunds::nonce(&server.scope, &payment, u32::try_from(attempt).unwrap()).to_string()
}

/// What a wallet sends by itself.
fn as_payment(one: &Value) -> Value {
    let message = &one["typedData"]["message"];
    json!({"accepted": {"network": one["network"]},
        "payload": {"authorization": message, "signature": "0x11"}})
}
