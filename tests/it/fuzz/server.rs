//! Posts at the server of a whole host, without a payment that could be good.

use proptest::prelude::*;

use super::mcp::{Posted, check_answer, numbered, posted};
use super::{Verdict, fuzz};
use crate::support::{Server, block_on};
use events_concierge::base::http::Reply;
use events_concierge::host::command::Action;
use events_concierge::http::route::AtHost;
use serde_json::Value;

/// What the server answers to bytes, which need not be JSON.
pub(super) fn post(server: &Server, owner: bool, posted: &Posted) -> Reply {
    let headers: Vec<_> = posted.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let mut request = server.request(Action::AtHost(AtHost::Mcp), owner, &headers, &Value::Null);
    request.body.clone_from(&posted.body);
    block_on(server.handle(request))
}

/// Nobody has paid and nobody has got anything; the books are in order.
pub(super) fn nothing_was_sold(server: &Server) -> Verdict {
    prop_assert!(server.world.memory.settled.borrow().is_empty(), "money moved");
    prop_assert_eq!(server.int("SELECT count(*) FROM rsvps"), 0);
    prop_assert_eq!(server.int("SELECT count(*) FROM payments WHERE state <> 'refused'"), 0);
    let faults = events_concierge::ledger::audit::audit(&server.world).unwrap();
    prop_assert_eq!(faults, Vec::<String>::new());
    Ok(())
}

#[test]
fn the_server_answers_everything_in_good_form_and_sells_nothing_unpaid() {
    let inputs = || {
        let numbered = numbered()
            .prop_map(|json| Posted { headers: Vec::new(), body: json.to_text().into_bytes() });
        (prop_oneof![9 => posted(), 1 => numbered], any::<bool>())
    };
    fuzz("mcp: the whole server", inputs, |(posted, owner)| {
        let server = Server::open();
        server.world.memory.verify_refuses.set(true);
        server.event(5);
        let reply = post(&server, owner, &posted);
        check_answer(&reply, &posted.body)?;
        nothing_was_sold(&server)
    });
}
