//! One event that more buyers want in a minute than one object can serve: its seats in blocks, sold by several objects.
//! Nothing of it is shipped, because one object serves a rush as long as few seats are sold (`bench/SCALE.md` has the figures and
//! says from which load on blocks pay). [`rules`] has what would move to `src/products/events`; [`run`] simulates a sale.

mod plan;
mod rules;
mod run;

use std::{env, fs};

use events_concierge::base::id::EventId;
use events_concierge::base::money::Usdc;
use events_concierge::base::time::{UnixSeconds, ZoneName};
use events_concierge::http::cover::Look;
use events_concierge::products::events::Event;
use events_concierge::products::events::asks::Asks;
use events_concierge::products::events::policy::RefundPolicy;

use crate::simulation::engine::Rng;
use plan::{Outcome, Plan};
use run::run;

const SEEDS: u64 = 300;

fn event(capacity: u32) -> Event {
    Event {
        id: EventId::parse("evt_0123456789abcdef01234567").unwrap(),
        title: "Festival".to_owned(),
        description: String::new(),
        starts_at: UnixSeconds::new(1_000_000),
        ends_at: None,
        time_zone: ZoneName::utc(),
        location: None,
        capacity,
        price: Usdc::from_cents(5),
        was: None,
        types: Vec::new(),
        promos: Vec::new(),
        cancelled: false,
        sequence: 0,
        look: Look::default(),
        picture: None,
        remind_hours: 0,
        is_draft: false,
        refund: RefundPolicy::default(),
        asks: Asks::default(),
        questions: Vec::new(),
        guests_only: None,
        created_at: UnixSeconds::new(0),
    }
}

/// A sale in which everything works.
fn sale(sellers: u32, capacity: u32, buyers: u32) -> Outcome {
    let plan = Plan { seed: 1, sellers, capacity, buyers, seconds: 60, chaos: false, drops: false };
    run(plan, &event(capacity))
}

#[test]
fn blocks_sell_every_seat_once_whatever_is_lost_late_or_repeated() {
    for seed in 0..SEEDS {
        let draw = |from: u64, to: u64, salt: u64| {
            let mixed = Rng::new(seed * 7 + salt).next();
            u32::try_from(from + mixed % (to - from + 1)).unwrap()
        };
        let capacity = draw(1, 60, 1);
        let plan = Plan {
            seed,
            sellers: draw(1, 7, 2),
            capacity,
            buyers: draw(1, 150, 3),
            seconds: 20,
            chaos: true,
            drops: seed % 3 == 0,
        };
        let (buyers, drops) = (plan.buyers, plan.drops);
        let outcome = run(plan, &event(capacity));
        assert!(outcome.sold <= capacity, "seed {seed}: {outcome:?}");
        if !drops && outcome.refused == 0 {
            assert_eq!(outcome.sold, buyers, "seed {seed}");
        }
    }
}

/// Buyers in a minute, seats, and numbers of sellers.
const LOADS: [(u32, u32, &[u32]); 6] = [
    (8_000, 8_000, &[1]),
    (10_000, 10_000, &[1, 2]),
    (20_000, 20_000, &[1, 2, 3]),
    (50_000, 1_000, &[1]),
    (100_000, 1_000, &[1, 2, 4]),
    (100_000, 50_000, &[1, 4, 8, 12]),
];

const PAGE: &str = "bench/SCALE.md";
const BEGINS: &str = "<!-- simulated: UPDATE_DOCS=1 cargo test --test it seat_blocks -->\n";
const ENDS: &str = "<!-- end -->";

/// The table of the page, and whether blocks do what the page says of them.
fn table() -> String {
    let mut lines = vec![
        "| buyers in a minute | seats | sellers | sold | refused | p50 | p99 | last answer | requests to the pool |".to_owned(),
        "|---|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    for (buyers, capacity, numbers) in LOADS {
        for sellers in numbers {
            let Outcome { sold, refused, p50, p99, over_after, requests } =
                sale(*sellers, capacity, buyers);
            assert_eq!((sold, refused), (capacity, buyers - capacity), "{sellers} sellers");
            let (p50, p99) = (duration(p50), duration(p99));
            lines.push(format!(
                "| {buyers} | {capacity} | {sellers} | {sold} | {refused} | {p50} | {p99} | {over_after} s | {requests} |"
            ));
        }
    }
    lines.join("\n") + "\n"
}

fn duration(millis: i64) -> String {
    if millis < 1_000 { format!("{millis} ms") } else { format!("{} s", (millis + 500) / 1_000) }
}

#[test]
fn one_object_serves_a_rush_for_few_seats_and_blocks_serve_one_for_many() {
    let page = fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(BEGINS).unwrap();
    let (present, after) = rest.split_once(ENDS).unwrap();
    let wanted = format!("\n{}\n", table());
    if env::var("UPDATE_DOCS").is_ok() {
        fs::write(PAGE, format!("{before}{BEGINS}{wanted}{ENDS}{after}")).unwrap();
    } else {
        assert_eq!(present, wanted, "UPDATE_DOCS=1 writes the table");
    }
}
