//! Determines a server's era (2026-07-28, versioning).

use serde_json::{Value, json};

use crate::mcp::client::ask::{ASK_MILLIS, Ask};
use crate::mcp::client::exchange::Answered;
use crate::mcp::client::headers::{headers, is_session_id};
use crate::mcp::client::{
    Client, ClientError, Connection, Person, answer, capabilities, client_info,
};
use crate::mcp::eras::{Era, LEGACY, MODERN};
use crate::mcp::wire::{
    HEADER_MISMATCH, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, MISSING_CAPABILITY,
    UNSUPPORTED_VERSION,
};
use crate::ports::{Servers, Timer, Web, WebMethod, WebRequest};

/// The outcome of `server/discover`.
enum Probed {
    /// A server of MCP 2026-07-28 or newer.
    Modern(Connection),
    /// An error that modern servers give, and some of the older ones as well.
    Unclear(Connection),
    /// Not a modern server, with its error.
    Legacy(ClientError),
}

impl<W: Web + Servers + Timer + Person> Client<'_, W> {
    /// A connection in the server's era.
    pub(super) async fn open(
        &self,
        url: &str,
        known: Option<Era>,
    ) -> Result<Connection, ClientError> {
        if known == Some(Era::Legacy) {
            let refused = match self.initialize(url).await {
                Err(error) if is_refusal(&error) => error,
                other => return other,
            };
            // It may have been upgraded since.
            return match self.discover(url).await {
                Ok(Probed::Modern(connection)) => Ok(connection),
                Ok(Probed::Unclear(_) | Probed::Legacy(_)) | Err(_) => Err(refused),
            };
        }
        match self.discover(url).await? {
            Probed::Modern(connection) => Ok(connection),
            Probed::Unclear(connection) => match self.initialize(url).await {
                Err(error) if is_refusal(&error) => Ok(connection),
                other => other,
            },
            Probed::Legacy(first) => match self.initialize(url).await {
                // The first error is closer to the cause if the second one says nothing.
                Err(ClientError::Status { .. }) if !matches!(first, ClientError::Rpc { .. }) => {
                    Err(first)
                }
                other => other,
            },
        }
    }

    /// Replaces a session that the server no longer knows.
    pub(super) async fn renew(&self, connection: &mut Connection) -> Result<(), ClientError> {
        let url = connection.url.clone();
        let renewed = self.initialize(&url).await?;
        let params = std::mem::take(&mut connection.params);
        *connection = Connection { params, ..renewed };
        Ok(())
    }

    async fn discover(&self, url: &str) -> Result<Probed, ClientError> {
        let mut connection = Connection::unopened(url, Era::Modern);
        let ask = Ask::new("server/discover");
        let mut answer = self.ask(&mut connection, &ask).await;
        for version in named_by(&answer, MODERN) {
            connection.protocol = version.to_owned();
            answer = self.ask(&mut connection, &ask).await;
            if !is_other_version(&answer) {
                break;
            }
        }
        let error = match answer {
            Ok(answered) => return read_discovery(connection, Value::Object(answered.result)),
            Err(error) => error,
        };
        match &error {
            ClientError::Rpc { .. } if error.is_rpc(UNSUPPORTED_VERSION) => {
                let theirs = error.supported();
                if theirs.iter().any(|version| LEGACY.contains(version)) {
                    Ok(Probed::Legacy(error))
                } else {
                    Err(ClientError::no_common_version(&theirs))
                }
            }
            ClientError::Rpc { .. }
                if error.is_rpc(HEADER_MISMATCH) || error.is_rpc(MISSING_CAPABILITY) =>
            {
                Err(error)
            }
            // Our request is valid, so these more likely come from a server that does not know the method: the Python
            // SDK says -32600 for "no session" and -32602 for "no such method".
            ClientError::Rpc { status: 400, .. }
                if error.is_rpc(INVALID_REQUEST) || error.is_rpc(INVALID_PARAMS) =>
            {
                Ok(Probed::Unclear(connection))
            }
            ClientError::Rpc { status: 404, .. } if error.is_rpc(METHOD_NOT_FOUND) => {
                Ok(Probed::Unclear(connection))
            }
            ClientError::Rpc { .. } | ClientError::Protocol(_) => Ok(Probed::Legacy(error)),
            ClientError::Status { status, .. } => match status {
                401 | 402 | 403 | 407 | 429 | 502..=504 => Err(error),
                _ => Ok(Probed::Legacy(error)),
            },
            ClientError::NotAllowed(_)
            | ClientError::NoCommonVersion { .. }
            | ClientError::Unreachable(_)
            | ClientError::Timeout
            | ClientError::ConnectTimeout
            | ClientError::TooLong
            | ClientError::Redirect { .. }
            | ClientError::InputRequired => Err(error),
        }
    }

    /// Switches a connection to another version that the server named when it refused ours.
    ///
    /// # Errors
    ///
    /// [`ClientError::NoCommonVersion`] if it names none that we support; the errors of the handshake.
    pub(super) async fn change_version(
        &self,
        connection: &mut Connection,
        refused: &ClientError,
    ) -> Result<(), ClientError> {
        let theirs = refused.supported();
        if let Some(version) = MODERN.iter().find(|version| theirs.contains(*version)) {
            connection.era = Era::Modern;
            connection.protocol = (*version).to_owned();
            connection.session = None;
            return Ok(());
        }
        if theirs.iter().any(|version| LEGACY.contains(version)) {
            return self.renew(connection).await;
        }
        Err(ClientError::no_common_version(&theirs))
    }

    async fn initialize(&self, url: &str) -> Result<Connection, ClientError> {
        let mut connection = Connection::unopened(url, Era::Legacy);
        let mut answer = self.ask(&mut connection, &hello(LEGACY.first())).await;
        // A server should offer another version by itself, but may also refuse and name its versions.
        for version in named_by(&answer, LEGACY.get(1..).unwrap_or_default()) {
            answer = self.ask(&mut connection, &hello(Some(&version))).await;
            if !is_other_version(&answer) {
                break;
            }
        }
        let answered = answer?;
        let version = answered.result.get("protocolVersion").and_then(Value::as_str);
        let Some(version) = version.filter(|version| LEGACY.contains(version)) else {
            let named: Vec<&str> = version.into_iter().collect();
            return Err(ClientError::no_common_version(&named));
        };
        version.clone_into(&mut connection.protocol);
        connection.name(answered.result.get("serverInfo"));
        if answered.session.as_deref().is_some_and(|id| !is_session_id(id)) {
            return Err(ClientError::protocol("the id of its session is not visible ASCII"));
        }
        connection.session = answered.session;
        self.tell_initialized(&connection).await;
        Ok(connection)
    }

    /// The end of the handshake. If it is lost, the server's answer to the next request says so.
    async fn tell_initialized(&self, connection: &Connection) {
        let method = "notifications/initialized";
        let request = WebRequest {
            method: WebMethod::Post,
            url: connection.url.clone(),
            headers: headers(connection, method, None),
            body: Some(json!({"jsonrpc": "2.0", "method": method}).to_string()),
            timeout_millis: ASK_MILLIS,
            response_bytes_max: 64 * 1024,
            until_answer_to: None,
            inbox: None,
        };
        let _ = self.send(request).await;
    }
}

