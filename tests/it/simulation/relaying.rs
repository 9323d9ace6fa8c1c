//! What callers, strangers and the chain do to a relayer, and what must be true in the end.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use alloy_primitives::{Address, B256, U256};
use events_concierge::base::http::Reply;
use events_concierge::base::id::RequestId;
use events_concierge::chain::eip3009::{Authorization, Via};
use events_concierge::chain::networks::Network;
use events_concierge::chain::rpc::Rpc;
use events_concierge::chain::signature::Factories;
use events_concierge::chain::transaction::RelayerKey;
use events_concierge::facilitator::own::api::{Asks, Command};
use events_concierge::facilitator::own::gas::GasPolicy;
use events_concierge::facilitator::own::{MIGRATIONS, Relayer, Settings};
use events_concierge::ports::storage::Migrations;
use events_concierge::ports::{Purpose, RelayerOrder, Sql, SqlValue};
use events_concierge::rails::x402::wire::{Means, PaymentPayload};
use serde_json::{Value, json};

use super::chain::short;
use super::engine::Sim;
use super::node::{Lie, Node, URL};
use super::object::{Object, Service};
use super::unkind::Unkind;
use super::world::World;
use crate::support::{Wallet, as_v1};

const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const PAY_TO: &str = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";
const PRICE: u64 = 50_000;
const STEPS: usize = 40;
/// How often the cron asks, milliseconds.
const SWEEP_MILLIS: i64 = 600_000;
/// The first of two wallets that are contracts and lie.
const LIAR: u8 = 7;

/// What happened.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) settled: u64,
    /// Those of them that took a part of what their payer allows.
    pub(crate) taken: u64,
    pub(crate) refused: u64,
    pub(crate) crashes: u64,
    pub(crate) replaced: u64,
    pub(crate) filled: u64,
    pub(crate) front_run: u64,
    pub(crate) revived: u64,
}

impl Outcome {
    pub(crate) fn add(&mut self, other: &Self) {
        self.settled += other.settled;
        self.taken += other.taken;
        self.refused += other.refused;
        self.crashes += other.crashes;
        self.replaced += other.replaced;
        self.filled += other.filled;
        self.front_run += other.front_run;
        self.revived += other.revived;
    }
}

impl Service for Relayer<World> {
    const MIGRATIONS: Migrations = MIGRATIONS;

    fn build(world: World) -> Option<Self> {
        Some(Self::new(
            world,
            Settings {
                network: network(),
                rpc: Rpc { url: URL.to_owned() },
                key: RelayerKey::parse(KEY).unwrap(),
                factories: Factories::default(),
                policy: policy(),
            },
        ))
    }

    async fn wake(&self) -> bool {
        Self::wake(self).await;
        true
    }

    fn sweep(&self) -> bool {
        Self::sweep(self).unwrap()
    }
}

thread_local! {
    /// What a coin costs, millionths of a dollar.
    static COIN: Cell<u64> = const { Cell::new(100_000) };
}

/// Gas is cheap enough for every payment of a simulation, unless a test wants it otherwise.
fn policy() -> GasPolicy {
    let coin_usd = [(network().caip2.to_owned(), COIN.get())].into();
    GasPolicy { coin_usd, ..GasPolicy::default() }
}

struct Payment {
    requirements: Value,
    body: Value,
    authorization: Authorization,
    /// Whether its payer can pay it, and has signed it.
    is_good: bool,
}

/// What comes back for a request, as it comes.
pub(crate) type Answers = Rc<RefCell<Vec<Reply>>>;

pub(crate) struct Relaying {
    sim: Rc<Sim>,
    object: Object<Relayer<World>>,
    payments: Vec<Payment>,
    next_sweep: i64,
    outcome: Outcome,
}

