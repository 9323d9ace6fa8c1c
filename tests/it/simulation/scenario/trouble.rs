//! How the world is made unkind, and how that ends.

use std::rc::Rc;

use events_concierge::directory::{Answered, Ask};

use super::super::blocks::{Blocks, Stall};
use super::super::chain::Net;
use super::super::engine::Sim;
use super::super::settings::{Second, Settings};
use super::super::unkind::{Rule, Unkind};
use super::super::world::ask_directory;
use super::{HOSTS, Scenario};
use crate::support::NOW;

/// How often an object may wake while nothing can be found out: at first, and in each hour of a long time.
const WAKES_FIRST: u32 = 200;
const WAKES_BY_HOUR: u32 = 12;
const WAKES_HOURS: i64 = 12;

/// Draws the chains and the first settings.
pub(super) fn begin(sim: &Rc<Sim>) {
    let nets = (0..2).map(|net| {
        let rng = &sim.rng;
        let period = match sim.is(Unkind::OddBlocks) || sim.is(Unkind::LongOutages) {
            true => [400, 1_000, 2_000, 5_000, 12_000][rng.below(5)],
            false => 1_000,
        };
        let skew = if sim.is(Unkind::OddBlocks) { rng.range(-40_000, 40_000) } else { 0 };
        let logs_back = sim.is(Unkind::ShortLogs).then(|| rng.range(500, 20_000));
        let (start, first) = (NOW * 1000, 20_000_000 * (1 + i64::from(net)));
        let blocks = Blocks { start, first, period, skew, stalls: Vec::new() };
        Net { blocks, down_until: 0, logs_back, is_frank: rng.chance(500) }
    });
    sim.chain.borrow_mut().nets = nets.collect();
    let is_own = [(); HOSTS].map(|()| sim.is(Unkind::OwnFacilitators) && sim.rng.chance(600));
    sim.settings.set(Settings { is_own, ..Settings::default() });
}

impl Scenario {
    /// The world does something unkind, if it is so in this seed.
    pub(super) fn make_trouble(&mut self) {
        let kinds: Vec<Unkind> = [
            Unkind::DroppedAlarms,
            Unkind::LongOutages,
            Unkind::OddBlocks,
            Unkind::ChangingSettings,
            Unkind::SpentBetween,
            Unkind::Strangers,
        ]
        .into_iter()
        .filter(|kind| self.sim.is(*kind))
        .collect();
        if kinds.is_empty() {
            return self.send_again();
        }
        let (sim, now) = (Rc::clone(&self.sim), self.sim.now.get());
        match kinds[sim.rng.below(kinds.len())] {
            Unkind::DroppedAlarms => {
                let host = sim.rng.below(HOSTS);
                let millis = sim.rng.range(30_000, 400_000);
                sim.tell(|| {
                    format!("{} dies again and again for {millis} ms", self.servers[host].name)
                });
                self.servers[host].world.storm_until.set(now + millis);
                self.buy();
            }
            Unkind::LongOutages => {
                let net = sim.rng.below(2);
                let hours = sim.rng.range(1, 30);
                sim.tell(|| format!("the endpoint of {net} is out of service for {hours} h"));
                sim.chain.borrow_mut().nets[net].down_until = now + hours * 3_600_000;
                self.buy();
                self.run_for(sim.rng.range(1_000, 60_000));
                self.buy();
                self.wait_for_hours(hours);
            }
            Unkind::OddBlocks => {
                let net = sim.rng.below(2);
                let millis = sim.rng.range(20_000, 400_000);
                sim.tell(|| format!("{net} has no block for {millis} ms"));
                let stall = Stall { from: now, until: now + millis, speed: sim.rng.range(2, 20) };
                let stalls = &mut sim.chain.borrow_mut().nets[net].blocks.stalls;
                if stalls.iter().all(|before| before.until + 600_000 < now) {
                    stalls.push(stall);
                }
            }
            Unkind::ChangingSettings => self.change_settings(),
            Unkind::SpentBetween => self.spend_between(),
            Unkind::Strangers => {
                let millis = sim.rng.range(60_000, 400_000);
                sim.tell(|| format!("the facilitator says nothing for {millis} ms"));
                sim.facilitator_down_until.set(now + millis);
                self.buy();
                self.buy();
            }
            Unkind::LateAnswers
            | Unkind::OwnFacilitators
            | Unkind::ShortLogs
            | Unkind::HangingKv
            | Unkind::FickleHosts => {}
        }
    }

