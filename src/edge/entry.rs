//! The Worker's events: start, `fetch` and cron.

use worker::{Context, Env, Request, Response, Result, ScheduleContext, ScheduledEvent};
use worker_macros::event;

use crate::base::code::Code;
use crate::base::id::RequestId;
use crate::edge::gate::Gate;
use crate::edge::gateway::Gateway;
use crate::edge::platform::{EdgeRandom, log_once};
use crate::edge::{convert, cron};
use crate::http::problem;
use crate::rails::outcome::Abort;

#[event(start)]
fn start() {
    super::panic::install();
    super::standards::install();
    super::zones::install();
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    let request_id = RequestId::random(&EdgeRandom);
    let config = match convert::config(&env) {
        Ok(config) => config,
        Err(faults) => {
            log_once(&faults);
            let reply = problem::of_abort(&Abort::new(Code::Misconfigured, faults), &request_id);
            return convert::response(reply, &request_id, None);
        }
    };
    Gateway { gate: Gate { config, request_id }, env, context }.handle(request).await
}

#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    cron::run(env).await;
}
