//! Asking a server for what is paid for, over the purchase's own connection: whatever the session is connected to
//! now, and whatever the server remembers of us.

use std::rc::Rc;

use futures_util::lock::Mutex;
use serde_json::Value;

use crate::base::id::PurchaseId;
use crate::base::text;
use crate::guest::purchases::{self, Purchase, open};
use crate::guest::{Guest, GuestWorld, store};
use crate::mcp::client::{Client, ClientError, Connection, Person, QUESTION_MILLIS, QUESTIONS_MAX};
use crate::ports::{Doors, SqlError, Timer, Web, within};
use crate::rails::x402::payer::{self, Answer, Offer, Settlement};

/// The longest that asking a server takes, with a new connection and all, and with the time in which a person answers
/// what it asks back, milliseconds.
const ASKING_MILLIS: u32 = 120_000 + QUESTIONS_MAX * QUESTION_MILLIS;
/// Doors for which it is remembered that a payment is with them.
const TURNS_MAX: usize = 50;

/// What a server answers to a call that is paid for.
pub(super) enum Reply {
    /// What was bought, and what the server says of the money.
    Result(Option<Settlement>, Value),
    /// It was asked and says no: a code, and its words.
    Refused(&'static str, String),
    /// It could not be asked, or has given no answer that counts. This says nothing of the payment.
    None(String),
}

impl<W: GuestWorld> Guest<W> {
    /// Sends the payment with its call once more, the same to the last byte, in the server's turn. Without a
    /// purchase whose result is outstanding nobody is asked.
    pub(super) async fn ask_server(
        &self,
        id: &PurchaseId,
    ) -> Result<Option<(Purchase, Reply)>, SqlError> {
        let outstanding = |purchase: &Purchase| {
            purchase.is_open() && !purchase.shown && purchase.signature.is_some()
        };
        let Some(purchase) = purchases::find(&self.world, id)?.filter(outstanding) else {
            return Ok(None);
        };
        let Some((offer, payment)) = self.payment_of(&purchase) else {
            let text = "what was signed cannot be read any more".to_owned();
            return Ok(Some((purchase, Reply::None(text))));
        };
        let meta = payer::for_meta(&offer, &payment);
        let known = store::connection(&self.world).ok().flatten();
        let outside = self.outside()?;
        let client = Client::new(&outside, &self.rules);
        // Boxed, because it is large.
        let work = Box::pin(async {
            let mut connection = match purchase.connection.clone() {
                Some(connection) => connection,
                None => {
                    let era = known.filter(|known| known.url == purchase.door).map(|it| it.era);
                    client.connect(&purchase.door, era).await?.0.for_tool(&purchase.tool)
                }
            };
            connection.renumber(&self.world);
            let outcome = call(&client, &purchase, &mut connection, &meta).await;
            Ok((connection, outcome))
        });
        let outcome = match within(&self.world, ASKING_MILLIS, work).await {
            None => Err(ClientError::Timeout),
            Some(Err(error)) => Err(error),
            Some(Ok((connection, outcome))) => {
                open::set_connection(&self.world, id, &connection)?;
                outcome
            }
        };
        Ok(Some((purchase, read(outcome))))
    }

    /// The turn at a door: it carries out one payment of a wallet at a time, others would only be told to wait.
    pub(super) fn turn_at(&self, door: &str) -> Rc<Mutex<()>> {
        let mut turns = self.turns.borrow_mut();
        if turns.len() >= TURNS_MAX {
            turns.retain(|_, turn| Rc::strong_count(turn) > 1);
        }
        Rc::clone(turns.entry(door.to_owned()).or_default())
    }

    fn payment_of(&self, purchase: &Purchase) -> Option<(Offer, Value)> {
        let offer = self.offer_of(purchase)?;
        let (authorization, signature) =
            (purchase.authorization.as_ref()?, purchase.signature.as_ref()?);
        let payment = payer::payload(&offer, authorization, signature);
        Some((offer, payment))
    }
}

/// The call; over a new connection if the server seems not to know the old one. It may have been replaced since, and
/// not every server says "404" of a session that it has forgotten. The payment is the same, so nobody pays twice.
async fn call<O: Web + Doors + Timer + Person>(
    client: &Client<'_, O>,
    purchase: &Purchase,
    connection: &mut Connection,
    meta: &Value,
) -> Result<Value, ClientError> {
    let Purchase { door, tool, arguments, .. } = purchase;
    let outcome = client.call_tool(connection, tool, arguments, Some(meta)).await;
    match outcome {
        Err(error) if may_be_the_connection(&error) => {
            let Ok((fresh, _)) = client.connect(door, Some(connection.era)).await else {
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
fn read(outcome: Result<Value, ClientError>) -> Reply {
    match payer::read_answer(&outcome) {
        Answer::Done { settlement } => Reply::Result(settlement, outcome.unwrap_or_default()),
        Answer::Challenge(challenge) => {
            let text = format!(
                "the door did not take the payment ({}) and asks for another for the same call; it gets none",
                text::line(&challenge.error, 200)
            );
            Reply::Refused("asked_twice", text)
        }
        Answer::Failed { text, .. } if outcome.is_ok() => Reply::Refused("tool_error", text),
        Answer::Failed { text, .. } | Answer::Unknown { text, .. } => Reply::None(text),
    }
}