    /// Who cannot find anything out looks seldom after a while.
    fn wait_for_hours(&mut self, hours: i64) {
        let wakes = |scenario: &Self| -> [u32; HOSTS] {
            std::array::from_fn(|host| scenario.servers[host].wakes.get())
        };
        let before = wakes(self);
        self.run_for(hours * 3_600_000);
        // Records that do not go out are another matter.
        if hours < WAKES_HOURS || self.sim.is(Unkind::HangingKv) {
            return;
        }
        for (host, (now, before)) in wakes(self).into_iter().zip(before).enumerate() {
            let most = WAKES_FIRST + WAKES_BY_HOUR * u32::try_from(hours).unwrap();
            let name = self.servers[host].name;
            assert!(now - before < most, "{name} wakes {} times in {hours} h", now - before);
        }
    }

    fn change_settings(&mut self) {
        let mut settings = self.sim.settings.get();
        let rng = &self.sim.rng;
        match rng.below(4) {
            0 | 1 => {
                settings.second = match settings.second {
                    Second::Offered if rng.chance(500) => Second::NotOffered,
                    Second::Offered => Second::Unknown,
                    Second::NotOffered | Second::Unknown => Second::Offered,
                };
            }
            2 => settings.is_own = settings.is_own.map(|is_own| is_own != rng.chance(300)),
            _ => settings.is_faulty = !settings.is_faulty,
        }
        self.set(settings);
    }

    /// Every object starts anew, with these settings.
    fn set(&mut self, settings: Settings) {
        self.sim.tell(|| format!("all start anew with {settings:?}"));
        if self.sim.settings.replace(settings).is_faulty && !settings.is_faulty {
            self.sim.recovered_at.set(self.sim.now.get());
        }
        for server in &mut self.servers {
            server.crash();
        }
        if settings.is_faulty {
            let millis = self.sim.rng.range(10_000, 600_000);
            self.run_for(millis);
            self.set(Settings { is_faulty: false, ..settings });
        }
    }

    /// From here on nothing goes wrong.
    pub(super) fn end_trouble(&mut self) {
        self.sim.chaos.set(false);
        self.sim.tell(|| "from here on nothing goes wrong".to_owned());
        for net in &mut self.sim.chain.borrow_mut().nets {
            net.down_until = 0;
        }
        self.sim.facilitator_down_until.set(0);
        self.sim.refuses_until.set(0);
        for server in &self.servers {
            server.world.storm_until.set(0);
        }
        let settings = self.sim.settings.get();
        // One whose endpoint is known may stay removed: what is open there is found out all the same.
        if settings.second == Second::Unknown {
            self.set(Settings { second: Second::Offered, ..settings });
        }
        if !self.sim.holds(Rule::AlarmsAreSet) {
            for server in &self.servers {
                server.sweep(|_| {});
            }
        }
    }

    /// The cron asks those that the directory has.
    pub(super) fn sweep(&mut self) {
        let answered = std::mem::take(&mut *self.answered.borrow_mut());
        let next = ask_directory(&self.sim, &Ask::Next { answered, max: 10 });
        for listed in next {
            let server = &self.servers[listed.id.parse::<usize>().unwrap()];
            let answered = Rc::clone(&self.answered);
            server.sweep(move |is_open| answered.borrow_mut().push(Answered { listed, is_open }));
        }
    }
}
