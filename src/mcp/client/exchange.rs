//! Sends one request and reads its answer, with redirects, sessions and retries.

use serde_json::{Map, Value, json};

use crate::base::web_address::Url;
use crate::identity::siwx::HEADER as PROOF;
use crate::mcp::client::address::Target;
use crate::mcp::client::ask::{ANSWER_BYTES_MAX, ASK_MILLIS, Ask, CALL_MILLIS};
use crate::mcp::client::input::call_millis;
use crate::mcp::client::{
    Client, ClientError, Connection, Person, answer, headers, modern_meta, tools,
};
use crate::mcp::eras::Era;
use crate::mcp::wire::UNSUPPORTED_VERSION;
use crate::ports::{Inbox, Servers, Timer, Web, WebMethod, WebRequest, WebResponse, within};

const REDIRECTS_MAX: usize = 3;
/// The pauses before the second and the third attempt, milliseconds.
const PAUSES: [u32; 2] = [500, 1_500];
/// The longest pause that a server can ask for, milliseconds.
const PAUSE_MAX: u32 = 5_000;

/// A result with its session id.
pub(super) struct Answered {
    pub(super) result: Map<String, Value>,
    pub(super) session: Option<String>,
}

impl<W: Web + Servers + Timer + Person> Client<'_, W> {
    /// A complete result, in a new session if the server has forgotten the old one.
    pub(super) async fn in_session(
        &self,
        connection: &mut Connection,
        ask: &Ask<'_>,
    ) -> Result<Map<String, Value>, ClientError> {
        let answer = self.ask(connection, ask).await;
        let is_over = connection.era == Era::Legacy && connection.session.is_some();
        let answered = match answer {
            Err(error) if is_over && error.has_status(404) => {
                self.renew(connection).await?;
                self.ask(connection, ask).await?
            }
            // It did not process the request, and may have been upgraded since we connected.
            Err(error) if error.is_rpc(UNSUPPORTED_VERSION) => {
                self.change_version(connection, &error).await?;
                match self.ask(connection, ask).await {
                    Err(again) if again.is_rpc(UNSUPPORTED_VERSION) => {
                        return Err(ClientError::no_common_version(&again.supported()));
                    }
                    other => other?,
                }
            }
            other => other?,
        };
        self.completed(connection, ask, answered.result).await
    }

    /// Up to three attempts, if a retry is harmless and may help.
    pub(super) async fn ask(
        &self,
        connection: &mut Connection,
        ask: &Ask<'_>,
    ) -> Result<Answered, ClientError> {
        let pauses = if ask.is_harmless() { PAUSES.as_slice() } else { &[] };
        for pause in pauses {
            match self.ask_once(connection, ask).await {
                Err(error) if let Some(wanted) = error.passes() => {
                    let wanted = wanted.unwrap_or_default().saturating_mul(1_000);
                    self.world.sleep(wanted.clamp(*pause, PAUSE_MAX)).await;
                }
                other => return other,
            }
        }
        self.ask_once(connection, ask).await
    }

    async fn ask_once(
        &self,
        connection: &mut Connection,
        ask: &Ask<'_>,
    ) -> Result<Answered, ClientError> {
        let id = connection.next_id();
        // Servers of the older versions ask while the call is open.
        let asks = !ask.is_harmless() && connection.era == Era::Legacy && self.world.is_there();
        let inbox = asks.then(Inbox::default);
        let mut params = ask.params.clone();
        let mut headers = headers::headers(connection, ask.method, ask.tool);
        headers.extend(ask.proof.map(|proof| (PROOF.to_owned(), proof.to_owned())));
        if connection.era == Era::Modern {
            let meta = params.entry("_meta").or_insert_with(|| json!({}));
            if let Some(meta) = meta.as_object_mut() {
                meta.extend(modern_meta(&connection.protocol));
            }
            let wanted = ask.tool.and_then(|tool| connection.params.get(tool));
            let arguments = ask.params.get("arguments").unwrap_or(&Value::Null);
            headers.extend(tools::param_headers(wanted.map_or(&[], Vec::as_slice), arguments));
        }
        let body = json!({"jsonrpc": "2.0", "id": id, "method": ask.method, "params": params});
        let request = WebRequest {
            method: WebMethod::Post,
            url: connection.url.clone(),
            headers,
            body: Some(body.to_string()),
            timeout_millis: if ask.is_harmless() { ASK_MILLIS } else { call_millis(asks) },
            response_bytes_max: ANSWER_BYTES_MAX,
            until_answer_to: Some(id),
            inbox: inbox.clone(),
        };
        let limit = (request.timeout_millis, request.response_bytes_max);
        // The timeout covers the stream with all its parts. Boxed, because it is large.
        let work = Box::pin(async {
            let first = self.send(request).await?;
            Ok::<_, ClientError>(self.resumed(connection, id, first, limit, inbox.as_ref()).await)
        });
        let done = match &inbox {
            Some(inbox) => self.while_answering(connection, inbox, CALL_MILLIS, work).await,
            None => within(self.world, limit.0, work).await,
        };
        let response = done.ok_or(ClientError::Timeout)??;
        let result = answer::read(&response, id)?;
        let session = response.headers.get("mcp-session-id").map(str::to_owned);
        Ok(Answered { result, session })
    }

    /// Sends to a URL that the rules allow, and follows redirects within the same origin that keep the method.
    pub(super) async fn send(&self, request: WebRequest) -> Result<WebResponse, ClientError> {
        let mut url = self.rules.check(&request.url)?;
        let mut redirects = 0;
        loop {
            let request = WebRequest { url: url.to_string(), ..request.clone() };
            let response_bytes_max = request.response_bytes_max;
            let response = match self.rules.target(&url)? {
                Target::Server(scope) => self.world.send_to_server(&scope, request).await?,
                Target::Web => self.world.exchange(request).await?,
            };
            if response.body.len() > response_bytes_max {
                return Err(ClientError::TooLong);
            }
            if !(300..400).contains(&response.status) {
                return Ok(response);
            }
            redirects += 1;
            let next = next_url(&url, &response).filter(|_| redirects <= REDIRECTS_MAX);
            url = next.ok_or(ClientError::Redirect { status: response.status })?;
        }
    }

    pub(super) async fn end(&self, connection: &Connection) {
        if connection.session.is_none() {
            return;
        }
        let request = WebRequest {
            method: WebMethod::Delete,
            url: connection.url.clone(),
            headers: headers::headers(connection, "", None),
            body: None,
            timeout_millis: ASK_MILLIS,
            response_bytes_max: ANSWER_BYTES_MAX,
            until_answer_to: None,
            inbox: None,
        };
        // A server may refuse it (405). Then the session expires there by itself.
        let _ = self.send(request).await;
    }
}

/// The target of a redirect, if we follow it.
fn next_url(url: &Url, response: &WebResponse) -> Option<Url> {
    let next = url.join(response.headers.get("location")?)?;
    let is_followed = matches!(response.status, 307 | 308) && next.is_same_origin(url);
    is_followed.then_some(next)
}
