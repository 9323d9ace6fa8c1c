//! The server: MCP in both eras, plain JSON-RPC callers, and tools over plain HTTP.

use serde_json::{Map, Value, json};

use crate::base::code::Code;
use crate::base::fields;
use crate::base::http::{Headers, Reply};
use crate::base::time::UnixSeconds;
use crate::host::Host;
use crate::host::command::{Command, HttpCall};
use crate::host::lists::{self, bad_cursor};
use crate::host::prepared;
use crate::host::probe::{self, EXAMPLE};
use crate::host::subscriptions;
use crate::identity::access::Caller;
use crate::identity::siwx;
use crate::mcp::eras::{self, Cache, CacheScope, Call, Fault, Inbound};
use crate::mcp::reply::{ToolResult, tool_result};
use crate::ports::paging::{PAGE_MAX, Page};
use crate::ports::{Level, World};
use crate::products::events::input;
use crate::products::events::store::{self, Filter};
use crate::rails::challenge::Challenge;
use crate::rails::mpp::receipt;
use crate::rails::outcome::{Abort, Done, Failure, Fatal};
use crate::rails::received::{self, Ways};
use crate::rails::x402::bazaar::Transport;
use crate::rails::x402::dialects;
use crate::sale::prices::Prices;
use crate::shop::Shop;
use crate::shop::limits::{CALL_COST, LIST_COST};
use crate::shop::pay::ToolCall;
use crate::shop::profile::Profile;

/// The request header in which a payer names the transaction of a payment that was not found.
const TRANSACTION_HEADER: &str = "payment-transaction";

impl<W: World> Host<W> {
    /// Answers MCP and plain JSON-RPC.
    pub(super) async fn server(
        &self,
        profile: &Profile,
        command: &Command,
        caller: &Caller,
        headers: &Headers,
        body: &[u8],
    ) -> Reply {
        match eras::read(headers, body) {
            Inbound::Refused(reply) => reply,
            Inbound::Accepted => Reply::empty(202),
            Inbound::Call(call) => self.answer(profile, command, caller, headers, call).await,
            Inbound::Calls(items) => {
                let mut answers = Vec::new();
                for item in items {
                    answers.push(match item {
                        Ok(call) => self.answer(profile, command, caller, headers, call).await,
                        Err(reply) => reply,
                    });
                }
                eras::batch(answers)
            }
        }
    }

    /// Calls a tool over plain HTTP, with HTTP status codes.
    pub(super) async fn tool_over_http(
        &self,
        profile: &Profile,
        command: &Command,
        caller: Caller,
        asked: HttpCall<'_>,
    ) -> Result<Reply, Failure> {
        let HttpCall { name, headers, body, example } = asked;
        let example = match (example, body) {
            (None, []) => probe::example(&self.shop(profile), &caller, (name, headers))?,
            (example, _) => example,
        };
        let is_example = example.is_some();
        let arguments = match (example, body) {
            (Some(arguments), _) => arguments,
            (None, []) => json!({}),
            (None, body) => read_arguments_body(body)?,
        };
        let payment = received::receive(None, headers);
        let ways = payment.as_ref().ok().and_then(Option::as_ref).map(|p| p.ways.clone());
        let call = ToolCall {
            name: name.to_owned(),
            arguments,
            payment,
            proof: headers.get(siwx::HEADER).map(str::to_owned),
            transaction: headers.get(TRANSACTION_HEADER).map(str::to_owned),
            caller,
            source: command.source.clone(),
            transport: Transport::Http,
        };
        let outcome = self.call_tool(profile, call).await.ok_or_else(|| {
            Abort::new(Code::UnknownTool, "there is no tool of this name; see the manifest")
        })?;
        let done = outcome.map_err(|failure| match failure {
            Failure::Unpaid(challenge) if is_example => {
                Failure::Unpaid(Box::new(Challenge { error: EXAMPLE.to_owned(), ..*challenge }))
            }
            other @ (Failure::Unpaid(_) | Failure::Abort(_) | Failure::Fatal(_)) => other,
        })?;
        let reply = Reply::json(200, done.value.to_string());
        Ok(with_receipt(reply, &done, &ways.unwrap_or_default(), self.world.now()))
    }

