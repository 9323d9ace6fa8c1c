//! A simulated sale: buyers come to sellers, sellers ask the pool for blocks. Every object does one thing at a time, which takes
//! as long as it was measured. One seed decides everything.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};

use events_concierge::base::time::UnixSeconds;
use events_concierge::products::events::{Event, NotOnSale, Seats};

use super::plan::{
    ALARM, HOP, Outcome, PAID_PER_SECOND, POOL_PER_SECOND, Plan, RETRY, SECOND, SETTLING, SIGNING,
    TRIES, UNPAID_PER_SECOND,
};
use super::rules::{Block, Grant, Pool, Request, SellerId};
use crate::simulation::engine::Rng;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Call {
    buyer: u32,
    is_paid: bool,
    tries: u32,
    came: i64,
}

/// The next thing in time comes first, and of two at the same time the one that was planned first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: i64,
    order: u64,
    happens: Happens,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happens {
    Arrives(Call),
    /// A seller has finished what it did.
    Idle(usize),
    Settles(usize, u32),
    Reaches(usize, Request),
    Answers(usize, Grant),
    Alarm(usize),
    Dropped(usize, u32),
}

#[derive(Default)]
struct Seller {
    block: Block,
    held: BTreeSet<u32>,
    taken: BTreeSet<u32>,
    queue: VecDeque<Call>,
    /// They wait for the answer of the pool.
    parked: Vec<Call>,
    is_busy: bool,
    served: u32,
    served_at_alarm: u32,
}

impl Seller {
    fn seats(&self) -> Seats {
        Seats { taken: count(&self.taken), held: count(&self.held), line: 0 }
    }
}

fn count(all: &BTreeSet<u32>) -> u32 {
    u32::try_from(all.len()).unwrap()
}

struct Run {
    plan: Plan,
    rng: Rng,
    event: Event,
    now: i64,
    order: u64,
    agenda: BinaryHeap<Reverse<Due>>,
    sellers: Vec<Seller>,
    pool: Pool,
    pool_is_busy_until: i64,
    took: Vec<i64>,
    refused: u32,
    open: u32,
    over: i64,
    requests: u32,
    drops_due: u32,
    /// Nothing goes wrong any more, and who hears that the event is full tries again.
    is_late: bool,
}

/// Runs a sale. Panics as soon as a seat is sold twice or lost.
pub(super) fn run(plan: Plan, event: &Event) -> Outcome {
    let mut run = Run::new(plan, event.clone());
    for buyer in 0..run.plan.buyers {
        run.comes(buyer);
    }
    run.until_over();
    // Whatever went wrong: what was not sold can be had by the next buyers, wherever they come to.
    run.plan.chaos = false;
    run.is_late = true;
    let unsold = run.plan.capacity - run.sold();
    let first_of_the_late = run.plan.buyers;
    if unsold > 0 && run.refused > 0 {
        for buyer in 0..unsold {
            run.comes(first_of_the_late + buyer);
        }
        run.until_over();
        assert_eq!(run.sold(), run.plan.capacity, "seats are left that nobody can have");
    }
    run.outcome()
}

impl Run {
    fn new(plan: Plan, event: Event) -> Self {
        let pool = Pool::new(plan.capacity, plan.sellers);
        let sellers: Vec<Seller> = (0..plan.sellers).map(|_| Seller::default()).collect();
        let mut run = Self {
            rng: Rng::new(plan.seed),
            event,
            now: 0,
            order: 0,
            agenda: BinaryHeap::new(),
            pool,
            pool_is_busy_until: 0,
            took: Vec::new(),
            refused: 0,
            open: 0,
            over: 0,
            requests: 0,
            drops_due: 0,
            is_late: false,
            sellers,
            plan,
        };
        for seller in 0..run.sellers.len() {
            run.after(ALARM, Happens::Alarm(seller));
        }
        run
    }

    fn comes(&mut self, buyer: u32) {
        self.open += 1;
        let at = self.rng.range(0, self.plan.seconds * SECOND);
        let call = Call { buyer, is_paid: false, tries: 0, came: 0 };
        self.after(at, Happens::Arrives(call));
    }

