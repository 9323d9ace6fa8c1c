//! What must be true at every step of a session.

use std::collections::{BTreeMap, BTreeSet};

use events_concierge::ports::{Row, Sql, SqlValue};
use serde_json::Value;

use super::world::World;
use crate::simulation::chain::{authorization_of, short};

/// The limits of the policy that no session changes, smallest unit.
const PER_CALL: i64 = 1_000_000;
const PER_SESSION: i64 = 5_000_000;
/// How late the alarm may be, seconds.
const LATE_SECONDS: i64 = 60;

#[derive(Default)]
pub(super) struct Watch {
    /// What the policy pays without asking, smallest unit.
    pub(super) ask_above: i64,
    /// Purchases to which a person has said yes.
    pub(super) confirmed: BTreeSet<String>,
    known: BTreeMap<String, Purchase>,
    /// Writes and changes up to which everything was looked at.
    writes: u64,
    changes: Vec<Row>,
}

/// A row of a purchase.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Purchase {
    pub(super) id: String,
    /// Server, tool and arguments.
    call: String,
    pub(super) state: String,
    authorization: Option<String>,
    signature: Option<String>,
    pub(super) nonce: String,
    valid_before: i64,
    amount: i64,
    pay_to: String,
    transaction: Option<String>,
    pub(super) is_shown: bool,
    refusals: i64,
    next_check_at: Option<i64>,
}

impl Purchase {
    pub(super) fn is_open(&self) -> bool {
        match self.state.as_str() {
            "signing" | "paying" | "unknown" => true,
            "paid" => !self.is_shown,
            _ => false,
        }
    }

    fn is_over_unpaid(&self) -> bool {
        matches!(self.state.as_str(), "declined" | "refused" | "failed")
    }
}

pub(super) fn purchases(world: &World) -> Vec<Purchase> {
    let statement = "SELECT id, door || ' ' || tool || ' ' || arguments, state, authorization, \
         signature, json_extract(authorization, '$.nonce'), valid_before, amount, pay_to, tx_hash, \
         shown, refusals, next_check_at FROM purchases ORDER BY rowid";
    world.sqlite.run(statement, &[]).unwrap().into_iter().map(purchase).collect()
}

fn purchase(row: Row) -> Purchase {
    let text = |at: usize| match &row[at] {
        SqlValue::Text(text) => Some(text.clone()),
        SqlValue::Int(_) | SqlValue::Null => None,
    };
    let int = |at: usize| match &row[at] {
        SqlValue::Int(number) => Some(*number),
        SqlValue::Text(_) | SqlValue::Null => None,
    };
    Purchase {
        id: text(0).unwrap(),
        call: text(1).unwrap(),
        state: text(2).unwrap(),
        authorization: text(3),
        signature: text(4),
        nonce: text(5).unwrap_or_default(),
        valid_before: int(6).unwrap_or_default(),
        amount: int(7).unwrap(),
        pay_to: text(8).unwrap(),
        transaction: text(9),
        is_shown: int(10) == Some(1),
        refusals: int(11).unwrap(),
        next_check_at: int(12),
    }
}

impl Watch {
    /// A payment reaches a server: what is in it was signed for a row, and for nothing else.
    pub(super) fn payment_arrives(&mut self, world: &World, url: &str, body: &Value) {
        let sent = authorization_of(&body["params"]["_meta"]["x402/payment"]);
        let rows = purchases(world);
        let Some(row) = rows.iter().find(|row| row.nonce == sent.nonce) else {
            panic!("{} was signed without a row", short(&sent.nonce));
        };
        let (tool, arguments) = (&body["params"]["name"], &body["params"]["arguments"]);
        let call = format!("{url} {} {arguments}", tool.as_str().unwrap());
        assert_eq!(row.call, call, "{row:?} is sent for another call");
        assert!(row.signature.is_some(), "{row:?} left before its row was written");
        let is_sent = matches!(row.state.as_str(), "paying" | "unknown" | "paid" | "failed");
        assert!(is_sent, "{row:?} was sent");
        assert_eq!((sent.value, &sent.to), (u64::try_from(row.amount).unwrap(), &row.pay_to));
        self.look(world);
    }

    /// A message for all sockets.
    pub(super) fn hears(&mut self, world: &World, message: &Value) {
        let text = |name: &str| message[name].as_str().unwrap();
        match text("type") {
            "sign_request" => {
                let rows = purchases(world);
                let row = rows.iter().find(|row| row.id == text("requestId")).unwrap();
                let nonce = message["typedData"]["message"]["nonce"].as_str().unwrap();
                assert_eq!((row.state.as_str(), row.nonce.as_str()), ("signing", nonce));
            }
            "payment_receipt" => {
                let chain = world.sim.chain.borrow();
                let is_there = chain.mined.iter().any(|mined| mined.hash == text("txHash"));
                assert!(is_there, "a receipt of money that never moved: {message}");
            }
            _ => {}
        }
        self.look(world);
    }

