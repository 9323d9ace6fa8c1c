//! Whatever happens in whatever order: the books balance and no event is oversold.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use events_concierge::base::id::EventId;
use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use proptest::prelude::*;
use serde_json::json;

use crate::money::books_balance;
use crate::support::{Server, Settles, Wallet, as_v1, block_on};

#[derive(Clone, Debug)]
enum Step {
    /// A wallet calls with one of its payments; the call dies after so many steps of its own.
    Pay { wallet: u8, payment: u8, event: usize, v1: bool, dies_after: Option<u8> },
    /// The facilitator will behave like this next.
    Facilitator(Settles),
    /// A stranger asks for the price of a seat.
    Challenge { event: usize },
    /// The host cancels an event.
    Cancel { event: usize },
    /// The object loses its memory.
    Evict,
    /// Time passes, and alarms go off.
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let pay = (1..5_u8, 0..3_u8, 0..2_usize, any::<bool>(), proptest::option::of(0..4_u8));
    prop_oneof![
        12 => pay.prop_map(|(wallet, payment, event, v1, dies_after)| Step::Pay { wallet, payment, event, v1, dies_after }),
        4 => prop_oneof![
            Just(Settles::PaysSilently), Just(Settles::Hangs), Just(Settles::Refuses("insufficient_funds")),
            Just(Settles::Refuses("unexpected_settle_error")),
        ].prop_map(Step::Facilitator),
        1 => (0..2_usize).prop_map(|event| Step::Challenge { event }),
        1 => (0..2_usize).prop_map(|event| Step::Cancel { event }),
        2 => Just(Step::Evict),
        4 => (1..120_i64).prop_map(Step::Pass),
    ]
}

fn take(server: &Server, events: &[String; 2], step: &Step) {
    let Step::Pay { wallet, payment, event, v1, dies_after } = step else { return };
    let event = &events[*event];
    let offer = json!({"scheme": "exact", "network": "eip155:84532", "amount": "50000",
        "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e", "payTo": crate::support::PAY_TO,
        "maxTimeoutSeconds": 110, "extra": {"name": "USDC", "version": "2"}});
    let payment = Wallet::new(*wallet).pay(&offer, wallet * 16 + payment);
    let payment = if *v1 { as_v1(&payment) } else { payment };
    let arguments = json!({"eventId": event});
    let mut call = pin!(server.tool("rsvpToEvent", &arguments, Some(&payment)));
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..dies_after.unwrap_or(u8::MAX) {
        if call.as_mut().poll(&mut context).is_ready() {
            return;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_books_balance_after_any_schedule(steps in proptest::collection::vec(step(), 1..40)) {
        let mut server = Server::open();
        let events = [server.event(1), server.event(2)];
        for step in &steps {
            match step {
                Step::Pay { .. } => take(&server, &events, step),
                Step::Facilitator(behaviour) => {
                    server.world.memory.settles.borrow_mut().push_back(behaviour.clone());
                }
                Step::Challenge { event } => {
                    block_on(server.tool("rsvpToEvent", &json!({"eventId": events[*event]}), None));
                }
                Step::Cancel { event } => {
                    let id = EventId::parse(&events[*event]).unwrap();
                    server.as_owner(Action::Own(Own::CancelEvent(id)), &json!({}));
                }
                Step::Evict => server.evict(),
                Step::Pass(seconds) => server.pass(*seconds),
            }
            let faults = events_concierge::ledger::audit::audit(&server.world).unwrap();
            prop_assert_eq!(faults, Vec::<String>::new());
            for (event, capacity) in events.iter().zip([1, 2]) {
                let sold = format!("SELECT count(*) FROM rsvps WHERE event_id = '{event}'");
                prop_assert!(server.int(&sold) <= capacity);
            }
        }
        server.world.memory.settles.borrow_mut().clear();
        server.evict();
        // A crash can leave an object without a next step; the next request arms the alarm again.
        server.challenge("getEventAnalytics", &json!({"eventId": events[0]}));
        server.pass(2_000);
        let open = server.int("SELECT count(*) FROM payments WHERE state NOT IN ('delivered', 'refused', 'failed')");
        prop_assert_eq!(open, 0);
        books_balance(&server);
    }
}
