//! The Durable Object around a directory of objects with open work ([`crate::directory`]).

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{DurableObject, Env, Request, Response, Result, State};
use worker_macros::durable_object;

use crate::directory::rotation;
use crate::directory::{self, Ask};
use crate::edge::rpc::{self, ROTATION};
use crate::edge::world::EdgeWorld;

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

    // Its callers ask by RPC.
    async fn fetch(&self, _request: Request) -> Result<Response> {
        Response::error("not found", 404)
    }
}

#[wasm_bindgen]
impl Directory {
    /// Answers an object or the cron ([`crate::edge::rpc`]).
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn ask(&self, topic: &str, ask: &str) -> std::result::Result<String, JsValue> {
        if topic == ROTATION {
            let answer = |ask: rotation::Ask| rotation::answer(&self.world, &ask);
            return rpc::answer("a directory", ask, answer);
        }
        rpc::answer("a directory", ask, |ask: Ask| directory::answer(&self.world, &ask))
    }
}