    fn after(&mut self, delay: i64, happens: Happens) {
        self.order += 1;
        self.agenda.push(Reverse(Due { at: self.now + delay, order: self.order, happens }));
    }

    fn until_over(&mut self) {
        while self.open > 0 || self.drops_due > 0 {
            let Reverse(due) = self.agenda.pop().unwrap();
            self.now = due.at;
            self.step(due.happens);
            self.check();
        }
    }

    fn step(&mut self, happens: Happens) {
        match happens {
            Happens::Arrives(call) => {
                let seller = self.seller_of(call.buyer);
                self.sellers[seller].queue.push_back(Call { came: self.now, ..call });
                self.serve(seller);
            }
            Happens::Idle(seller) => {
                self.sellers[seller].is_busy = false;
                if self.plan.chaos && self.rng.chance(5) {
                    self.dies(seller);
                }
                self.serve(seller);
            }
            Happens::Settles(seller, buyer) => self.settles(seller, buyer),
            Happens::Reaches(seller, request) => self.reaches_pool(seller, request),
            Happens::Answers(seller, grant) => {
                let millis = self.now / 1000;
                let one = &mut self.sellers[seller];
                one.block.take(grant, millis);
                let parked = std::mem::take(&mut one.parked);
                for call in parked.into_iter().rev() {
                    one.queue.push_front(call);
                }
                self.serve(seller);
            }
            Happens::Alarm(seller) => self.alarm(seller),
            Happens::Dropped(seller, buyer) => {
                self.drops_due -= 1;
                self.sellers[seller].taken.remove(&buyer);
            }
        }
    }

    /// A wallet comes to the same seller always.
    fn seller_of(&self, buyer: u32) -> usize {
        let mixed = Rng::new(u64::from(buyer)).next();
        usize::try_from(mixed % u64::from(self.plan.sellers)).unwrap()
    }

    /// Takes the next call, unless the seller does something else. Calls that have to wait for the pool take no time.
    fn serve(&mut self, index: usize) {
        while !self.sellers[index].is_busy {
            let Some(call) = self.sellers[index].queue.pop_front() else { return };
            self.take(index, call);
        }
    }

    fn take(&mut self, index: usize, call: Call) {
        let now = UnixSeconds::new(self.now / SECOND);
        let seller = &mut self.sellers[index];
        let on_sale = if seller.taken.contains(&call.buyer) || seller.held.contains(&call.buyer) {
            // As `check_no_seat` refuses it.
            Err(NotOnSale::Full)
        } else {
            seller.block.check_on_sale(&self.event, seller.seats(), now)
        };
        let reserves = call.is_paid && on_sale.is_ok();
        if reserves {
            seller.held.insert(call.buyer);
        }
        let request = seller.block.ask(seller.seats(), self.now / 1000);
        if let Some(request) = request {
            self.send(index, request);
        }
        let seller = &mut self.sellers[index];
        if on_sale.is_err() && seller.block.pending().is_some() {
            seller.parked.push(call);
            return;
        }
        seller.is_busy = true;
        seller.served += 1;
        let cost = SECOND / if reserves { PAID_PER_SECOND } else { UNPAID_PER_SECOND };
        self.after(cost, Happens::Idle(index));
        self.took.push(self.now + cost - call.came);
        match on_sale {
            Ok(()) if call.is_paid => {
                self.after(cost + SETTLING, Happens::Settles(index, call.buyer));
            }
            Ok(()) => self.after(cost + SIGNING, Happens::Arrives(Call { is_paid: true, ..call })),
            Err(why) if call.tries < TRIES && (why == NotOnSale::AllHeld || self.is_late) => {
                let again = Call { tries: call.tries + 1, ..call };
                self.after(RETRY, Happens::Arrives(again));
            }
            Err(why) => {
                let is_exact = !self.plan.drops && !self.sellers[index].taken.contains(&call.buyer);
                if why == NotOnSale::Full && is_exact {
                    assert_eq!(self.sold(), self.plan.capacity, "told to be full");
                }
                self.refused += 1;
                self.closes();
            }
        }
    }

