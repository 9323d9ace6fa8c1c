//! The Durable Object around an owner's budget ([`crate::wallets::budget`]).

use worker::{DurableObject, Env, Request, Response, Result, State};
use worker_macros::durable_object;

use crate::edge::object;
use crate::edge::platform::log;
use crate::edge::world::EdgeWorld;
use crate::ports::Level;
use crate::wallets::budget::{self, Ask};

/// The Durable Object of one owner's budget. Its name is a user's scope or a wallet's address. Only Guest objects
/// call it.
#[durable_object]
pub struct Budget {
    world: EdgeWorld,
}

impl DurableObject for Budget {
    fn new(state: State, env: Env) -> Self {
        Self { world: EdgeWorld::new(state, env, None) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let ask: Ask = request.json().await?;
        let told = budget::answer(&self.world, &ask).map_err(|error| {
            log(Level::Error, "a budget", &[("why", &error.to_string())]);
            worker::Error::from(error.to_string())
        })?;
        budget::rearm(&self.world).map_err(|error| error.to_string())?;
        Response::from_json(&told)
    }

    async fn alarm(&self) -> Result<Response> {
        self.world.alarm_is_over();
        // No other event runs between this check and the deletion.
        let is_used = budget::forget(&self.world)
            .and_then(|is_used| budget::rearm(&self.world).map(|()| is_used));
        match is_used {
            Ok(true) => {}
            Ok(false) => object::erase(&self.world).await,
            Err(error) => object::again(&self.world, "a budget's alarm", &error),
        }
        Response::empty()
    }
}
