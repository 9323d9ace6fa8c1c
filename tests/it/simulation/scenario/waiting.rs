//! Guests who wait for a seat at a full event, and who leave again.

use std::rc::Rc;

use events_concierge::host::command::Action;
use events_concierge::http::route::AtHost;
use serde_json::{Value, json};

use super::{HOSTS, Scenario, request, request_of};
use crate::support::Wallet;

impl Scenario {
    /// A wallet joins a waitlist, or leaves it, or looks; the seat that it is offered is bought as every other.
    pub(super) fn wait_for_seat(&mut self) {
        let host = self.sim.rng.below(HOSTS);
        let server = &self.servers[host];
        let event = &server.events[self.sim.rng.below(server.events.len())];
        let wallet = u8::try_from(self.sim.rng.range(1, 5)).unwrap();
        let tool = match self.sim.rng.below(6) {
            0 => "leaveWaitlist",
            1 => "getWaitlistPlace",
            _ => "joinWaitlist",
        };
        let arguments = json!({"eventId": event, "email": "guest@example.org"});
        let arguments = if tool == "joinWaitlist" { arguments } else { json!({"eventId": event}) };
        let action = Action::AtHost(AtHost::Tool(tool.to_owned()));
        let asked = request(server, action.clone(), false, Vec::new(), &arguments);
        let (user, scope) = (server.user.clone(), server.scope.clone());
        let (world, sim) = (server.world.clone(), Rc::clone(&self.sim));
        let Some(service) = server.service.clone() else { return };
        server.spawn(async move {
            let refused = service.handle(asked).await;
            let refused: Value = serde_json::from_str(&refused.body).unwrap_or_default();
            if refused["extensions"]["sign-in-with-x"].is_null() {
                return;
            }
            let proof = Wallet::new(wallet).prove(&refused);
            let headers = vec![("sign-in-with-x".to_owned(), proof)];
            let proven = request_of((&user, &scope, &world), action, false, headers, &arguments);
            let reply = service.handle(proven).await;
            sim.tell(|| format!("{tool} of wallet {wallet}: {} {}", reply.status, reply.body));
            assert_ne!(reply.status, 500, "{}", reply.body);
        });
    }
}