impl Relaying {
    pub(crate) fn new(seed: u64) -> Self {
        let sim = Sim::new(seed);
        let rich = (1..=5).map(|wallet| (Wallet::new(wallet).address, 100 * PRICE));
        let liars = [(LIAR, Lie::ToFreeCalls), (LIAR + 1, Lie::ToSimulations)];
        let lying = liars.map(|(wallet, _)| (Wallet::new(wallet).address, 100 * PRICE));
        let payers: Vec<(Address, u64)> = rich.chain(lying).collect();
        Node::start(&sim, RelayerKey::parse(KEY).unwrap().address(), &payers);
        for (wallet, lie) in liars {
            sim.node.borrow_mut().contracts.insert(Wallet::new(wallet).address, lie);
        }
        let object = Object::new(&sim, 'R', 0);
        let next_sweep = sim.now.get() + SWEEP_MILLIS;
        Self { sim, object, payments: Vec::new(), next_sweep, outcome: Outcome::default() }
    }

    pub(crate) fn sim(&self) -> Rc<Sim> {
        Rc::clone(&self.sim)
    }

    pub(crate) fn play(mut self) -> Outcome {
        self.sim.chaos.set(true);
        for _ in 0..STEPS {
            self.act();
            let millis = match self.sim.rng.below(10) {
                0..6 => self.sim.rng.range(0, 300),
                6..9 => self.sim.rng.range(300, 5_000),
                _ => self.sim.rng.range(5_000, 90_000),
            };
            self.run_for(millis);
        }
        self.sim.chaos.set(false);
        self.sim.tell(|| "from here on nothing goes wrong".to_owned());
        self.sim.node.borrow_mut().down_until = 0;
        self.object.world.storm_until.set(0);
        // Nobody asks for anything: the alarm, or the cron, has to finish it.
        self.run_for(1_300_000);
        if self.has_gap() {
            // Another program used the key, and the pool lost that transaction: the next payment fills the gap.
            let next = self.signs(&Wallet::new(1), PRICE, PAY_TO);
            self.shows(next, "host:a");
            self.run_for(120_000);
        }
        self.check_end()
    }

    fn act(&mut self) {
        match self.sim.rng.below(100) {
            0..45 => self.pay(),
            45..60 => self.send_again(),
            60..70 => {
                self.sim.tell(|| "the relayer dies".to_owned());
                self.object.crash();
                self.outcome.crashes += 1;
            }
            70..78 => {
                let dropped = self.sim.node.borrow_mut().reorg(&self.sim);
                self.sim.tell(|| format!("the chain drops a block with {dropped}"));
            }
            78..84 => self.front_run(),
            84..88 => {
                self.sim.node.borrow_mut().evict(&self.sim);
                self.sim.tell(|| "the pool forgets something".to_owned());
            }
            88..92 => {
                self.sim.node.borrow_mut().use_key(&self.sim);
                self.sim.tell(|| "another program uses the key".to_owned());
                self.pay();
                if self.sim.rng.chance(500) {
                    self.run_for(500);
                    self.sim.node.borrow_mut().evict(&self.sim);
                    self.sim.tell(|| "the pool forgets something".to_owned());
                }
            }
            92 if self.sim.is(Unkind::LongOutages) => {
                let hours = self.sim.rng.range(1, 20);
                self.sim.node.borrow_mut().down_until = self.sim.now.get() + hours * 3_600_000;
                self.sim.tell(|| format!("the node is down for {hours} h"));
                self.run_for(hours * 3_600_000);
            }
            93 if self.sim.is(Unkind::DroppedAlarms) => {
                let until = self.sim.now.get() + self.sim.rng.range(30_000, 400_000);
                self.object.world.storm_until.set(until);
                self.sim.tell(|| "the relayer dies again and again".to_owned());
            }
            92..95 => {
                self.sim.node.borrow_mut().down_until = self.sim.now.get() + 30_000;
                self.sim.tell(|| "the node is down for 30 s".to_owned());
            }
            _ => self.ask(&Asks::Health),
        }
    }

