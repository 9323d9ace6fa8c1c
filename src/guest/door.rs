//! What a guest says to doors.

use serde_json::Value;

use crate::base::money::Usdc;
use crate::base::text;
use crate::guest::messages::Out;
use crate::guest::purchases::Origin;
use crate::guest::store::Listed;
use crate::guest::{Guest, GuestWorld, Trouble, seats, store};
use crate::mcp::client::{Client, ClientError, Connection, DoorTool};
use crate::ports::{SqlError, within};
use crate::rails::x402::payer::{self, Answer};

/// Events of a door that are remembered.
const LISTED_MAX: usize = 500;
/// What is kept of a server's tools, and of the connection, bytes each. Both stand in the row of the session with its
/// conversation; a row may have two million bytes.
const KEPT_BYTES_MAX: usize = 600_000;
/// The longest answer that asks for payment, bytes. It is kept with the purchase, and histories are read
/// at once.
const CHALLENGE_BYTES_MAX: usize = 128 * 1024;
/// How long the events of a server that has just been connected to are waited for, milliseconds. They are only needed
/// for comparing prices, and are read again with every list.
const LOOK_AROUND_MILLIS: u32 = 10_000;

impl<W: GuestWorld> Guest<W> {
    /// Connects to a door. What was there before stays if that fails.
    pub(super) async fn connect(&self, url: &str) -> Result<(), Trouble> {
        self.step("info", format!("connecting to {}", text::line(url, 200)));
        let before = store::connection(&self.world)?;
        let known = before.filter(|before| is_same_origin(&before.url, url)).map(|one| one.era);
        let outside = self.outside()?;
        let client = Client::new(&outside, &self.rules);
        let (connection, tools) = match client.connect(url, known).await {
            Ok(connected) => connected,
            Err(error) => {
                return Err(Trouble::Said(format!("the door cannot be reached: {error}")));
            }
        };
        if !can_be_kept(&connection) {
            return Err(Trouble::Said(
                "the door's tools want more headers than can be kept".to_owned(),
            ));
        }
        let tools = what_can_be_kept(tools);
        self.world.atomically(|| {
            store::set_connection(&self.world, &connection)?;
            store::set_tools(&self.world, &tools)?;
            store::clear_list(&self.world, &connection.url)
        })?;
        self.step("info", format!("connected over MCP {}", connection.protocol));
        self.tell(&self.connected_message(&connection)?);
        // What there is to buy, and for how much, before anybody is asked to pay.
        if tools.iter().any(|tool| tool.name == "listEvents") {
            self.look_around(connection).await?;
        }
        Ok(())
    }

    /// Leaves the door.
    pub(super) fn leave(&self) -> Result<(), Trouble> {
        store::disconnect(&self.world)?;
        self.tell(&Out::McpDisconnected {});
        Ok(())
    }

    pub(super) fn connected_message(&self, connection: &Connection) -> Result<Out, SqlError> {
        Ok(Out::McpConnected {
            mcp_url: connection.url.clone(),
            server: connection.server.clone(),
            protocol: connection.protocol.clone(),
            tools: store::tools(&self.world)?.iter().map(Into::into).collect(),
        })
    }

    /// The door that the session is connected to.
    pub(super) fn here(&self) -> Result<Connection, Trouble> {
        let mut connection = store::connection(&self.world)?
            .ok_or_else(|| Trouble::Said("connect to a door first (connect_mcp)".to_owned()))?;
        // Others may be calling it at the same time.
        connection.renumber(&self.world);
        Ok(connection)
    }

    /// Calls a tool, without a payment.
    pub(super) async fn call(
        &self,
        tool: &str,
        arguments: Value,
        call_id: Option<String>,
        origin: Origin,
    ) -> Result<(), Trouble> {
        let mut connection = self.here()?;
        let known: Option<DoorTool> =
            store::tools(&self.world)?.into_iter().find(|known| known.name == tool);
        let arguments = self.with_wallet(&connection, known.as_ref(), arguments)?;
        let wallet = store::wallet(&self.world)?.map(|wallet| wallet.address.to_checksum(None));
        if self.is_under_way((&connection.url, tool, &arguments), wallet.as_deref())? {
            let text = super::paying::UNDER_WAY;
            return self.failed(tool, &call_id, &origin, "already_under_way", text, "no").await;
        }
        self.step("info", format!("calling {}", text::line(tool, 80)));
        let outside = self.outside()?;
        let client = Client::new(&outside, &self.rules);
        let outcome = client.call_tool(&mut connection, tool, &arguments, None).await;
        self.keep(&connection)?;
        match payer::read_answer(&outcome) {
            Answer::Done { .. } => {
                let result = outcome.unwrap_or_default();
                self.note_prices(&connection.url, &result)?;
                self.done(tool, &call_id, &origin, result).await
            }
            Answer::Challenge(challenge) => {
                let raw = raw_challenge(&outcome);
                if bytes_of(&raw) > CHALLENGE_BYTES_MAX {
                    let text = "what this door asks for is too long to be kept";
                    return self.failed(tool, &call_id, &origin, "no_offer", text, "no").await;
                }
                let asked = super::paying::Asked {
                    connection: &connection,
                    tool,
                    listed: self.listed_price(&connection.url, known.as_ref(), &arguments)?,
                    arguments,
                    call_id,
                    origin,
                    raw,
                };
                self.challenged(asked, &challenge).await
            }
            Answer::Unknown { text, .. } => {
                self.failed(tool, &call_id, &origin, "unknown", &text, "no").await
            }
            Answer::Failed { text, .. } => {
                let has_seat = outcome.as_ref().is_ok_and(seats::says_has_seat);
                let ticket = self.bought_ticket(&connection.url, tool, &arguments)?;
                let (code, text) = match ticket.filter(|_| has_seat) {
                    Some(ticket) => (
                        seats::HAS_SEAT,
                        format!(
                            "this wallet has a seat at this event already, and nothing was paid; its ticket is {ticket}"
                        ),
                    ),
                    None => ("tool_error", text),
                };
                self.failed(tool, &call_id, &origin, code, &text, "no").await
            }
        }
    }

