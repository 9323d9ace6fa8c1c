//! The tabs of a session, and the people or programs in them.

use std::collections::BTreeMap;
use std::rc::Rc;

use events_concierge::chain::eip3009::digest;
use events_concierge::chain::networks::Network;
use events_concierge::rails::x402::signed::read_authorization;
use serde_json::{Value, json};

use super::world::SMART;
use crate::simulation::engine::Sim;
use crate::support::Wallet;

/// Wallets in browsers; the second one owns next to nothing.
pub(super) const WALLETS: [u8; 2] = [31, 32];

/// Whether its client is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// It hears what it is told.
    Alive,
    /// The object does not know yet that nobody is there.
    Dead,
    /// It is closed.
    Closed,
}

pub(super) struct Tab {
    pub(super) line: Line,
    /// How often it got the ticket of each payment.
    pub(super) tickets: BTreeMap<String, u32>,
}

/// All tabs that have been there, and what they are going to send: by time, tab and message.
#[derive(Default)]
pub(super) struct Tabs {
    pub(super) all: Vec<Tab>,
    pub(super) outbox: BTreeMap<(i64, u64), (usize, Value)>,
}

impl Tabs {
    /// Every socket takes the message; whether there is one.
    pub(super) fn tell_all(&mut self, sim: &Rc<Sim>, message: &Value) -> bool {
        let open: Vec<usize> =
            (0..self.all.len()).filter(|tab| self.all[*tab].line != Line::Closed).collect();
        for tab in &open {
            self.tell(sim, *tab, message);
        }
        !open.is_empty()
    }

    /// One socket takes the message.
    pub(super) fn tell(&mut self, sim: &Rc<Sim>, tab: usize, message: &Value) {
        if self.all[tab].line != Line::Alive {
            return;
        }
        match message["type"].as_str().unwrap() {
            "tool_result" => {
                if let Some(url) = message["result"]["structuredContent"]["ticketUrl"].as_str() {
                    let nonce = url.rsplit('/').next().unwrap().to_owned();
                    *self.all[tab].tickets.entry(nonce).or_default() += 1;
                }
            }
            "payment_required" => self.answer(sim, tab, &message["confirmationId"]),
            "sign_request" => self.sign(sim, tab, message),
            _ => {}
        }
    }

    /// A person says yes or no, or nothing.
    fn answer(&mut self, sim: &Rc<Sim>, tab: usize, id: &Value) {
        let kind = match sim.rng.below(10) {
            0..7 => "confirm",
            7 => "cancel",
            _ => return,
        };
        let millis = sim.rng.range(100, 60_000);
        self.send(sim, millis, tab, json!({"type": kind, "confirmationId": id}));
        // Some change their mind while the payment is signed.
        if kind == "confirm" && sim.rng.chance(250) {
            let millis = millis + sim.rng.range(20, 2_000);
            self.send(sim, millis, tab, json!({"type": "cancel", "confirmationId": id}));
        }
    }

    /// A wallet signs, signs something else, or does nothing.
    fn sign(&mut self, sim: &Rc<Sim>, tab: usize, request: &Value) {
        let address = request["address"].as_str().unwrap();
        let wallet =
            WALLETS.map(Wallet::new).into_iter().find(|one| one.address.to_string() == address);
        let Some(wallet) = wallet else { panic!("{address} is asked to sign") };
        let id = &request["requestId"];
        let millis = if sim.rng.chance(150) {
            sim.rng.range(60_000, 200_000)
        } else {
            sim.rng.range(100, 20_000)
        };
        match sim.rng.below(10) {
            0 => self.send(sim, millis, tab, json!({"type": "cancel", "confirmationId": id})),
            1 => {
                let other = Wallet::new(33).sign([7; 32].into());
                self.send(
                    sim,
                    millis,
                    tab,
                    json!({"type": "signature", "requestId": id, "signature": other}),
                );
            }
            2..9 => {
                let network = Network::by_caip2("eip155:84532").unwrap();
                let signed = read_authorization(&request["typedData"]["message"]).unwrap();
                let signature = wallet.sign(digest(network, &signed));
                self.send(
                    sim,
                    millis,
                    tab,
                    json!({"type": "signature", "requestId": id, "signature": signature}),
                );
            }
            _ => {}
        }
    }

    /// The tab sends a message later.
    pub(super) fn send(&mut self, sim: &Rc<Sim>, millis: i64, tab: usize, message: Value) {
        self.outbox.insert((sim.now.get() + millis, sim.fresh()), (tab, message));
    }

    pub(super) fn alive(&self) -> Vec<usize> {
        (0..self.all.len()).filter(|tab| self.all[*tab].line == Line::Alive).collect()
    }
}

/// The message that chooses a wallet: of a browser, or the session's own.
pub(super) fn use_wallet(which: usize) -> Value {
    match WALLETS.get(which) {
        Some(seed) => {
            let address = Wallet::new(*seed).address.to_string();
            json!({"type": "use_wallet", "kind": "browser", "address": address})
        }
        None => json!({"type": "use_wallet", "kind": "smart"}),
    }
}

/// Who has how much, smallest unit.
pub(super) fn balances() -> [(String, u64); 3] {
    let [rich, poor] = WALLETS.map(|seed| Wallet::new(seed).address.to_string());
    [(rich, 100_000_000), (poor, 150_000), (SMART.to_owned(), 100_000_000)]
}
