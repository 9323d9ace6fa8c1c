//! Rotations while hosts sell: calls of every kind and wakes run interleaved, and each paid call gets its value.

use std::collections::BTreeMap;

use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use events_concierge::ledger::audit::audit;
use serde_json::{Value, json};

use super::{
    IDENTITY_KEYS, SECOND, THIRD, asked, buy, closed, count_sealed_with, id_of, lost_lines, named,
    payment_for, prefix, rotated, sealed, store, value,
};
use crate::support::{MASTER_KEY, Server, block_on, join_all, json_of};

/// A sale: of which secret, with which payment, and which values its buyer may be given.
struct Sale {
    secret: String,
    payment: Value,
    good: Vec<String>,
}

/// What happens in one round, all at once.
struct Round<'a> {
    server: &'a Server,
    sales: Vec<Sale>,
    replaced: Option<(String, usize)>,
    withdrawn: Option<String>,
    stored: usize,
}

/// What one of the calls of a round came to.
enum Came {
    Bought(usize, u16, Value),
    Others(u16),
}

impl Round<'_> {
    async fn own(&self, own: Own, body: Value) -> Came {
        let request = self.server.request(Action::Own(own), true, &[], &body);
        Came::Others(self.server.handle(request).await.status)
    }

    async fn buy(&self, index: usize) -> Came {
        let Sale { secret, payment, .. } = &self.sales[index];
        let reply = self.server.tool("retrieveSecret", &named(secret), Some(payment)).await;
        Came::Bought(index, reply.status, json_of(&reply))
    }

    async fn replace(&self) -> Came {
        let Some((secret, number)) = &self.replaced else { return Came::Others(200) };
        let body = json!({"value": value(*number)});
        self.own(Own::ChangeSecret(id_of(secret)), body).await
    }

    async fn withdraw(&self) -> Came {
        let Some(secret) = &self.withdrawn else { return Came::Others(200) };
        self.own(Own::RevokeSecret(id_of(secret)), json!({})).await
    }

    async fn store(&self) -> Came {
        let body = json!({"name": "New", "value": value(self.stored), "price": "0.01"});
        self.own(Own::StoreSecret, body).await
    }

    async fn wake(&self) -> Came {
        self.server.world.memory.alarm.set(None);
        self.server.host.wake().await;
        Came::Others(200)
    }

    /// All of it, each a step at a time; the sales that were made.
    fn run(&self) -> Vec<&Sale> {
        let mut calls: Vec<std::pin::Pin<Box<dyn Future<Output = Came> + '_>>> = Vec::new();
        for index in 0..self.sales.len() {
            calls.push(Box::pin(self.buy(index)));
            if index % 2 == 0 {
                calls.push(Box::pin(self.wake()));
            }
        }
        calls.push(Box::pin(self.replace()));
        calls.push(Box::pin(self.withdraw()));
        calls.push(Box::pin(self.store()));
        let mut made = Vec::new();
        for came in join_all(calls) {
            match came {
                Came::Bought(index, 200, body) => {
                    let sale = &self.sales[index];
                    let got = body["secret"].as_str().unwrap().to_owned();
                    assert!(sale.good.contains(&got), "{body}");
                    made.push(sale);
                }
                // It went off sale in the same moment, and no money moved.
                Came::Bought(_, status, body) => {
                    assert_eq!((status, &body["moneyMoved"]), (409, &json!("no")), "{body}");
                }
                Came::Others(status) => assert!((200..300).contains(&status), "{status}"),
            }
        }
        made
    }
}

/// The settings of each round: two rotations, the first one until the previous key is removed.
fn deployed(server: &mut Server, round: usize) {
    match round {
        3 => server.deploy(rotated(SECOND, Some(MASTER_KEY))),
        // Evicted half-way.
        4 => server.deploy(rotated(SECOND, Some(MASTER_KEY))),
        7 => {
            assert_eq!(asked(server), closed(0));
            server.deploy(rotated(SECOND, None));
        }
        8 => server.deploy(rotated(THIRD, Some(SECOND))),
        12 => {
            assert_eq!(asked(server), closed(0));
            server.deploy(rotated(THIRD, None));
        }
        _ => {}
    }
}

/// The keys of a round after which some values are sealed anew and some are not.
fn half_way(round: usize) -> Option<(&'static str, &'static str)> {
    match round {
        3 => Some((SECOND, MASTER_KEY)),
        8 => Some((THIRD, SECOND)),
        _ => None,
    }
}

#[test]
fn every_paid_retrieval_gets_its_value_while_keys_rotate_under_load() {
    let mut server = Server::open();
    let mut on_sale: BTreeMap<String, usize> =
        (0..40).map(|number| (store(&server, number), number)).collect();
    let mut bought: Vec<(String, Value, Vec<String>)> = Vec::new();
    let mut seed = 0_u8;
    for index in 0..14_usize {
        let round = index;
        deployed(&mut server, round);
        let ids: Vec<String> = on_sale.keys().cloned().collect();
        let number = 1_000 + round;
        let (replaced, withdrawn) = (ids[round].clone(), ids[ids.len() - 1].clone());
        let sales = [&ids[round], &ids[round + 1], &ids[ids.len() - 1], &ids[ids.len() - 2]];
        let sales = sales.map(|secret| {
            seed += 1;
            let mut good = vec![value(on_sale[secret])];
            good.extend((*secret == replaced).then(|| value(number)));
            Sale { secret: secret.clone(), payment: payment_for(&server, secret, seed), good }
        });
        let round = Round {
            server: &server,
            sales: sales.into(),
            replaced: Some((replaced.clone(), number)),
            withdrawn: Some(withdrawn.clone()),
            stored: 2_000 + round,
        };
        let made = round.run();
        if let Some((master, previous)) = half_way(index) {
            let count = |key| count_sealed_with(&server, key);
            assert!(count(master) > 0 && count(previous) > 0, "this round ran half-way");
        }
        assert!(made.len() >= 2, "{} sales in this round", made.len());
        bought
            .extend(made.iter().map(|it| (it.secret.clone(), it.payment.clone(), it.good.clone())));
        on_sale.insert(replaced, number);
        on_sale.remove(&withdrawn);
        // All that was bought so far is read again, whatever the keys are now.
        for (secret, payment, good) in &bought {
            let reply = block_on(server.tool("retrieveSecret", &named(secret), Some(payment)));
            assert_eq!(reply.status, 200, "{}", reply.body);
            let got = json_of(&reply)["secret"].as_str().unwrap().to_owned();
            assert!(good.contains(&got), "{got} and not one of {good:?}");
        }
        if half_way(index).is_none() {
            server.pass(120);
        }
    }
    assert_eq!(
        count_sealed_with(&server, THIRD),
        sealed(&server).len(),
        "all with the current key"
    );
    assert!(sealed(&server).len() > 40, "some are kept for their buyers");
    for (secret, number) in on_sale.iter().take(5) {
        seed += 1;
        buy(&server, secret, *number, seed);
    }
    server.pass(700);
    let everything = server.everything();
    for old in [MASTER_KEY, SECOND] {
        assert!(!everything.contains(&prefix(old)));
    }
    assert!(!everything.contains(IDENTITY_KEYS) && !everything.contains("sk-live"));
    assert_eq!(lost_lines(&server), [""; 0]);
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
    let sold = i64::try_from(bought.len()).unwrap() + 5;
    assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'settled'"), sold);
}