    /// A tool has answered.
    pub(super) async fn done(
        &self,
        tool: &str,
        call_id: &Option<String>,
        origin: &Origin,
        result: Value,
    ) -> Result<(), Trouble> {
        self.tell(&Out::ToolResult {
            tool: tool.to_owned(),
            result: result.clone(),
            call_id: call_id.clone(),
        });
        self.report(origin, tool, Ok(&result)).await
    }

    /// A tool has not answered what was asked for.
    pub(super) async fn failed(
        &self,
        tool: &str,
        call_id: &Option<String>,
        origin: &Origin,
        code: &'static str,
        text: &str,
        money_moved: &'static str,
    ) -> Result<(), Trouble> {
        self.tell(&Out::ToolError {
            tool: tool.to_owned(),
            result: text.to_owned(),
            code,
            money_moved,
            call_id: call_id.clone(),
        });
        self.report(origin, tool, Err(text)).await
    }

    /// Keeps what a call has changed of the connection, if it is still the one.
    pub(super) fn keep(&self, connection: &Connection) -> Result<(), SqlError> {
        let current = store::connection(&self.world)?;
        let is_current = current.is_some_and(|current| current.url == connection.url);
        if is_current && can_be_kept(connection) {
            store::set_connection(&self.world, connection)?;
        }
        Ok(())
    }

    async fn look_around(&self, mut connection: Connection) -> Result<(), Trouble> {
        let arguments = serde_json::json!({});
        let outside = self.outside()?;
        let client = Client::new(&outside, &self.rules);
        let work = Box::pin(client.call_tool(&mut connection, "listEvents", &arguments, None));
        let listed = within(&self.world, LOOK_AROUND_MILLIS, work).await;
        self.keep(&connection)?;
        if let Some(Ok(result)) = listed {
            self.note_prices(&connection.url, &result)?;
        }
        Ok(())
    }

    /// Remembers the prices of the events in a result: a challenge may not ask for more.
    fn note_prices(&self, door: &str, result: &Value) -> Result<(), SqlError> {
        let content = result.get("structuredContent").unwrap_or(&Value::Null);
        let events = content.get("events").and_then(Value::as_array);
        let one = content.get("event").or(Some(content));
        let events = events.map_or_else(|| one.into_iter().collect(), |all| all.iter().collect());
        let events: Vec<&Value> = events;
        for event in events.into_iter().take(LISTED_MAX).filter_map(read_listed) {
            store::list(&self.world, door, &event)?;
        }
        Ok(())
    }

    /// The price that the door has shown for this call: the event's, or the tool's.
    fn listed_price(
        &self,
        door: &str,
        tool: Option<&DoorTool>,
        arguments: &Value,
    ) -> Result<Option<Usdc>, SqlError> {
        if let Some(fixed) = tool.and_then(|tool| tool.price) {
            return Ok(Some(fixed));
        }
        let Some(id) = arguments.get("eventId").and_then(Value::as_str) else { return Ok(None) };
        let listed = store::listed(&self.world, door)?;
        Ok(listed.into_iter().find(|event| event.event_id == id).map(|event| event.price))
    }
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

fn read_listed(event: &Value) -> Option<Listed> {
    let text = |key: &str| event.get(key).and_then(Value::as_str);
    let atomic = text("priceAtomic")?.parse().ok()?;
    Some(Listed {
        event_id: text::line(text("id")?, 80),
        title: text::line(text("title")?, 200),
        price: Usdc::from_atomic(atomic).ok()?,
        seats_left: event.get("seatsLeft").and_then(Value::as_u64),
        starts_at: text::line(text("startsAt").unwrap_or_default(), 40),
    })
}

/// Whether it is short enough for a row of the storage.
fn can_be_kept(connection: &Connection) -> bool {
    bytes_of(connection) <= KEPT_BYTES_MAX
}

/// The first tools of a door, as many as are short enough for a row of the storage.
fn what_can_be_kept(tools: Vec<DoorTool>) -> Vec<DoorTool> {
    let mut bytes = 0_usize;
    let fits = |tool: &DoorTool| {
        bytes = bytes.saturating_add(bytes_of(tool)).saturating_add(1);
        bytes <= KEPT_BYTES_MAX
    };
    tools.into_iter().take_while(fits).collect()
}

fn bytes_of(value: &impl serde::Serialize) -> usize {
    serde_json::to_string(value).map_or(usize::MAX, |json| json.len())
}

fn is_same_origin(one: &str, other: &str) -> bool {
    let origin = |url: &str| url::Url::parse(url).map(|url| url.origin()).ok();
    origin(one).is_some() && origin(one) == origin(other)
}
