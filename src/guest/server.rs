//! The connection to a server, and calls of its tools without a payment.

use serde_json::Value;

use crate::base::money::Usdc;
use crate::base::text;
use crate::base::web_address::Url;
use crate::guest::again::{self, Again};
use crate::guest::connection::{KEPT_BYTES_MAX, bytes_of, can_be_kept, here, keep, note_prices};
use crate::guest::cx::{Cx, GuestWorld, Trouble};
use crate::guest::held::HAS_SEAT_WORDS;
use crate::guest::messages::Out;
use crate::guest::purchase::machine::UNDER_WAY;
use crate::guest::purchase::model::Origin;
use crate::guest::purchase::run::{self, Asked};
use crate::guest::purchase::store;
use crate::guest::report::{self, Caller, Failed};
use crate::guest::{free, outside, party, seats, session};
use crate::mcp::client::{Client, ClientError, Connection, ServerTool};
use crate::ports::{SqlError, within};
use crate::rails::x402::payer::{self, Answer};

/// The longest answer that asks for payment, bytes. It is kept with the purchase, and histories are read
/// at once.
const CHALLENGE_BYTES_MAX: usize = 128 * 1024;
/// How long the events of a server that has just been connected to are waited for, milliseconds. They are only needed
/// for comparing prices, and are read again with every list.
const LOOK_AROUND_MILLIS: u32 = 10_000;

/// Connects to a server. What was there before stays if that fails.
pub(super) async fn connect<W: GuestWorld>(cx: &Cx<W>, url: &str) -> Result<(), Trouble> {
    cx.log("info", format!("connecting to {}", text::line(url, 200)));
    let before = session::connection(&cx.world)?;
    let known = before.filter(|before| is_same_origin(&before.url, url)).map(|one| one.era);
    let outside = outside::outside(cx)?;
    let client = Client::new(&outside, &cx.rules);
    let (connection, tools) = match client.connect(url, known).await {
        Ok(connected) => connected,
        Err(error) => {
            return Err(Trouble::Said(format!("the server cannot be reached: {error}")));
        }
    };
    if !can_be_kept(&connection) {
        return Err(Trouble::Said(
            "the server's tools want more headers than can be kept".to_owned(),
        ));
    }
    let tools = what_can_be_kept(tools);
    cx.world.atomically(|| {
        session::set_connection(&cx.world, &connection)?;
        session::set_tools(&cx.world, &tools)?;
        session::clear_list(&cx.world, &connection.url)
    })?;
    cx.log("info", format!("connected over MCP {}", connection.protocol));
    cx.tell(&connected_message(cx, &connection)?);
    // What there is to buy, and for how much, before anybody is asked to pay.
    if tools.iter().any(|tool| tool.name == "listEvents") {
        look_around(cx, connection).await?;
    }
    Ok(())
}

/// Disconnects from the server.
pub(super) fn leave<W: GuestWorld>(cx: &Cx<W>) -> Result<(), Trouble> {
    session::disconnect(&cx.world)?;
    cx.tell(&Out::McpDisconnected {});
    Ok(())
}

pub(super) fn connected_message<W: GuestWorld>(
    cx: &Cx<W>,
    connection: &Connection,
) -> Result<Out, SqlError> {
    Ok(Out::McpConnected {
        mcp_url: connection.url.clone(),
        server: connection.server.clone(),
        protocol: connection.protocol.clone(),
        tools: session::tools(&cx.world)?.iter().map(Into::into).collect(),
    })
}

/// Calls a tool, without a payment.
pub(super) async fn call<W: GuestWorld>(
    cx: &Cx<W>,
    tool: &str,
    arguments: Value,
    call_id: Option<String>,
    origin: Origin,
) -> Result<(), Trouble> {
    let mut connection = here(cx)?;
    let known: Option<ServerTool> =
        session::tools(&cx.world)?.into_iter().find(|known| known.name == tool);
    let arguments = seats::with_wallet(cx, &connection, known.as_ref(), arguments)?;
    let wallet = session::wallet(&cx.world)?.map(|wallet| wallet.address.to_checksum(None));
    let caller = Caller { tool, call_id: &call_id, origin: &origin };
    let fails = |code: &'static str, text: &str| {
        report::failed(cx, caller, &Failed { code, text, money_moved: "no" });
        Ok(())
    };
    let same_call = (connection.url.as_str(), tool, &arguments);
    if store::is_under_way(&cx.world, same_call, wallet.as_deref(), cx.world.now())? {
        return fails("already_under_way", UNDER_WAY);
    }
    cx.log("info", format!("calling {}", text::line(tool, 80)));
    let outside = outside::outside(cx)?;
    let client = Client::new(&outside, &cx.rules);
    let outcome = client.call_tool(&mut connection, tool, &arguments, None).await;
    keep(cx, &connection)?;
    match payer::read_answer(&outcome) {
        Answer::Done { .. } => {
            let result = outcome.unwrap_or_default();
            note_prices(cx, &connection.url, &result)?;
            report::done(cx, caller, result);
            Ok(())
        }
        Answer::Challenge(challenge) => {
            let raw = raw_challenge(&outcome);
            if bytes_of(&raw) > CHALLENGE_BYTES_MAX {
                return fails("no_offer", "what this server asks for is too long to be kept");
            }
            let listed = listed_price(cx, &connection.url, known.as_ref(), &arguments)?;
            let connection = &connection;
            let asked = Asked { connection, caller, listed, arguments, raw };
            run::challenged(cx, asked, &challenge).await
        }
        Answer::Unknown { text, .. } => fails("unknown", &text),
        Answer::Failed { text, .. } => {
            let refusal = outcome.unwrap_or_default();
            let listed = listed_price(cx, &connection.url, known.as_ref(), &arguments)?;
            if free::is_offered(cx, &connection, caller, (&arguments, listed), &refusal) {
                let call = (tool, &arguments);
                return Box::pin(free::take(cx, &mut connection, call, &refusal, caller)).await;
            }
            if !seats::says_has_seat(&refusal) {
                return fails("tool_error", &text);
            }
            let call = (tool, &arguments);
            let ticket = Box::pin(ticket_of(cx, &mut connection, call, &refusal)).await?;
            let ticket = ticket.map(|ticket| format!(" Its ticket: {ticket}")).unwrap_or_default();
            fails(seats::HAS_SEAT, &format!("{HAS_SEAT_WORDS}{ticket}"))
        }
    }
}

