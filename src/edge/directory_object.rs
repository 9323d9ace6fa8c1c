//! The shell around the directories of objects that have something open ([`crate::directory`]).

use wasm_bindgen::JsValue;
use worker::{DurableObject, Env, Method, Request, RequestInit, Response, Result, State};
use worker_macros::durable_object;

use crate::directory::{self, Ask, Kind, Listed};
use crate::edge::world::{EdgeWorld, log};
use crate::ports::Level;

/// The Durable Object of one directory; its name is that of a kind of objects. Only objects of that kind and the cron
/// reach it.
#[durable_object]
pub struct Directory {
    world: EdgeWorld,
}

impl DurableObject for Directory {
    fn new(state: State, env: Env) -> Self {
        Self { world: EdgeWorld::new(state, env, None) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let ask: Ask = request.json().await?;
        match directory::answer(&self.world, &ask) {
            Ok(listed) => Response::from_json(&listed),
            Err(error) => {
                log(Level::Error, "a directory", &[("why", &error.to_string())]);
                Err(error.to_string().into())
            }
        }
    }
}

/// The object of this kind with this id has something open.
pub(super) async fn note(env: &Env, kind: Kind, id: String) -> Result<()> {
    ask_directory(env, kind, &Ask::Note(id)).await.map(drop)
}

/// One hop to the directory of a kind.
pub(super) async fn ask_directory(env: &Env, kind: Kind, ask: &Ask) -> Result<Vec<Listed>> {
    let mut init = RequestInit::new();
    let body = JsValue::from_str(&serde_json::to_string(ask)?);
    init.with_method(Method::Post).with_body(Some(body));
    let request = Request::new_with_init("https://directory.internal/", &init)?;
    let stub = env.durable_object("Directory")?.get_by_name(kind.name())?;
    let mut response = stub.fetch_with_request(request).await?;
    match response.status_code() {
        200 => response.json().await,
        status => Err(format!("the directory answers {status}").into()),
    }
}