    fn pay(&mut self) {
        // The last one has no money.
        let is_rich = self.sim.rng.chance(850);
        let wallet = if is_rich { self.sim.rng.range(1, 5) } else { 6 };
        let lies = self.sim.rng.chance(150);
        let wallet = if lies { i64::from(LIAR) + self.sim.rng.range(0, 1) } else { wallet };
        let wallet = Wallet::new(u8::try_from(wallet).unwrap());
        let is_permit = self.sim.rng.chance(350);
        let offer = if is_permit { upto(2 * PRICE, PAY_TO) } else { offer(PRICE, PAY_TO) };
        let mut nonce = B256::from(U256::from(self.sim.rng.next()));
        nonce[0] = 7;
        // Some can be settled until the end, some run out before.
        let valid = if self.sim.rng.chance(700) { 100_000 } else { self.sim.rng.range(5, 200) };
        let valid = self.sim.now.get() / 1000 + valid;
        let change = |authorization: &mut Authorization| {
            authorization.nonce = nonce;
            authorization.valid_before = U256::from(valid);
        };
        let mut body = match is_permit {
            false => wallet.pay_with(&offer, 1, change),
            true => wallet.allow_with(&offer, 1, |allowed, _| change(allowed)),
        };
        let is_signed = self.sim.rng.chance(900);
        if !is_signed {
            body["payload"]["signature"] = json!(format!("0x{}1b", "11".repeat(64)));
        }
        let read = authorization_of(&body);
        let is_v1 = !is_permit && self.sim.rng.chance(300);
        let body = if is_v1 { as_v1(&body) } else { body };
        self.sim.tell(|| {
            format!("{} signs {}", short(&wallet.address.to_string()), short(&nonce.to_string()))
        });
        let mut requirements = offer;
        requirements["amount"] = json!(PRICE.to_string());
        if is_v1 {
            requirements["network"] = json!("base-sepolia");
            requirements["maxAmountRequired"] = requirements["amount"].take();
        }
        let is_good = is_rich && is_signed && !lies;
        self.payments.push(Payment { requirements, body, authorization: read, is_good });
        let times = if self.sim.rng.chance(200) { 3 } else { 1 };
        for _ in 0..times {
            self.send(self.payments.len() - 1, "host:a");
        }
    }

    fn send_again(&mut self) {
        if self.payments.is_empty() {
            return;
        }
        let index = self.sim.rng.below(self.payments.len());
        if self.sim.rng.chance(300) {
            self.send(index, "host:b");
        } else {
            self.send(index, "host:a");
        }
    }

    fn front_run(&mut self) {
        let Some(payment) = self.payments.last().filter(|payment| payment.is_good) else { return };
        self.outcome.front_run += 1;
        self.sim.node.borrow_mut().front_run(&self.sim, &payment.authorization);
        let nonce = payment.authorization.nonce.to_string();
        self.sim.tell(|| format!("another sender sends {}", short(&nonce)));
    }

    fn send(&self, index: usize, claimant: &str) -> Answers {
        self.send_for(Purpose::Settle, index, claimant)
    }

    fn send_for(&self, purpose: Purpose, index: usize, claimant: &str) -> Answers {
        let payment = &self.payments[index];
        let order = RelayerOrder {
            purpose,
            claimant: claimant.to_owned(),
            payment: payment.body.clone(),
            requirements: payment.requirements.clone(),
        };
        let nonce = payment.authorization.nonce.to_string();
        // `permit2_invalid_nonce` is final: a claimant that gets it must have no settlement of this payment in flight.
        let live = format!(
            "SELECT count(*) FROM settlements WHERE claimant = '{claimant}' \
             AND id LIKE '%permit2:{nonce}' AND state IN ('sent', 'settled')"
        );
        let world = self.object.world.clone();
        let check = move |reply: &Reply| {
            if reply.body.contains("permit2_invalid_nonce") {
                let rows = world.run(&live, &[]).unwrap();
                assert_eq!(rows, [[SqlValue::Int(0)]], "it is under way: {}", reply.body);
            }
        };
        self.spawn(Asks::Settle(order), short(&nonce), check)
    }

    fn ask(&self, asks: &Asks) {
        self.spawn(asks.clone(), "health".to_owned(), |_| {});
    }

    fn spawn(&self, asks: Asks, what: String, check: impl FnOnce(&Reply) + 'static) -> Answers {
        let answers: Answers = Rc::default();
        let filled = Rc::clone(&answers);
        let request_id = RequestId::random(&self.object.world);
        let command = Command { request_id, source: None, origin: None, asks };
        let service = Rc::clone(self.object.service.as_ref().unwrap());
        let sim = Rc::clone(&self.sim);
        self.object.spawn(async move {
            let reply = service.handle(command).await;
            sim.tell(|| format!("{what}: {} {}", reply.status, reply.body));
            check(&reply);
            filled.borrow_mut().push(reply);
        });
        answers
    }