    async fn answer(
        &self,
        profile: &Profile,
        command: &Command,
        caller: &Caller,
        headers: &Headers,
        call: Call,
    ) -> Reply {
        if call.method == "tools/call" {
            return self.tools_call(profile, command, caller, headers, call).await;
        }
        if let Err(fault) = admit_list(&self.shop(profile), command, caller, &call.method) {
            return eras::answer(&call, Err(fault), None);
        }
        let sold = match Prices::load(&self.world) {
            Ok(prices) => (profile.products, prices),
            Err(error) => {
                let fault = internal(&self.shop(profile), &error.to_string(), command);
                return eras::answer(&call, Err(fault), None);
            }
        };
        if let Some(reply) = lists::answer(&call, &sold, caller, 0) {
            return reply;
        }
        let fresh = |ttl_millis| Some(Cache { ttl_millis, scope: CacheScope::Private });
        let (result, cache) = match call.method.as_str() {
            "resources/list" => {
                (list_resources(&self.shop(profile), &call.params, command), fresh(5_000))
            }
            "resources/read" => {
                (read_resource(&self.shop(profile), &call.params, command), fresh(0))
            }
            "events/poll" if subscriptions::are_there(&call, profile.products) => {
                let shop = self.shop(profile);
                let ours = |why: &str| internal(&shop, why, command);
                (subscriptions::poll(&shop, &call.params, &ours), None)
            }
            method => (Err(Fault::MethodNotFound { method: method.to_owned() }), None),
        };
        eras::answer(&call, result, cache)
    }

    async fn tools_call(
        &self,
        profile: &Profile,
        command: &Command,
        caller: &Caller,
        headers: &Headers,
        mut call: Call,
    ) -> Reply {
        let (name, arguments) = match take_call(&mut call.params) {
            Ok(parts) => parts,
            Err(fault) => return eras::answer(&call, Err(fault), None),
        };
        let payment =
            received::receive(call.params.get("_meta").and_then(Value::as_object), headers);
        let ways = payment.as_ref().ok().and_then(Option::as_ref);
        let ways = ways.map(|received| received.ways.clone()).unwrap_or_default();
        let plain = eras::plain_caller(headers, &call);
        let unknown = Fault::InvalidParams { message: format!("Unknown tool: {name}"), data: None };
        let source = command.source.clone();
        let proof = headers.get(siwx::HEADER).map(str::to_owned);
        let transaction = headers.get(TRANSACTION_HEADER).map(str::to_owned);
        let caller = caller.clone();
        let transport = Transport::Mcp;
        let tool_call =
            ToolCall { name, arguments, payment, proof, transaction, caller, source, transport };
        let writes = self.world.writes();
        let key = prepared::key(&tool_call);
        let found = key.as_ref().and_then(|key| self.prepared.borrow().find(&self.world, key));
        if let Some(result) = found
            && self.memory.admit_unpaid(&self.world, &tool_call.source, CALL_COST).is_ok()
        {
            return eras::answer_text(&call, &result, Map::new(), None);
        }
        let Some(outcome) = self.call_tool(profile, tool_call).await else {
            return eras::answer(&call, Err(unknown), None);
        };
        if let Err(Failure::Fatal(Fatal { what, .. })) = &outcome {
            self.world.line(Level::Error, what, &[("requestId", command.request_id.as_str())]);
        }
        if let Err(Failure::Unpaid(challenge)) = &outcome {
            if plain {
                return challenge.to_http();
            }
            if !challenge.mpp.is_empty() && eras::takes_payment_errors(headers, &call) {
                return eras::answer(&call, Err(Fault::Unpaid { data: challenge.for_mpp() }), None);
            }
        }
        let ToolResult { text, meta } =
            tool_result(&outcome, &ways, &command.request_id, self.world.now());
        if let (Some(key), Ok(_)) = (key, &outcome) {
            self.prepared.borrow_mut().keep(&self.world, writes, key, &text);
        }
        let reply = eras::answer_text(&call, &text, meta, None);
        match &outcome {
            Ok(done) => with_receipt(reply, done, &ways, self.world.now()),
            Err(_) => reply,
        }
    }
}

/// The name and arguments of a `tools/call`.
fn take_call(params: &mut Map<String, Value>) -> Result<(String, Value), Fault> {
    let invalid = |message: &str| Fault::InvalidParams { message: message.to_owned(), data: None };
    let Some(Value::String(name)) = params.remove("name") else {
        return Err(invalid("name: must be the name of a tool"));
    };
    match params.remove("arguments") {
        None | Some(Value::Null) => Ok((name, json!({}))),
        Some(arguments @ Value::Object(_)) => Ok((name, fields::with_integers(arguments))),
        Some(_) => Err(invalid("arguments: must be an object")),
    }
}

