//! The marketplace's MCP server (`/mcp`), for both eras of MCP.

use std::future::Future;

use serde_json::{Map, Value, json};

use crate::base::code::Code;
use crate::base::http::{Headers, Reply};
use crate::base::id::{RequestId, ScopeId};
use crate::config::Config;
use crate::market::Ask;
use crate::market::search::Answer;
use crate::market::tools::Tool;
use crate::mcp::eras::{self, Cache, CacheScope, Call, Fault, Inbound};
use crate::mcp::reply::tool_result;
use crate::ports::{Clock, Level, Log};
use crate::rails::outcome::{Abort, Done, Failure, Fatal, Money};
use crate::rails::received::Ways;

const INSTRUCTIONS: &str = "This is the marketplace of all hosts that chose to be listed here. Its tools are free. Each host has an MCP server of its own (`serverUrl`), where seats, secrets and helpdesk work are paid per call in USDC, with x402 or MPP.";
const HOUR_MILLIS: u64 = 3_600_000;

/// The object of the marketplace.
pub trait Market {
    /// Asks it. The text of an error is for our log.
    fn ask(&self, ask: Ask) -> impl Future<Output = Result<Answer, String>>;

    /// Charges another call of the same request to its source; the first is charged with the request.
    ///
    /// # Errors
    /// The seconds to wait.
    fn admit_another(&self) -> Result<(), i64>;
}

/// Answers a POST to `/mcp`.
pub async fn serve(
    world: &(impl Market + Clock + Log),
    config: &Config,
    (headers, body): (&Headers, &[u8]),
    request_id: &RequestId,
) -> Reply {
    let answer = |call: Call| answer(world, config, call, request_id);
    match eras::read(headers, body) {
        Inbound::Refused(reply) => reply,
        Inbound::Accepted => Reply::empty(202),
        Inbound::Call(call) => answer(call).await,
        Inbound::Calls(items) => {
            let (mut answers, mut calls) = (Vec::new(), 0_u32);
            for item in items {
                let call = match item {
                    Ok(call) => call,
                    Err(reply) => {
                        answers.push(reply);
                        continue;
                    }
                };
                calls = calls.saturating_add(u32::from(call.method == "tools/call"));
                let admitted = if calls > 1 { world.admit_another() } else { Ok(()) };
                answers.push(match admitted {
                    Ok(()) => answer(call).await,
                    Err(seconds) => eras::answer(&call, Err(Fault::RateLimited { seconds }), None),
                });
            }
            eras::batch(answers)
        }
    }
}

async fn answer(
    world: &(impl Market + Clock + Log),
    config: &Config,
    mut call: Call,
    request_id: &RequestId,
) -> Reply {
    let capabilities = || json!({"tools": {}});
    let lasting = Some(Cache { ttl_millis: HOUR_MILLIS, scope: CacheScope::Public });
    let result = match call.method.as_str() {
        "server/discover" => Ok(eras::discover(capabilities(), INSTRUCTIONS)),
        "initialize" => eras::initialize(&call.params, capabilities(), INSTRUCTIONS),
        "ping" => Ok(json!({})),
        "tools/list" => {
            let tools: Vec<Value> = Tool::ALL.into_iter().map(Tool::entry).collect();
            Ok(json!({"tools": tools}))
        }
        "tools/call" => {
            let name = call.params.get("name").and_then(Value::as_str).unwrap_or_default();
            let Some(tool) = Tool::by_name(name) else {
                let message = format!("Unknown tool: {name}");
                return eras::answer(
                    &call,
                    Err(Fault::InvalidParams { message, data: None }),
                    None,
                );
            };
            let arguments = call.params.remove("arguments").unwrap_or_else(|| json!({}));
            let outcome = find(world, config, tool, arguments).await;
            if let Err(Failure::Fatal(Fatal { what, .. })) = &outcome {
                world.line(Level::Error, what, &[("requestId", request_id.as_str())]);
            }
            let shown = tool_result(&outcome, &Ways::default(), request_id, world.now());
            return eras::answer_text(&call, &shown.text, Map::new(), None);
        }
        method => Err(Fault::MethodNotFound { method: method.to_owned() }),
    };
    eras::answer(&call, result, lasting)
}

/// What a tool finds.
async fn find(
    world: &impl Market,
    config: &Config,
    tool: Tool,
    arguments: Value,
) -> Result<Done, Failure> {
    let answer = world.ask(tool.ask(arguments)?).await;
    let answer = answer.map_err(|what| Failure::Fatal(Fatal { what, money: Money::NotAsked }))?;
    match answer {
        Answer::Found(mut entries, next_cursor) => {
            entries.iter_mut().for_each(|entry| add_addresses(config, tool, entry));
            let mut value = json!({tool.list(): entries});
            if let (Some(next), Some(members)) = (next_cursor, value.as_object_mut()) {
                members.insert("nextCursor".to_owned(), next.into());
            }
            Ok(Done { value, receipt: None })
        }
        Answer::Invalid(detail) => Err(Abort::new(Code::InvalidArguments, detail).into()),
        Answer::Told(_) => {
            let what = "the marketplace has answered another question".to_owned();
            Err(Failure::Fatal(Fatal { what, money: Money::NotAsked }))
        }
    }
}

/// Adds where an entry is bought and shown.
pub fn add_addresses(config: &Config, tool: Tool, entry: &mut Value) {
    let url = &config.public_url;
    let host = match tool {
        Tool::ListHosts => Some(&mut *entry),
        Tool::FindEvents | Tool::FindTools => entry.get_mut("host"),
    };
    let Some(members) = host.and_then(Value::as_object_mut) else { return };
    let scope = members.get("scope").and_then(Value::as_str).map(ScopeId::parse);
    let Some(Ok(scope)) = scope else { return };
    members.insert("serverUrl".to_owned(), json!(format!("{url}/mcp/users/{scope}")));
    members.insert("pageUrl".to_owned(), json!(format!("{url}/e/{scope}")));
    if tool == Tool::FindEvents
        && let Some(members) = entry.as_object_mut()
    {
        let id = members.get("id").and_then(Value::as_str).unwrap_or_default();
        let page = format!("{url}/e/{scope}/{id}");
        members.insert("pageUrl".to_owned(), json!(page));
    }
}
