//! Wallets that sign payments, and what they call with them.

use std::cell::RefCell;
use std::rc::Rc;

use alloy_primitives::{B256, U256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use events_concierge::base::http::Reply;
use events_concierge::host::command::Action;
use events_concierge::http::route::AtHost;
use serde_json::{Value, json};

use super::super::chain::short;
use super::super::settings::{NETWORKS, USDC};
use super::elsewhere::Spent;
use super::{HOSTS, PAY_TO, Scenario, request};
use crate::support::{Wallet, as_v1};

/// One signed payment, and the answers to the calls that it was sent with.
pub(super) struct Purchase {
    pub(super) nonce: String,
    /// Whose key signed, also for a contract wallet.
    pub(super) wallet: Wallet,
    pub(super) payment: Value,
    pub(super) tool: &'static str,
    pub(super) arguments: Value,
    pub(super) host: usize,
    /// Whether it was only ever sent to that host with those arguments.
    pub(super) pure: bool,
    pub(super) sent: usize,
    /// Whether another sender moved it.
    pub(super) spent: Spent,
    pub(super) answers: Rc<RefCell<Vec<Reply>>>,
    /// Whether its payer has read what it bought by showing the payment once more.
    pub(super) has_read: bool,
}

impl Purchase {
    /// The header that shows the payment.
    pub(super) fn header(&self) -> (String, String) {
        let name = if self.payment["x402Version"] == 1 { "x-payment" } else { "payment-signature" };
        (name.to_owned(), STANDARD.encode(self.payment.to_string()))
    }
}

/// What is called, and with which arguments.
#[derive(Clone)]
pub(super) struct Wish {
    pub(super) host: usize,
    pub(super) tool: &'static str,
    pub(super) arguments: Value,
}

impl Scenario {
    /// A wallet signs a payment and calls with it.
    pub(super) fn buy(&mut self) {
        let nonce = self.nonce();
        let host = self.sim.rng.below(HOSTS);
        let (wish, amount) = self.wish(host, &nonce);
        let index = self.sign(wish, amount, nonce);
        if self.sim.rng.chance(40) {
            self.spend_before(index);
        }
        let times = if self.sim.rng.chance(150) { 3 } else { 1 };
        for _ in 0..times {
            self.send(index, None, None);
        }
    }

    /// A paid call at a host, and its price. Texts in its arguments contain the nonce.
    fn wish(&self, host: usize, nonce: &B256) -> (Wish, &'static str) {
        let server = &self.servers[host];
        let one = |of: &[String]| of[self.sim.rng.below(of.len())].clone();
        let key = &nonce.to_string()[..18];
        let (tool, amount, arguments) = match self.sim.rng.below(100) {
            0..20 => ("rsvpToEvent", "50000", json!({"eventId": one(&server.events)})),
            20..25 => ("rsvpToEvent", "20000", json!({"eventId": server.typed, "ticketType": "B"})),
            at @ 25..30 => {
                // Both types, because the uses are counted over both.
                let (kind, amount) = if at < 28 { ("B", "10000") } else { ("A", "25000") };
                let wanted =
                    json!({"eventId": server.typed, "ticketType": kind, "promoCode": "HALF"});
                ("rsvpToEvent", amount, wanted)
            }
            at @ 30..50 => {
                let seats = 1 + at % 3;
                let amount = ["50000", "100000", "150000"][at % 3];
                let event = one(&server.events);
                ("rsvpToEvent", amount, json!({"eventId": event, "seats": seats}))
            }
            50..60 => ("getEventAnalytics", "10000", json!({"eventId": one(&server.events)})),
            60..80 => ("retrieveSecret", "50000", json!({"secretId": one(&server.secrets)})),
            at => {
                let ticket = one(&server.tickets);
                let reply = json!({"ticketId": ticket, "body": format!("reply {key}")});
                match at {
                    80..84 => (
                        "createTicket",
                        "20000",
                        json!({"subject": "New", "body": format!("ticket {key}")}),
                    ),
                    84..86 => ("getTicketContext", "20000", json!({"ticketId": ticket})),
                    86..88 => ("triageTicket", "30000", json!({"ticketId": ticket, "tags": [key]})),
                    88..90 => ("draftReply", "60000", reply),
                    90..92 => ("proposeResolution", "60000", reply),
                    92..96 => ("sendReply", "60000", reply),
                    96..98 => (
                        "assignTicket",
                        "60000",
                        json!({"ticketId": ticket, "assignee": format!("to {key}")}),
                    ),
                    _ => (
                        "resolveTicket",
                        "60000",
                        json!({"ticketId": ticket, "resolution": format!("so {key}")}),
                    ),
                }
            }
        };
        (Wish { host, tool, arguments }, amount)
    }

    /// Signs a payment for a wish; its index.
    pub(super) fn sign(&mut self, wish: Wish, amount: &str, nonce: B256) -> usize {
        let rng = &self.sim.rng;
        // The last one owns nothing.
        let who = if rng.chance(60) { 6 } else { rng.range(1, 5) };
        let wallet = Wallet::new(u8::try_from(who).unwrap());
        let Wish { host, tool, arguments } = wish;
        let net = usize::from(rng.chance(300));
        let mut offer = json!({"scheme": "exact", "network": NETWORKS[net], "amount": amount,
            "asset": USDC[net], "payTo": PAY_TO[host],
            "maxTimeoutSeconds": 110, "extra": {"name": "USDC", "version": "2"}});
        if rng.chance(500) {
            offer["extra"]["receiptKey"] = json!(format!("{:032x}", rng.next()));
        }
        // Mostly as long as a server wants it; now and then too long for wallets that never paid there.
        let longest = if rng.chance(100) { 300 } else { 120 };
        let valid = self.sim.now.get() / 1000 + rng.range(25, longest);
        let mut payment = wallet.pay_with(&offer, 1, |authorization| {
            authorization.nonce = nonce;
            authorization.valid_before = U256::from(valid);
        });
        match rng.below(20) {
            // A contract wallet's signature, good or bad, or of one that lies: only the facilitator can tell.
            0 | 1 => payment["payload"]["signature"] = json!(format!("0x01{}", "22".repeat(70))),
            2 => payment["payload"]["signature"] = json!(format!("0x02{}", "22".repeat(70))),
            3 => payment["payload"]["signature"] = json!(format!("0x03{}", "22".repeat(70))),
            4 | 5 => {
                let id = format!("order_{}", short(&nonce.to_string()).replace('…', "_"));
                payment["extensions"] =
                    json!({"payment-identifier": {"info": {"required": false, "id": id}}});
            }
            _ => {}
        }
        let is_v1 = net == 0 && rng.chance(300) && payment["extensions"].is_null();
        let payment = if is_v1 { as_v1(&payment) } else { payment };
        let nonce = nonce.to_string();
        self.sim.tell(|| {
            let from = payment["payload"]["authorization"]["from"].as_str().unwrap();
            let name = self.servers[host].name;
            format!(
                "{} pays {name} with {} for {tool} {arguments} on {net}",
                short(from),
                short(&nonce)
            )
        });
        let signature = payment["payload"]["signature"].as_str().unwrap().to_owned();
        self.sim.chain.borrow_mut().signatures.insert(nonce.clone(), signature);
        let (answers, spent) = (Rc::default(), Spent::No);
        let (pure, sent) = (true, 0);
        self.purchases.push(Purchase {
            nonce,
            wallet,
            payment,
            tool,
            arguments,
            host,
            pure,
            sent,
            spent,
            answers,
            has_read: false,
        });
        self.purchases.len() - 1
    }

    pub(super) fn nonce(&self) -> B256 {
        let mut nonce = B256::ZERO;
        let random = self.sim.rng.next().to_be_bytes();
        random.iter().zip(nonce.iter_mut()).for_each(|(from, to)| *to = *from);
        nonce[31] = 1;
        nonce
    }

    /// A payment is sent once more: to the same host, or to one that it was not made for.
    pub(super) fn send_again(&mut self) {
        if self.purchases.is_empty() {
            return;
        }
        let index = self.sim.rng.below(self.purchases.len());
        let elsewhere = self.sim.rng.chance(200).then(|| {
            let host = self.sim.rng.below(HOSTS);
            let tool = self.purchases[index].tool;
            let server = &self.servers[host];
            let arguments = match tool {
                "retrieveSecret" => json!({"secretId": server.secrets[0]}),
                "rsvpToEvent" | "getEventAnalytics" => {
                    json!({"eventId": server.events[self.sim.rng.below(server.events.len())]})
                }
                _ => return None,
            };
            Some((host, arguments))
        });
        self.sim.tell(|| {
            let to = elsewhere.as_ref().and_then(Option::as_ref);
            let to =
                to.map_or(String::new(), |(host, _)| format!(" to {}", self.servers[*host].name));
            format!("again {}{to}", short(&self.purchases[index].nonce))
        });
        self.send(index, elsewhere.flatten(), None);
    }

    pub(super) fn send(
        &mut self,
        index: usize,
        elsewhere: Option<(usize, Value)>,
        proof: Option<String>,
    ) {
        let purchase = &mut self.purchases[index];
        purchase.sent += 1;
        let (host, arguments) = match elsewhere {
            Some((host, arguments)) => {
                purchase.pure = false;
                (host, arguments)
            }
            None => (purchase.host, purchase.arguments.clone()),
        };
        let header = purchase.header();
        let action = Action::AtHost(AtHost::Tool(purchase.tool.to_owned()));
        let answers = Rc::clone(&purchase.answers);
        let server = &self.servers[host];
        let proof = proof.map(|proof| ("sign-in-with-x".to_owned(), proof));
        let headers = [header].into_iter().chain(proof).collect();
        let request = request(server, action, false, headers, &arguments);
        let (sim, nonce, name) = (Rc::clone(&self.sim), purchase.nonce.clone(), server.name);
        let Some(service) = server.service.clone() else {
            return sim.tell(|| format!("{name} cannot be built for {}", short(&nonce)));
        };
        server.spawn(async move {
            let reply = service.handle(request).await;
            sim.tell(|| {
                let body: String = reply.body.chars().take(120).collect();
                format!("{name} answers {} for {}: {body}", reply.status, short(&nonce))
            });
            answers.borrow_mut().push(reply);
        });
    }

    /// Sends a payment once more, and waits for the answer.
    pub(super) fn repeat(
        &mut self,
        index: usize,
        to: Option<(usize, Value)>,
        proof: Option<String>,
    ) -> Reply {
        let answers = Rc::clone(&self.purchases[index].answers);
        answers.borrow_mut().clear();
        self.send(index, to, proof);
        for _ in 0..200 {
            self.run_for(1_000);
            if !answers.borrow().is_empty() {
                break;
            }
        }
        let reply = answers.borrow_mut().pop().unwrap();
        self.purchases[index].has_read |= reply.status == 200;
        reply
    }
}
