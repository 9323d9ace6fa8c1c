//! A client of other people's MCP servers, over HTTP, in both eras.
//!
//! A server is first asked in the modern era. A server that does not give a modern answer gets the handshake of the
//! older versions. All input from a server is untrusted and bounded. A tool call is sent once and never repeated,
//! unless the server refused it unprocessed.

mod address;
mod answer;
mod ask;
mod error;
mod exchange;
mod headers;
mod input;
mod probe;
mod question;
mod resume;
mod stream;
mod tools;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use address::URL_BYTES_MAX;
pub use error::ClientError;
pub use input::{QUESTION_MILLIS, QUESTIONS_MAX};
pub use question::{Choice, Field, FieldKind, Person, Question, Said, yes_or_no};
pub use stream::{Watch, can_be_resumed, holds_answer, messages};
pub use tools::ServerTool;

use crate::mcp::eras::Era;
use crate::mcp::wire::HEADER_MISMATCH;
use crate::ports::{Random, Servers, Timer, Web, within};
use ask::Ask;
use tools::HeaderParams;

/// Facts about our own deployment: its servers are called inside the Worker, and private addresses are allowed only
/// from a developer's machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The deployment's URL, without a slash at the end.
    pub public_url: String,
    /// Whether it runs on a developer's machine ([`crate::config::Config::is_at_loopback`]).
    pub is_local: bool,
}

/// The state of a connection to a server. Keep it and pass it to each call; every call may change it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    pub url: String,
    /// The same for all URLs of its origin.
    pub era: Era,
    /// The version of MCP.
    pub protocol: String,
    /// The session id; legacy only.
    pub session: Option<String>,
    /// The server's own name; may be empty.
    pub server: String,
    #[serde(default)]
    params: HeaderParams,
    #[serde(default)]
    last_id: u64,
}

pub struct Client<'a, W> {
    world: &'a W,
    rules: &'a Rules,
}

/// Tools that are read from one server.
pub const TOOLS_MAX: usize = 500;
/// Pages of its list that are read.
pub const PAGES_MAX: usize = 20;

/// The timeout of connecting with all its steps, milliseconds.
pub const CONNECT_MILLIS: u32 = 30_000;

const CURSOR_BYTES_MAX: usize = 4_096;

impl<'a, W: Web + Servers + Timer + Person> Client<'a, W> {
    /// A client that follows `rules`.
    #[must_use]
    pub const fn new(world: &'a W, rules: &'a Rules) -> Self {
        Self { world, rules }
    }

    /// Determines a server's era, and lists its tools. `known` is the era of another connection to the same origin,
    /// which is tried first.
    ///
    /// # Errors
    ///
    /// [`ClientError`], after three attempts if a retry may help; [`ClientError::ConnectTimeout`] after
    /// [`CONNECT_MILLIS`] in any case.
    pub async fn connect(
        &self,
        url: &str,
        known: Option<Era>,
    ) -> Result<(Connection, Vec<ServerTool>), ClientError> {
        let url = self.rules.check(url)?;
        // Each step has a timeout of its own, and together they may take minutes. Boxed, because it is large.
        let work = Box::pin(async {
            let mut connection = self.open(url.as_str(), known).await?;
            let tools = self.list_tools(&mut connection).await?;
            Ok((connection, tools))
        });
        let done = within(self.world, CONNECT_MILLIS, work).await;
        done.unwrap_or(Err(ClientError::ConnectTimeout))
    }

