//! The Durable Object around a directory of objects with open work ([`crate::directory`]).

use serde::Serialize;
use worker::{DurableObject, Env, Request, Response, Result, State};
use worker_macros::durable_object;

use crate::directory::rotation::{self};
use crate::directory::{self, Ask};
use crate::edge::platform::log;
use crate::edge::rpc::ROTATION;
use crate::edge::world::EdgeWorld;
use crate::ports::{Level, SqlError};

/// The Durable Object of one directory. Its name is a kind of objects. Only objects of that kind and the cron call
/// it.
#[durable_object]
pub struct Directory {
    world: EdgeWorld,
}

impl DurableObject for Directory {
    fn new(state: State, env: Env) -> Self {
        Self { world: EdgeWorld::new(state, env, None) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        if request.path() == ROTATION {
            let ask: rotation::Ask = request.json().await?;
            return answered(rotation::answer(&self.world, &ask));
        }
        let ask: Ask = request.json().await?;
        answered(directory::answer(&self.world, &ask))
    }
}

fn answered(answer: std::result::Result<impl Serialize, SqlError>) -> Result<Response> {
    match answer {
        Ok(answer) => Response::from_json(&answer),
        Err(error) => {
            log(Level::Error, "a directory", &[("why", &error.to_string())]);
            Err(error.to_string().into())
        }
    }
}