fn read_arguments_body(body: &[u8]) -> Result<Value, Failure> {
    match serde_json::from_slice(body) {
        Ok(arguments @ Value::Object(_)) => Ok(fields::with_integers(arguments)),
        Ok(_) | Err(_) => {
            let detail = "the body must be a JSON object with the tool's arguments";
            Err(Abort::new(Code::MalformedJson, detail).into())
        }
    }
}

/// Adds the receipt in the header that belongs to the payment's header.
fn with_receipt(mut reply: Reply, done: &Done, ways: &Ways, now: UnixSeconds) -> Reply {
    let Some(settled) = &done.receipt else { return reply };
    if ways.header_v2 {
        reply = reply.with_header("payment-response", dialects::encode(settled));
    }
    if ways.header_v1 {
        reply = reply.with_header("x-payment-response", dialects::encode(settled));
    }
    if let Some(id) = &ways.challenge {
        reply = reply
            .with_header(receipt::HEADER, receipt::to_header(id, settled, now))
            .with_header("cache-control", "private".to_owned());
    }
    reply
}

/// Applies the rate limit of strangers to MCP methods other than `tools/call`. A method that reads storage costs as
/// much as a tool call.
fn admit_list(
    shop: &Shop<'_, impl World>,
    command: &Command,
    caller: &Caller,
    method: &str,
) -> Result<(), Fault> {
    let searches = matches!(method, "resources/list" | "resources/read" | "events/poll");
    let cost = if searches { CALL_COST } else { LIST_COST };
    if caller.is_owner_side() { Ok(()) } else { count_list(shop, command, cost) }
}

/// Charges the rate limit for an MCP method other than `tools/call`.
fn count_list(shop: &Shop<'_, impl World>, command: &Command, cost: u32) -> Result<(), Fault> {
    match shop.memory.count_unpaid(shop.cx.world, &command.source, cost) {
        Ok(admitted) => admitted.map_err(|seconds| Fault::RateLimited { seconds }),
        Err(error) => Err(internal(shop, &error.to_string(), command)),
    }
}

fn list_resources(
    shop: &Shop<'_, impl World>,
    params: &Map<String, Value>,
    command: &Command,
) -> Result<Value, Fault> {
    let cursor = match params.get("cursor") {
        None | Some(Value::Null) => None,
        Some(Value::String(cursor)) => Some(cursor.as_str()),
        Some(_) => return Err(bad_cursor()),
    };
    let page = Page::of(&store::BY_START, PAGE_MAX, cursor, shop.cx.world.now())
        .map_err(|field| Fault::InvalidParams { message: field.to_string(), data: None })?;
    let found = store::list(shop.cx.world, Filter::default(), &page)
        .map_err(|error| internal(shop, &error.to_string(), command))?;
    let resources = found.map(|(event, _)| {
        json!({
            "uri": format!("event://{}", event.id),
            "name": event.id,
            "title": event.title,
            "mimeType": "application/json",
        })
    });
    Ok(resources.answer("resources").into())
}

fn read_resource(
    shop: &Shop<'_, impl World>,
    params: &Map<String, Value>,
    command: &Command,
) -> Result<Value, Fault> {
    let Some(uri) = params.get("uri").and_then(Value::as_str) else {
        let message = "uri: must be a string such as event://evt_…".to_owned();
        return Err(Fault::InvalidParams { message, data: None });
    };
    let id = uri.strip_prefix("event://").and_then(|id| input::event_id(id).ok());
    let found = id.map(|id| store::find(shop.cx.world, &id)).transpose();
    let found = found.map_err(|error| internal(shop, &error.to_string(), command))?.flatten();
    let found = found.filter(|(event, _)| !event.is_draft);
    let Some((event, seats)) = found else {
        let data = Some(json!({"uri": uri}));
        let message = "Resource not found".to_owned();
        return Err(Fault::InvalidParams { message, data });
    };
    let text = json!(event.view(seats, shop.cx.world.now())).to_string();
    Ok(json!({"contents": [{"uri": uri, "mimeType": "application/json", "text": text}]}))
}

/// A fault of ours, with its cause in the log.
fn internal(shop: &Shop<'_, impl World>, why: &str, command: &Command) -> Fault {
    let request_id = command.request_id.as_str();
    shop.cx.world.line(Level::Error, why, &[("requestId", request_id)]);
    Fault::Internal { request_id: request_id.to_owned() }
}
