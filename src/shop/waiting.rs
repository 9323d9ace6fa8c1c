//! Waits for what other payments hold. A payment in progress holds its seat, and wallets that have never paid here
//! may hold at most half of an event, because such wallets cost nothing to make. A call that finds everything held
//! waits until one of the other payments succeeds or fails.

use std::cell::Cell;
use std::rc::Rc;

use crate::ports::World;
use crate::rails::outcome::Failure;
use crate::sale::cx::Cx;
use crate::shop::registry::AnySale;

/// How often a waiting call checks for a seat, and the pause in between, milliseconds: 10 seconds in total.
const LOOKS: u32 = 40;
const LOOK_MILLIS: u32 = 250;
/// Calls that wait at a time. Others are told to retry.
const WAITING_MAX: u32 = 256;

/// The number of waiting calls.
#[derive(Clone, Debug, Default)]
pub struct Waiting(Rc<Cell<u32>>);

/// One waiting call, until it is dropped.
struct Turn(Waiting);

impl Waiting {
    fn begin(&self) -> Option<Turn> {
        let waiting = self.0.get();
        (waiting < WAITING_MAX).then(|| {
            self.0.set(waiting.saturating_add(1));
            Turn(self.clone())
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Self(Waiting(count)) = self;
        count.set(count.get().saturating_sub(1));
    }
}

/// Waits while other payments hold everything that this payer may buy. Whether it is free afterwards is for
/// [`AnySale::recheck`] to decide.
///
/// # Errors
///
/// Why it is not for sale; no money moved.
pub async fn wait_while_held(
    cx: &Cx<'_, impl World>,
    waiting: &Waiting,
    sale: &AnySale,
    payer: &str,
) -> Result<(), Failure> {
    if !sale.is_held(cx, payer)? {
        return Ok(());
    }
    let Some(_turn) = waiting.begin() else { return Ok(()) };
    for _ in 0..LOOKS {
        cx.world.sleep(LOOK_MILLIS).await;
        if !sale.is_held(cx, payer)? {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_wait_at_a_time_and_a_call_that_is_dropped_gives_its_turn_back() {
        let waiting = Waiting::default();
        let turns: Vec<Turn> = (0..WAITING_MAX).map(|_| waiting.begin().unwrap()).collect();
        assert!(waiting.begin().is_none());
        drop(turns);
        assert!(waiting.begin().is_some());
        assert_eq!(waiting.0.get(), 0);
    }
}
