//! The shell around the directories of objects that have something open ([`crate::directory`]).

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use worker::{DurableObject, Env, Method, Request, RequestInit, Response, Result, State};
use worker_macros::durable_object;

use crate::directory::rotation::{self, Told};
use crate::directory::{self, Ask, Kind, Listed};
use crate::edge::world::{EdgeWorld, log};
use crate::ports::{Level, SqlError};

/// The path of what is asked about a rotation.
const ROTATION: &str = "/rotation";

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

/// The object of this kind with this id has something open.
pub(super) async fn note(env: &Env, kind: Kind, id: String) -> Result<()> {
    ask_directory(env, kind, &Ask::Note(id)).await.map(drop)
}

/// One hop to the directory of a kind.
pub(super) async fn ask_directory(env: &Env, kind: Kind, ask: &Ask) -> Result<Vec<Listed>> {
    hop(env, kind, "/", ask).await
}

/// One hop to the directory of hosts, about a rotation of `MASTER_KEY`.
pub(super) async fn ask_rotation(env: &Env, ask: &rotation::Ask) -> Result<Told> {
    hop(env, Kind::Host, ROTATION, ask).await
}

async fn hop<T: DeserializeOwned>(
    env: &Env,
    kind: Kind,
    path: &str,
    ask: &impl Serialize,
) -> Result<T> {
    let mut init = RequestInit::new();
    let body = JsValue::from_str(&serde_json::to_string(ask)?);
    init.with_method(Method::Post).with_body(Some(body));
    let request = Request::new_with_init(&format!("https://directory.internal{path}"), &init)?;
    let stub = env.durable_object("Directory")?.get_by_name(kind.name())?;
    let mut response = stub.fetch_with_request(request).await?;
    match response.status_code() {
        200 => response.json().await,
        status => Err(format!("the directory answers {status}").into()),
    }
}
