//! The shell around what an owner spends ([`crate::wallets::budget`]).

use wasm_bindgen::JsValue;
use worker::{DurableObject, Env, Method, Request, RequestInit, Response, Result, State};
use worker_macros::durable_object;

use crate::edge::object;
use crate::edge::world::{EdgeWorld, log};
use crate::ports::Level;
use crate::wallets::budget::{self, Ask, Told};
use crate::wallets::budget::{BudgetError, Budgets};

/// The Durable Object of one owner; its name is a user's scope or a wallet's address. Only Guest objects
/// reach it.
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
        // Nothing runs between the question and the erasing.
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

impl Budgets for EdgeWorld {
    async fn ask_budget(&self, owner: &str, ask: &Ask) -> std::result::Result<Told, BudgetError> {
        self.ask(owner, ask).await.map_err(|error| BudgetError(error.to_string()))
    }
}

impl EdgeWorld {
    async fn ask(&self, owner: &str, ask: &Ask) -> Result<Told> {
        let mut init = RequestInit::new();
        let body = JsValue::from_str(&serde_json::to_string(ask)?);
        init.with_method(Method::Post).with_body(Some(body));
        let request = Request::new_with_init("https://budget.internal/", &init)?;
        let stub = self.env.durable_object("Budget")?.get_by_name(owner)?;
        let mut response = stub.fetch_with_request(request).await?;
        match response.status_code() {
            200 => response.json().await,
            status => Err(format!("the budget's object answers {status}").into()),
        }
    }
}