    fn closes(&mut self) {
        self.open -= 1;
        self.over = self.now;
    }

    fn settles(&mut self, seller: usize, buyer: u32) {
        let fails = self.plan.chaos && self.rng.chance(200);
        let one = &mut self.sellers[seller];
        assert!(one.held.remove(&buyer), "settled what was not held");
        if fails {
            let call = Call { buyer, is_paid: false, tries: 0, came: 0 };
            return self.after(SECOND, Happens::Arrives(call));
        }
        one.taken.insert(buyer);
        self.closes();
        if self.plan.drops && !self.is_late && self.rng.chance(30) {
            self.drops_due += 1;
            self.after(30 * SECOND, Happens::Dropped(seller, buyer));
        }
    }

    fn send(&mut self, seller: usize, request: Request) {
        self.requests += 1;
        for delay in self.delays() {
            self.after(delay, Happens::Reaches(seller, request));
        }
    }

    /// When a message arrives, once for each time that it does.
    fn delays(&mut self) -> Vec<i64> {
        if !self.plan.chaos {
            return vec![HOP / 2];
        }
        let times = [1, 1, 1, 0, 2, 3][self.rng.below(6)];
        (0..times).map(|_| self.rng.range(HOP / 2, 4 * SECOND)).collect()
    }

    fn reaches_pool(&mut self, seller: usize, request: Request) {
        self.pool_is_busy_until = self.pool_is_busy_until.max(self.now) + SECOND / POOL_PER_SECOND;
        let Some(grant) = self.pool.answer(id(seller), request) else { return };
        let waits = self.pool_is_busy_until - self.now;
        for delay in self.delays() {
            self.after(waits + delay, Happens::Answers(seller, grant));
        }
    }

    fn alarm(&mut self, index: usize) {
        self.after(ALARM, Happens::Alarm(index));
        let seller = &mut self.sellers[index];
        let is_idle = seller.served == seller.served_at_alarm;
        seller.served_at_alarm = seller.served;
        let seats = seller.seats();
        let request = match seller.block.pending() {
            None if is_idle => seller.block.give_back(seats),
            pending => pending,
        };
        if let Some(request) = request {
            self.send(index, request);
        }
    }

    /// Memory is lost, storage is kept. Who waited gets an error and comes again.
    fn dies(&mut self, seller: usize) {
        let one = &mut self.sellers[seller];
        let mut lost: Vec<Call> = std::mem::take(&mut one.parked);
        lost.extend(one.queue.drain(..));
        for call in lost {
            self.after(SECOND, Happens::Arrives(call));
        }
    }

    fn sold(&self) -> u32 {
        self.sellers.iter().map(|seller| count(&seller.taken)).sum()
    }

    /// What must be true at every moment.
    fn check(&self) {
        let mut promised = self.pool.free();
        for (index, seller) in self.sellers.iter().enumerate() {
            let Seats { taken, held, .. } = seller.seats();
            let (has, granted) = (seller.block.seats(), self.pool.granted(id(index)));
            assert!(taken + held <= has, "seller {index} sells {taken} and holds {held} of {has}");
            assert!(has <= granted, "seller {index} has {has} of {granted} seats");
            promised += granted;
        }
        assert_eq!(promised, self.plan.capacity, "a seat is lost, or there twice");
    }

    fn outcome(mut self) -> Outcome {
        let mut wallets = BTreeSet::new();
        for seller in &self.sellers {
            assert!(
                seller.taken.iter().all(|buyer| wallets.insert(*buyer)),
                "two seats of a wallet"
            );
        }
        self.took.sort_unstable();
        let at = |share: usize| self.took[(self.took.len() - 1) * share / 100] / 1000;
        Outcome {
            sold: self.sold(),
            refused: self.refused,
            p50: at(50),
            p99: at(99),
            over_after: self.over / SECOND,
            requests: self.requests,
        }
    }
}

fn id(seller: usize) -> SellerId {
    SellerId(u32::try_from(seller).unwrap())
}