    /// Everything, if something was written since.
    pub(super) fn look(&mut self, world: &World) {
        let writes = world.sqlite.memo.writes();
        if self.writes == writes {
            return;
        }
        self.writes = writes;
        let changes = world.sqlite.run("SELECT total_changes()", &[]).unwrap();
        if self.changes == changes {
            return;
        }
        self.changes = changes;
        let rows = purchases(world);
        for row in &rows {
            self.look_at(world, row);
        }
        let counts = |row: &&Purchase| {
            matches!(row.state.as_str(), "signing" | "paying" | "unknown" | "paid")
        };
        let spent: i64 = rows.iter().filter(counts).map(|row| row.amount).sum();
        assert!(spent <= PER_SESSION, "the session has spent {spent}");
        one_for_each_call(world, &rows);
        self.known = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    }

    fn look_at(&self, world: &World, row: &Purchase) {
        let chain = world.sim.chain.borrow();
        let is_used = chain.is_used(&row.nonce);
        if let Some(before) = self.known.get(&row.id) {
            let keeps = |old: &Option<String>, new: &Option<String>| old.is_none() || old == new;
            assert!(keeps(&before.authorization, &row.authorization), "{row:?} is signed anew");
            assert!(keeps(&before.signature, &row.signature), "{row:?} is signed anew");
            let is_over = before.is_over_unpaid() || before.state == "paid";
            assert!(!is_over || before.state == row.state, "{before:?} becomes {row:?}");
            assert!(row.is_shown || !before.is_shown, "{row:?} was shown");
            if before.state != "failed" && row.state == "failed" && row.signature.is_some() {
                let blocks = &chain.nets[0].blocks;
                let time = blocks.time(blocks.number(world.sim.now.get()));
                assert!(time > row.valid_before, "{row:?} is free while it can be used");
            }
        }
        assert!(!is_used || !row.is_over_unpaid(), "{row:?} moved its money, which counts as free");
        let never_left =
            !matches!(row.state.as_str(), "declined" | "refused" | "asked" | "signing");
        assert!(row.signature.is_none() || never_left, "{row:?} has a signature");
        if row.state == "paid" {
            assert!(chain.was_used(&row.nonce), "{row:?} never moved its money");
            let hash = row.transaction.as_deref().unwrap();
            assert!(chain.mined.iter().any(|mined| mined.hash == hash), "{row:?}");
        }
        assert!(!row.is_open() || row.next_check_at.is_some(), "nothing looks after {row:?}");
        let orders = world.outside.servers.iter().filter_map(|server| {
            server.orders.borrow().get(&row.nonce).map(|order| order.refusals)
        });
        let refusals = i64::from(orders.sum::<u32>());
        assert!(row.refusals <= refusals, "{row:?}: no server has refused so often ({refusals})");
        if row.signature.is_some() {
            let is_asked = row.amount <= self.ask_above || self.confirmed.contains(&row.id);
            assert!(is_asked, "{row:?} was signed without a yes");
            assert!(row.amount <= PER_CALL, "{row:?} is too dear");
        }
    }
}

/// One live signature for a call, and one open purchase.
fn one_for_each_call(world: &World, rows: &[Purchase]) {
    let chain = world.sim.chain.borrow();
    let blocks = &chain.nets[0].blocks;
    let time = blocks.time(blocks.number(world.sim.now.get()));
    let is_live = |row: &&Purchase| {
        row.signature.is_some() && row.valid_before >= time && !chain.was_used(&row.nonce)
    };
    let mut live = BTreeSet::new();
    for row in rows.iter().filter(is_live) {
        assert!(live.insert(&row.call), "{row:?} is a second live signature for its call");
    }
    let mut open = BTreeSet::new();
    for row in rows.iter().filter(|row| row.is_open() || row.state == "asked") {
        assert!(open.insert(&row.call), "{row:?} is a second open purchase for its call");
    }
}

/// What is signed and may move counts in a budget. Not while it is asked: looked at when nothing runs.
pub(super) fn budgets_count(world: &World) {
    let budgets = world.outside.budgets.borrow();
    let statement = "SELECT id FROM reservations";
    let counted: BTreeSet<String> = budgets
        .values()
        .flat_map(|budget| budget.run(statement, &[]).unwrap())
        .map(|row| match &row[0] {
            SqlValue::Text(id) => id.clone(),
            other @ (SqlValue::Int(_) | SqlValue::Null) => panic!("{other:?}"),
        })
        .collect();
    for row in purchases(world) {
        let counts = row.signature.is_some() && !row.is_over_unpaid();
        assert!(!counts || counted.contains(&row.id), "no budget counts {row:?}");
    }
}

/// The alarm is set for what is due; the object may be evicted at this moment.
pub(super) fn alarm_is_set(world: &World) {
    let due = purchases(world).iter().filter_map(|row| row.next_check_at).min();
    let Some(due) = due else { return };
    let (alarm, latest) = (world.alarm.get(), due.max(world.now_seconds() + LATE_SECONDS));
    assert!(alarm.is_some_and(|alarm| alarm <= latest), "due {due}, alarm {alarm:?}");
}