    fn run_for(&mut self, millis: i64) {
        let end = self.sim.now.get() + millis;
        loop {
            let (own, event) = (self.object.next(), self.sim.next_event());
            let next = own.into_iter().chain(event).chain([self.next_sweep]).min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            let now = self.sim.now.get().max(next);
            self.sim.now.set(now);
            if self.next_sweep <= now {
                self.next_sweep = now + SWEEP_MILLIS;
                self.object.sweep(|_| {});
                continue;
            }
            let due = |next: Option<i64>| next.is_some_and(|next| next <= now);
            let ours = due(own) && !(due(event) && self.sim.rng.chance(500));
            if ours {
                self.object.step();
            } else {
                self.sim.step_event();
            }
        }
        self.sim.now.set(end);
    }

    fn check_end(mut self) -> Outcome {
        assert!(self.object.is_idle(), "calls that never end");
        let live = "SELECT count(*) FROM transactions WHERE state = 'live'";
        assert_eq!(self.object.int(live), 0, "transactions that no block has");
        let sent = "SELECT count(*) FROM settlements WHERE state = 'sent'";
        assert_eq!(self.object.int(sent), 0, "settlements that are still open");
        assert!(!self.has_gap(), "a nonce is left out, and all that come after it wait");
        self.sim.node.borrow().check();
        self.check_liars();
        for index in 0..self.payments.len() {
            self.check_payment(index);
        }
        let node = self.sim.node.borrow();
        let story = self.sim.story.borrow();
        let told =
            |what: &str| u64::try_from(story.iter().filter(|l| l.contains(what)).count()).unwrap();
        self.outcome.replaced = node.replaced;
        self.outcome.filled = node.fillers;
        self.outcome.revived = told("the chain has dropped a settlement");
        self.outcome
    }

    fn has_gap(&self) -> bool {
        let used = i64::try_from(self.sim.node.borrow().relayer_nonce()).unwrap();
        self.object.int("SELECT coalesce(max(next_nonce), 0) FROM account") > used
    }

    /// Who lies to simulations is tried seldom, and who lies to calls without a price is never tried.
    fn check_liars(&self) {
        let node = self.sim.node.borrow();
        assert_eq!(node.refused_at(Wallet::new(LIAR).address), Vec::<i64>::new());
        let refused = node.refused_at(Wallet::new(LIAR + 1).address);
        let is_seldom = refused.windows(2).all(|pair| pair[1] - pair[0] >= 500_000);
        assert!(is_seldom, "a liar was tried at {refused:?}");
    }

    /// A chain on which nothing goes wrong, without a cron, and whose coin costs so much.
    pub(crate) fn quiet(coin_micros: u64) -> Self {
        COIN.set(coin_micros);
        Self { next_sweep: i64::MAX, ..Self::new(1) }
    }

    /// A wallet with money, that has code if it is said how that behaves.
    pub(crate) fn payer(&self, wallet: u8, code: Option<Lie>) -> Wallet {
        let payer = Wallet::new(wallet);
        let mut node = self.sim.node.borrow_mut();
        node.fund(payer.address, 1_000_000_000);
        if let Some(lie) = code {
            node.contracts.insert(payer.address, lie);
        }
        payer
    }

    /// Pays so much to `to`, in the name of `claimant`; the index of the payment, and what is said.
    pub(crate) fn pays(
        &mut self,
        wallet: &Wallet,
        value: u64,
        to: &str,
        claimant: &str,
    ) -> (usize, Value) {
        let index = self.signs(wallet, value, to);
        (index, self.asks_again(index, claimant))
    }

    /// A payment that nobody has shown yet.
    pub(crate) fn signs(&mut self, wallet: &Wallet, value: u64, to: &str) -> usize {
        let requirements = offer(value, to);
        let nonce = B256::from(U256::from(self.sim.fresh()) + (U256::from(9) << 200));
        let until = self.sim.now.get() / 1000 + 100_000;
        let body = wallet.pay_with(&requirements, 1, |authorization| {
            authorization.nonce = nonce;
            authorization.valid_before = U256::from(until);
        });
        let authorization = authorization_of(&body);
        self.payments.push(Payment { requirements, body, authorization, is_good: true });
        self.payments.len() - 1
    }

