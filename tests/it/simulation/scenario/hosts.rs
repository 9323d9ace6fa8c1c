//! What hosts do while payments are under way.

use std::rc::Rc;

use events_concierge::base::id::{DraftId, EventId, SecretId};
use events_concierge::base::time::UnixSeconds;
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtDesk, Own};
use events_concierge::ports::SqlValue;
use serde_json::{Value, json};

use super::super::unkind::Unkind;
use super::{HOSTS, Scenario, new_event, request};

impl Scenario {
    /// A host changes something about what it sells.
    pub(super) fn change_something(&mut self) {
        let host = self.sim.rng.below(HOSTS);
        if self.sim.is(Unkind::FickleHosts) && self.sim.rng.chance(700) {
            return self.be_fickle(host);
        }
        if self.sim.rng.chance(250) {
            // A price that changes while somebody pays the other one.
            let price = if self.sim.rng.chance(500) { "0.02" } else { "0.04" };
            let types = super::types(price, self.sim.rng.range(1, 3));
            let event = EventId::parse(&self.servers[host].typed).unwrap();
            let mut changes = json!({"types": types});
            match self.sim.rng.below(6) {
                0 => changes["promoCodes"] = json!([]),
                1 => changes["promoCodes"] = super::code(40, 2),
                2 | 3 => changes["promoCodes"] = super::code(50, self.sim.rng.range(1, 3)),
                _ => {}
            }
            return self.spawn_own(host, Own::UpdateEvent(event), &changes);
        }
        let event = self.one_event(host);
        if self.sim.rng.chance(100) {
            self.spawn_own(host, Own::CancelEvent(event), &json!({}));
        } else {
            let capacity = self.sim.rng.range(1, 4);
            self.spawn_own(host, Own::UpdateEvent(event), &json!({"capacity": capacity}));
        }
    }

    fn one_event(&self, host: usize) -> EventId {
        let events = &self.servers[host].events;
        EventId::parse(&events[self.sim.rng.below(events.len())]).unwrap()
    }

    fn be_fickle(&mut self, host: usize) {
        let event = self.one_event(host);
        let secrets = &self.servers[host].secrets;
        let secret = SecretId::parse(&secrets[self.sim.rng.below(secrets.len())]).unwrap();
        let soon = UnixSeconds::new(self.sim.now.get() / 1000 + self.sim.rng.range(10, 120));
        let name = self.servers[host].name;
        let (what, own, body) = match self.sim.rng.below(8) {
            0 | 1 => ("cancels an event", Own::CancelEvent(event), json!({})),
            2 => ("withdraws a secret", Own::RevokeSecret(secret), json!({})),
            3 => (
                "replaces a secret",
                Own::ChangeSecret(secret),
                json!({"value": format!("value {}", self.sim.fresh())}),
            ),
            4 => (
                "lets a secret expire",
                Own::ChangeSecret(secret),
                json!({"expiresAt": soon.to_string()}),
            ),
            5 => (
                "lets an event be over soon",
                Own::UpdateEvent(event),
                json!({"startsAt": soon.to_string()}),
            ),
            6 => ("switches products off", Own::ChangeProfile, json!({"products": ["desk"]})),
            _ => (
                "switches products on",
                Own::ChangeProfile,
                json!({"products": ["events", "vault", "desk"]}),
            ),
        };
        self.sim.tell(|| format!("{name} {what}"));
        self.spawn_own(host, own, &body);
        if self.sim.rng.chance(300) {
            self.make_event(host);
        }
    }

    /// A host makes a new event, which is sold once its id is known.
    fn make_event(&self, host: usize) {
        let server = &self.servers[host];
        let action = Action::Own(Own::CreateEvent);
        let request =
            request(server, action, true, Vec::new(), &new_event(self.sim.rng.range(0, 3)));
        let Some(service) = server.service.clone() else { return };
        let made = Rc::clone(&self.made);
        server.spawn(async move {
            let reply = service.handle(request).await;
            let event: Value = serde_json::from_str(&reply.body).unwrap_or_default();
            if let Some(id) = event["id"].as_str() {
                made.borrow_mut().push((host, id.to_owned()));
            }
        });
    }

    pub(super) fn take_made(&mut self) {
        for (host, event) in self.made.borrow_mut().drain(..) {
            self.servers[host].events.push(event);
        }
    }

    /// A person approves or rejects what waits at a desk.
    pub(super) fn approve(&mut self) {
        let host = self.sim.rng.below(HOSTS);
        let waiting = self.servers[host].sql("SELECT id FROM drafts WHERE state = 'waiting'");
        for row in waiting {
            let SqlValue::Text(id) = &row[0] else { panic!("no id: {row:?}") };
            let id = DraftId::parse(id).unwrap();
            let (own, body) = match self.sim.rng.chance(800) {
                true => (AtDesk::Approve(id), json!({})),
                false => (AtDesk::Reject(id), json!({"reason": "no"})),
            };
            self.spawn_own(host, Own::Desk(own), &body);
        }
    }
}