    /// The tools of a server, at most [`TOOLS_MAX`] from [`PAGES_MAX`] pages. Tools that cannot be called as
    /// described are left out.
    ///
    /// # Errors
    ///
    /// As [`Self::connect`].
    pub async fn list_tools(
        &self,
        connection: &mut Connection,
    ) -> Result<Vec<ServerTool>, ClientError> {
        let mut tools: Vec<ServerTool> = Vec::new();
        let mut names = BTreeSet::new();
        let mut params = HeaderParams::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut ask = Ask::new("tools/list");
            if let Some(cursor) = &cursor {
                ask.params.insert("cursor".to_owned(), json!(cursor));
            }
            let page = self.in_session(connection, &ask).await?;
            let Some(listed) = page.get("tools").and_then(Value::as_array) else {
                return Err(ClientError::protocol("tools/list has no list of tools"));
            };
            for (tool, wanted) in listed.iter().filter_map(tools::read) {
                if tools.len() < TOOLS_MAX && names.insert(tool.name.clone()) {
                    if !wanted.is_empty() {
                        params.insert(tool.name.clone(), wanted);
                    }
                    tools.push(tool);
                }
            }
            let next = page.get("nextCursor").and_then(Value::as_str);
            let next = next.filter(|next| next.len() <= CURSOR_BYTES_MAX).map(str::to_owned);
            // A server that repeats its first page would never end.
            if next.is_none() || next == cursor || tools.len() >= TOOLS_MAX {
                break;
            }
            cursor = next;
        }
        connection.params = params;
        Ok(tools)
    }

    /// Calls a tool with `arguments`, a JSON object, and perhaps a payment: the value of `_meta["x402/payment"]`.
    /// Returns the result of `tools/call` as received.
    ///
    /// The call is sent once. A stream that ends before its answer is resumed without sending the call again. The
    /// call is sent a second time, with the same arguments and payment, only if the server does not know our session
    /// (404) or refuses our headers (-32020): both happen before it is processed.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; [`ClientError::says_nothing_was_done`] tells whether the server may have carried the call
    /// out.
    pub async fn call_tool(
        &self,
        connection: &mut Connection,
        name: &str,
        arguments: &Value,
        payment: Option<&Value>,
    ) -> Result<Value, ClientError> {
        let mut ask = Ask::call(name, arguments);
        if let Some(payment) = payment {
            ask.params.insert("_meta".to_owned(), json!({"x402/payment": payment}));
        }
        self.call(connection, &ask).await
    }

    /// Calls a tool with the proof of a wallet that has paid for the same before (the value of the header
    /// `SIGN-IN-WITH-X`), and with no payment. Everything else as [`Self::call_tool`].
    ///
    /// # Errors
    ///
    /// As [`Self::call_tool`].
    pub async fn read_again(
        &self,
        connection: &mut Connection,
        name: &str,
        arguments: &Value,
        proof: &str,
    ) -> Result<Value, ClientError> {
        let ask = Ask { proof: Some(proof), ..Ask::call(name, arguments) };
        self.call(connection, &ask).await
    }

    async fn call(&self, connection: &mut Connection, ask: &Ask<'_>) -> Result<Value, ClientError> {
        let answer = self.in_session(connection, ask).await;
        let answer = match answer {
            Err(error) if connection.era == Era::Modern && error.is_rpc(HEADER_MISMATCH) => {
                // The tool may require other headers than when it was listed.
                self.list_tools(connection).await.map_err(|_| error)?;
                self.in_session(connection, ask).await
            }
            other => other,
        };
        answer.map(Value::Object)
    }

    /// Ends the session at a legacy server. The server's answer is ignored.
    pub async fn disconnect(&self, connection: &Connection) {
        self.end(connection).await;
    }
}

impl Connection {
    /// A connection before the handshake.
    fn unopened(url: &str, era: Era) -> Self {
        let protocol = match era {
            Era::Modern => headers::MODERN_VERSION,
            Era::Legacy => "",
        };
        Self {
            url: url.to_owned(),
            era,
            protocol: protocol.to_owned(),
            session: None,
            server: String::new(),
            params: HeaderParams::new(),
            last_id: 0,
        }
    }

    /// The same connection for calls of one tool, without the header arguments of other tools.
    #[must_use]
    pub fn for_tool(&self, tool: &str) -> Self {
        let params = self.params.get(tool).map(|wanted| (tool.to_owned(), wanted.clone()));
        Self { params: params.into_iter().collect(), ..self.clone() }
    }

    /// Continues with ids that no other copy of the connection uses. Two requests of one session must not share an
    /// id, or a server may mix up their answers.
    pub fn renumber(&mut self, random: &impl Random) {
        // Below 2^31, which every server can read.
        self.last_id = u64::from(u32::from_be_bytes(random.bytes()) >> 2);
    }

    /// Whether two copies differ in the numbers of requests only, of which each call begins with others.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Self { last_id: other.last_id, ..self.clone() } == *other
    }

    fn next_id(&mut self) -> u64 {
        // Stays an exact integer in JavaScript.
        self.last_id = self.last_id.checked_add(1).filter(|id| *id < 1 << 53).unwrap_or(1);
        self.last_id
    }

    /// Stores the server's own name.
    fn name(&mut self, server: Option<&Value>) {
        let word = |key: &str| server.and_then(|it| it.get(key)).and_then(Value::as_str);
        let name = word("title").or(word("name")).unwrap_or_default();
        self.server = crate::base::text::line(name, 100);
    }
}

/// The capabilities that we declare to servers.
fn capabilities() -> Value {
    json!({"elicitation": {"form": {}}})
}

fn client_info() -> Value {
    json!({
        "name": "events-concierge-guest",
        "title": "Events Concierge Guest",
        "version": env!("CARGO_PKG_VERSION"),
    })
}

/// `_meta` of a modern request, without the members of the call.
fn modern_meta(version: &str) -> Map<String, Value> {
    let meta = [
        ("io.modelcontextprotocol/protocolVersion", json!(version)),
        ("io.modelcontextprotocol/clientCapabilities", capabilities()),
        ("io.modelcontextprotocol/clientInfo", client_info()),
    ];
    meta.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
