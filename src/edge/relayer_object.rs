//! The Durable Object around our own facilitator ([`crate::facilitator::own`]).

use std::rc::Rc;
use std::time::Duration;

use worker::{Delay, DurableObject, Env, Request, Response, Result, State};
use worker_macros::durable_object;

use crate::chain::networks::{NETWORKS, Network};
use crate::chain::rpc::Rpc;
use crate::config::Config;
use crate::directory::Kind;
use crate::edge::convert;
use crate::edge::object::{self, Broken};
use crate::edge::platform::log;
use crate::edge::rpc::name_of;
use crate::edge::world::EdgeWorld;
use crate::facilitator::own::api::Command;
use crate::facilitator::own::{Relayer as Service, Settings};
use crate::ports::Level;

/// The Durable Object of one relayer. Its name is the network and the address of the key.
#[durable_object]
pub struct Relayer {
    service: std::result::Result<Rc<Service<EdgeWorld>>, Broken>,
}

impl DurableObject for Relayer {
    fn new(state: State, env: Env) -> Self {
        Self { service: service(state, env).map(Rc::new) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        if object::is_sweep(&request)? {
            return match &self.service {
                Ok(service) => object::sweep(service.world(), || service.sweep()),
                Err(broken) => broken.sweep(),
            };
        }
        let service = self.service.as_ref().map_err(Broken::error)?;
        let command: Command = serde_json::from_str(&request.text().await?)?;
        let (request_id, origin) = (command.request_id.clone(), command.origin.clone());
        let reply = service.handle(command).await;
        let response = convert::response(reply, &request_id, origin.as_deref());
        // The response does not wait for this write. If it is lost, the receipt has the same information.
        let later = Rc::clone(service);
        service.world().state.wait_until(async move {
            Delay::from(Duration::from_millis(1)).await;
            if let Err(error) = later.write_down() {
                log(
                    Level::Error,
                    "a settlement is not written down",
                    &[("why", &error.to_string())],
                );
            }
        });
        response
    }

    async fn alarm(&self) -> Result<Response> {
        match &self.service {
            Ok(service) => {
                service.world().alarm_is_over();
                service.wake().await;
            }
            Err(broken) => broken.alarm(),
        }
        Response::empty()
    }
}

fn service(state: State, env: Env) -> std::result::Result<Service<EdgeWorld>, Broken> {
    let settings = convert::config(&env)
        .map_err(|why| (why, None))
        .and_then(|config| settings(&config, &state, &env).map_err(|why| (why, Some(3_600))));
    let world = EdgeWorld::new(state, env, Some(Kind::Relayer));
    match settings {
        Ok(settings) => Ok(Service::new(world, settings)),
        Err((why, again)) => {
            let broken = Broken::new(why, world);
            let again_seconds = again.unwrap_or(broken.again_seconds);
            Err(Broken { again_seconds, ..broken })
        }
    }
}

/// The relayer's network and endpoint. A relayer whose network was removed from the settings still follows its sent
/// transactions, as long as there is an endpoint.
fn settings(config: &Config, state: &State, env: &Env) -> std::result::Result<Settings, String> {
    let network = network_of(config, state, env).map_err(|error| error.to_string())?;
    let network = network.ok_or("this relayer is not that of the settings any more")?;
    let (Some(url), Some(key)) = (config.rpc_urls.get(network.caip2), &config.relayer) else {
        return Err(format!("the relayer of {} needs an endpoint and a key", network.caip2));
    };
    Ok(Settings {
        network,
        rpc: Rpc { url: url.clone() },
        key: key.clone(),
        factories: config.factories.clone(),
        policy: config.gas.clone(),
    })
}

/// The network of this relayer. An object that was started by its alarm may not know its name, but it knows its id.
fn network_of(config: &Config, state: &State, env: &Env) -> Result<Option<&'static Network>> {
    let namespace = env.durable_object("Relayer")?;
    let own = state.id().to_string();
    for network in NETWORKS {
        if let Some(name) = name_of(config, network)
            && namespace.id_from_name(&name)?.to_string() == own
        {
            return Ok(Some(network));
        }
    }
    Ok(None)
}
