//! Asking a server for what is paid for, over the purchase's own connection: whatever the session is connected to
//! now, and whatever the server remembers of us.

use serde_json::Value;

use crate::base::id::PurchaseId;
use crate::base::text;
use crate::guest::cx::{Cx, GuestWorld};
use crate::guest::purchase::machine::{Delivery, Reply};
use crate::guest::purchase::model::Purchase;
use crate::guest::purchase::offer::payment_of;
use crate::guest::purchase::store;
use crate::guest::report::{Caller, result_message};
use crate::guest::{outbox, outside, seats, session};
use crate::mcp::client::{Client, ClientError, Connection, Person, QUESTION_MILLIS, QUESTIONS_MAX};
use crate::ports::{Servers, SqlError, Timer, Web, within};
use crate::rails::x402::payer::{self, Answer};

/// The longest that asking a server takes, with a new connection and all, and with the time in which a person answers
/// what it asks back, milliseconds.
const ASKING_MILLIS: u32 = 120_000 + QUESTIONS_MAX * QUESTION_MILLIS;

/// Sends the payment with its call once more, the same to the last byte, in the server's turn. `None`: no result is
/// outstanding, and the server is not asked.
pub(super) async fn send<W: GuestWorld>(
    cx: &Cx<W>,
    id: &PurchaseId,
) -> Result<Option<Reply>, SqlError> {
    let found = store::find(&cx.world, id)?;
    let Some(purchase) = found.filter(Purchase::is_outstanding) else { return Ok(None) };
    let Some(payment) = payment_of(&purchase) else {
        return Ok(Some(Reply::None("what was signed cannot be read any more".to_owned())));
    };
    let known = session::connection(&cx.world).ok().flatten();
    let outside = outside::outside(cx)?;
    let client = Client::new(&outside, &cx.rules);
    // Boxed, because it is large.
    let work = Box::pin(async {
        let mut connection = match purchase.connection.clone() {
            Some(connection) => connection,
            None => {
                let era = known.filter(|known| known.url == purchase.server).map(|it| it.era);
                client.connect(&purchase.server, era).await?.0.for_tool(&purchase.tool)
            }
        };
        connection.renumber(&cx.world);
        let outcome = call(&client, &purchase, &mut connection, &payment).await;
        Ok((connection, outcome))
    });
    let outcome = match within(&cx.world, ASKING_MILLIS, work).await {
        None => Err(ClientError::Timeout),
        Some(Err(error)) => Err(error),
        Some(Ok((connection, outcome))) => {
            store::set_connection(&cx.world, id, &connection)?;
            outcome
        }
    };
    Ok(Some(read(&purchase, outcome)))
}

/// The message that shows the result of a purchase.
pub(super) fn result_text(purchase: &Purchase, result: &Value) -> String {
    // Text and numbers can always be written.
    serde_json::to_string(&result_message(caller_of(purchase), result)).unwrap_or_default()
}

/// The caller that waits for a purchase.
pub(super) fn caller_of(purchase: &Purchase) -> Caller<'_> {
    Caller { tool: &purchase.tool, call_id: &purchase.call_id, origin: &purchase.origin }
}

/// The call; over a new connection if the server seems not to know the old one. It may have been replaced since, and
/// not every server says "404" of a session that it has forgotten. The payment is the same, so nobody pays twice.
async fn call<O: Web + Servers + Timer + Person>(
    client: &Client<'_, O>,
    purchase: &Purchase,
    connection: &mut Connection,
    meta: &Value,
) -> Result<Value, ClientError> {
    let Purchase { server, tool, arguments, .. } = purchase;
    let outcome = client.call_tool(connection, tool, arguments, Some(meta)).await;
    match outcome {
        Err(error) if may_be_the_connection(&error) => {
            let Ok((fresh, _)) = client.connect(server, Some(connection.era)).await else {
                return Err(error);
            };
            *connection = fresh.for_tool(tool);
            client.call_tool(connection, tool, arguments, Some(meta)).await
        }
        other => other,
    }
}

/// Whether the server may have looked at nothing, and may do so over another connection.
fn may_be_the_connection(error: &ClientError) -> bool {
    match error {
        ClientError::Status { status, .. } => matches!(status, 400 | 404 | 405 | 406),
        ClientError::Rpc { status, .. } => {
            matches!(status, 400 | 404) || error.says_nothing_was_done()
        }
        ClientError::NotAllowed(_)
        | ClientError::Unreachable(_)
        | ClientError::NoCommonVersion { .. }
        | ClientError::Timeout
        | ClientError::ConnectTimeout
        | ClientError::TooLong
        | ClientError::Redirect { .. }
        | ClientError::Protocol(_)
        | ClientError::InputRequired => false,
    }
}

/// Only the tool itself can refuse: an error of HTTP or JSON-RPC says that it was not asked, or not heard.
fn read(purchase: &Purchase, outcome: Result<Value, ClientError>) -> Reply {
    match payer::read_answer(&outcome) {
        Answer::Done { settlement } => {
            let result = outcome.unwrap_or_default();
            let ticket = seats::ticket_in(&result).map(str::to_owned);
            let fits = result_text(purchase, &result).len() <= outbox::KEPT_BYTES_MAX;
            Reply::Result(Delivery { settlement, result, ticket, fits })
        }
        Answer::Challenge(challenge) => {
            let text = format!(
                "the server did not take the payment ({}) and asks for another for the same call; it gets none",
                text::line(&challenge.error, 200)
            );
            Reply::Refused("asked_twice", text)
        }
        Answer::Failed { text, .. } if outcome.is_ok() => Reply::Refused("tool_error", text),
        Answer::Failed { text, .. } | Answer::Unknown { text, .. } => Reply::None(text),
    }
}