    /// Shows a payment, and does not wait for what is said.
    pub(crate) fn shows(&self, index: usize, claimant: &str) -> Answers {
        self.send(index, claimant)
    }

    /// Another sender submits the payment, and a block includes it.
    pub(crate) fn is_sent_by_another(&mut self, index: usize) {
        let authorization = &self.payments[index].authorization;
        self.sim.node.borrow_mut().front_run(&self.sim, authorization);
        self.run_for(60_000);
    }

    /// Where the payment's money has moved.
    pub(crate) fn moved(&self, index: usize) -> Option<B256> {
        self.sim.node.borrow().moved(&self.payments[index].authorization)
    }

    pub(crate) fn node(&self) -> std::cell::RefMut<'_, Node> {
        self.sim.node.borrow_mut()
    }

    /// What the relayer has written down, as a text.
    pub(crate) fn text(&self, statement: &str) -> String {
        match &self.object.sql(statement)[0][0] {
            SqlValue::Text(text) => text.clone(),
            SqlValue::Int(number) => number.to_string(),
            SqlValue::Null => String::new(),
        }
    }

    /// Breaks something in its storage.
    pub(crate) fn damages(&self, statement: &str) {
        self.object.sql(statement);
    }

    /// The cron asks it; whether anything is open. The alarm that it knows of may be lost, so it forgets that.
    pub(crate) fn sweep(&self) -> bool {
        self.object.forgets_its_alarm();
        self.object.service.as_ref().unwrap().sweep().unwrap()
    }

    /// The runtime has given its alarm up.
    pub(crate) fn loses_its_alarm(&self) {
        self.object.forgets_its_alarm();
    }

    /// Its instance is gone, with what it remembers.
    pub(crate) fn dies(&mut self) {
        self.object.crash();
    }

    pub(crate) fn is_down_for(&self, seconds: i64) {
        self.node().down_until = self.sim.now.get() + seconds * 1000;
    }

    /// How often its alarm has gone off.
    pub(crate) fn wakes(&self) -> u32 {
        self.object.wakes.get()
    }

    /// When its alarm goes off, seconds.
    pub(crate) fn alarm(&self) -> Option<i64> {
        self.object.alarm()
    }

    /// What is said of a payment that was made before.
    pub(crate) fn asks_again(&mut self, index: usize, claimant: &str) -> Value {
        self.says_of(Purpose::Settle, index, claimant)
    }

    /// What the relayer says of a payment to `claimant`, if it is to move nothing.
    pub(crate) fn knows(&mut self, index: usize, claimant: &str) -> Value {
        self.says_of(Purpose::Look, index, claimant)
    }

    fn says_of(&mut self, purpose: Purpose, index: usize, claimant: &str) -> Value {
        let answers = self.send_for(purpose, index, claimant);
        // What a block may take, and no longer than that.
        while answers.borrow().is_empty() {
            self.run_for(100);
        }
        let reply = answers.borrow().last().cloned().unwrap();
        // What was seen is written down after the answer.
        self.object.service.as_ref().unwrap().write_down().unwrap();
        serde_json::from_str(&reply.body).unwrap()
    }

    pub(crate) fn health(&mut self) -> Value {
        let answers = self.spawn(Asks::Health, "health".to_owned(), |_| {});
        self.run_for(5_000);
        let reply = answers.borrow().last().cloned().unwrap();
        serde_json::from_str(&reply.body).unwrap()
    }

    pub(crate) fn runs(&mut self, millis: i64) {
        self.run_for(millis);
    }

    /// The pool loses the relayer's last transaction, and another program uses its key.
    pub(crate) fn loses_it_and_another_uses_the_key(&self) {
        let mut node = self.sim.node.borrow_mut();
        node.evict(&self.sim);
        node.use_key(&self.sim);
    }

    pub(crate) fn waits(&mut self, seconds: i64) {
        self.run_for(seconds * 1000);
    }

    /// Transactions that the relayer has sent, and that are in a block.
    pub(crate) fn sent(&self) -> u64 {
        self.sim.node.borrow().relayer_nonce()
    }

    /// Whose the payment is, and who gets nothing for it.
    fn claimants(&self, authorization: &Authorization) -> (&'static str, &'static str) {
        let theirs = format!(
            "SELECT count(*) FROM settlements WHERE claimant = 'host:b' AND id LIKE '%{}'",
            authorization.nonce
        );
        if self.object.int(&theirs) == 1 { ("host:b", "host:a") } else { ("host:a", "host:b") }
    }

    fn answer(&mut self, index: usize, claimant: &str) -> Reply {
        let answers = self.send(index, claimant);
        self.run_for(60_000);
        let reply = answers.borrow().last().cloned();
        reply.unwrap()
    }

    /// What is on the chain is what was said; a good payment is settled when it is asked for again,
    /// and nobody else gets the answer.
    fn check_payment(&mut self, index: usize) {
        let authorization = self.payments[index].authorization.clone();
        let nonce = short(&authorization.nonce.to_string());
        let row = format!(
            "SELECT count(*) FROM settlements WHERE state = 'settled' AND id LIKE '%{}'",
            authorization.nonce
        );
        let is_settled = self.object.int(&row) == 1;
        let moved = self.sim.node.borrow().moved(&authorization).is_some();
        assert!(!is_settled || moved, "{nonce} is called settled, and is not");
        let (first, second) = self.claimants(&authorization);
        let reply = self.answer(index, first);
        let answer: Value = serde_json::from_str(&reply.body).unwrap();
        let said = answer["success"] == true;
        let moved = self.sim.node.borrow().moved(&authorization);
        if said {
            assert_eq!(answer["transaction"], json!(moved), "{nonce}");
            self.outcome.settled += 1;
            self.outcome.taken += u64::from(authorization.via == Via::Permit2);
        } else {
            self.outcome.refused += 1;
        }
        // A payment that another sender submitted before our settlement began is not counted as ours.
        let ours =
            format!("SELECT count(*) FROM settlements WHERE id LIKE '%{}'", authorization.nonce);
        let is_ours = self.object.int(&ours) == 1;
        let is_valid = authorization.valid_before > U256::from(self.sim.now.get() / 1000 + 100);
        let is_void = self.sim.node.borrow().is_void(&authorization);
        assert!(!is_void || !said, "{nonce} was used for something else: {}", reply.body);
        let is_good = self.payments[index].is_good && !is_void;
        if is_good && is_valid && (is_ours || moved.is_none()) {
            assert!(said, "{nonce} is good: {}", reply.body);
        }
        if !self.payments[index].is_good {
            assert!(!said && moved.is_none(), "{nonce} is not good: {}", reply.body);
        }
        if said {
            let reply = self.answer(index, second);
            let used = match authorization.via {
                Via::Token => "nonce_already_used",
                Via::Permit2 => "permit2_invalid_nonce",
            };
            assert!(reply.body.contains(used), "{nonce}: {}", reply.body);
        }
    }
}

fn offer(value: u64, to: &str) -> Value {
    json!({"scheme": "exact", "network": "eip155:84532", "amount": value.to_string(),
        "asset": network().usdc, "payTo": to, "maxTimeoutSeconds": 300,
        "extra": {"name": "USDC", "version": "2"}})
}

/// The same in the scheme `upto`.
fn upto(most: u64, to: &str) -> Value {
    let mut offer = offer(most, to);
    let facilitator = RelayerKey::parse(KEY).unwrap().address();
    offer["scheme"] = json!("upto");
    offer["extra"]["facilitatorAddress"] = json!(facilitator);
    offer
}

/// The authorization of a payment; of a permit, with what is taken of it.
fn authorization_of(body: &Value) -> Authorization {
    let Means::Evm { authorization, permit, .. } =
        PaymentPayload::read(body.clone()).unwrap().means
    else {
        panic!("no payment of this chain: {body}")
    };
    let value = permit.map_or(authorization.value, |_| U256::from(PRICE));
    Authorization { value, ..authorization }
}

fn network() -> &'static Network {
    Network::by_caip2("eip155:84532").unwrap()
}