fn hello(version: Option<&&'static str>) -> Ask<'static> {
    let mut ask = Ask::new("initialize");
    for (key, value) in [
        ("protocolVersion", json!(version)),
        ("capabilities", capabilities()),
        ("clientInfo", client_info()),
    ] {
        ask.params.insert(key.to_owned(), value);
    }
    ask
}

/// Those of our versions that a server names when it refuses another one, without duplicates.
fn named_by(answer: &Result<Answered, ClientError>, ours: &[&'static str]) -> Vec<&'static str> {
    let Err(error) = answer else { return Vec::new() };
    let theirs = error.supported();
    ours.iter().copied().filter(|version| theirs.contains(version)).collect()
}

/// Whether a server refused the version and names its own.
fn is_other_version(answer: &Result<Answered, ClientError>) -> bool {
    answer.as_ref().is_err_and(|error| !error.supported().is_empty())
}

/// Whether the server answered and refused the handshake.
fn is_refusal(error: &ClientError) -> bool {
    match error {
        ClientError::Rpc { .. }
        | ClientError::Protocol(_)
        | ClientError::NoCommonVersion { .. } => true,
        ClientError::Status { status, .. } => matches!(status, 400 | 404 | 405 | 406 | 415),
        ClientError::NotAllowed(_)
        | ClientError::Unreachable(_)
        | ClientError::Timeout
        | ClientError::ConnectTimeout
        | ClientError::TooLong
        | ClientError::Redirect { .. }
        | ClientError::InputRequired => false,
    }
}

fn read_discovery(mut connection: Connection, result: Value) -> Result<Probed, ClientError> {
    let supported = result.get("supportedVersions");
    if supported.is_none() && result.get("resultType").is_none() {
        return Ok(Probed::Legacy(ClientError::protocol("server/discover answers something else")));
    }
    let named = supported.and_then(Value::as_array).into_iter().flatten();
    let named: Vec<&str> = named.filter_map(Value::as_str).collect();
    if !named.contains(&connection.protocol.as_str()) {
        let error = ClientError::no_common_version(&named);
        let is_legacy = named.iter().any(|version| LEGACY.contains(version));
        return if is_legacy { Ok(Probed::Legacy(error)) } else { Err(error) };
    }
    let server = result
        .get("_meta")
        .and_then(|meta| meta.get("io.modelcontextprotocol/serverInfo"))
        // The place in drafts of the version.
        .or(result.get("serverInfo"));
    connection.name(server);
    let Value::Object(result) = result else { return Ok(Probed::Modern(connection)) };
    answer::complete(Era::Modern, result)?;
    Ok(Probed::Modern(connection))
}