/// The ticket of a seat that the wallet has: bought in this session, or read again by a wallet that signs itself.
async fn ticket_of<W: GuestWorld>(
    cx: &Cx<W>,
    connection: &mut Connection,
    (tool, arguments): (&str, &Value),
    refusal: &Value,
) -> Result<Option<String>, Trouble> {
    let ticket = seats::bought_ticket(cx, &connection.url, tool, arguments)?;
    if ticket.is_some() || !again::signs_itself(cx)? {
        return Ok(ticket);
    }
    Ok(match again::read(cx, connection, (tool, arguments), refusal).await {
        Ok(Again::Read(result)) => seats::ticket_in(&result).map(str::to_owned),
        // Who is not signed in any more learns that there is a seat, and no more.
        Ok(Again::Asked | Again::NotShown(_)) | Err(Trouble::Said(_)) => None,
        Err(trouble @ Trouble::Storage(_)) => return Err(trouble),
    })
}

/// Calls a paid tool without a payment, for what it offers to a wallet that has paid before. `None`: it gives nothing to
/// go on with.
pub(super) async fn ask_unpaid<W: GuestWorld>(
    cx: &Cx<W>,
    tool: &str,
    arguments: &Value,
) -> Result<Option<(Connection, Value, Value)>, Trouble> {
    let mut connection = here(cx)?;
    let known = session::tools(&cx.world)?.into_iter().find(|known| known.name == tool);
    let Some(known) = known.filter(|known| known.is_paid) else { return Ok(None) };
    let arguments = seats::with_wallet(cx, &connection, Some(&known), arguments.clone())?;
    let outside = outside::outside(cx)?;
    let client = Client::new(&outside, &cx.rules);
    let outcome = client.call_tool(&mut connection, tool, &arguments, None).await;
    keep(cx, &connection)?;
    Ok(outcome.ok().map(|refusal| (connection, arguments, refusal)))
}

async fn look_around<W: GuestWorld>(cx: &Cx<W>, mut connection: Connection) -> Result<(), Trouble> {
    let arguments = serde_json::json!({});
    let outside = outside::outside(cx)?;
    let client = Client::new(&outside, &cx.rules);
    let work = Box::pin(client.call_tool(&mut connection, "listEvents", &arguments, None));
    let listed = within(&cx.world, LOOK_AROUND_MILLIS, work).await;
    keep(cx, &connection)?;
    if let Some(Ok(result)) = listed {
        note_prices(cx, &connection.url, &result)?;
    }
    Ok(())
}

/// The price that the server has shown for this call: the event's, or the tool's.
fn listed_price<W: GuestWorld>(
    cx: &Cx<W>,
    server: &str,
    tool: Option<&ServerTool>,
    arguments: &Value,
) -> Result<Option<Usdc>, SqlError> {
    if let Some(fixed) = tool.and_then(|tool| tool.price) {
        return Ok(Some(fixed));
    }
    let Some(id) = arguments.get("eventId").and_then(Value::as_str) else { return Ok(None) };
    let kind = arguments.get("ticketType").and_then(Value::as_str);
    let id =
        kind.map_or_else(|| id.to_owned(), |kind| crate::guest::connection::type_key(id, kind));
    let price = session::listed(&cx.world, server, &id)?.map(|event| event.price);
    let seats = tool.map_or(1, |tool| party::count(&tool.name, arguments));
    Ok(price.and_then(|price| price.checked_mul(seats)))
}

/// The challenge as it came, for a later look: the result, or the data of the error.
fn raw_challenge(outcome: &Result<Value, ClientError>) -> Value {
    match outcome {
        Ok(result) => result.clone(),
        Err(ClientError::Rpc { data, .. }) => {
            serde_json::json!({"isError": true, "structuredContent": data})
        }
        Err(_) => Value::Null,
    }
}

/// The first tools of a server, as many as are short enough for a row of the storage.
fn what_can_be_kept(tools: Vec<ServerTool>) -> Vec<ServerTool> {
    let mut bytes = 0_usize;
    let fits = |tool: &ServerTool| {
        bytes = bytes.saturating_add(bytes_of(tool)).saturating_add(1);
        bytes <= KEPT_BYTES_MAX
    };
    tools.into_iter().take_while(fits).collect()
}

fn is_same_origin(one: &str, other: &str) -> bool {
    let (one, other) = (Url::parse(one), Url::parse(other));
    one.zip(other).is_some_and(|(one, other)| one.is_same_origin(&other))
}
