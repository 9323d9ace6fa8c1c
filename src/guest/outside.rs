//! The world as the session's MCP client sees it: a server of this deployment gets the owner's token, and sockets that
//! watch (`?raw=1`) see every request and its answer.

use crate::base::id::ScopeId;
use crate::guest::cx::{Cx, GuestWorld};
use crate::guest::messages::Out;
use crate::guest::questions::Questions;
use crate::guest::session::{self, Owner};
use crate::guest::views::ExchangeView;
use crate::identity::Session;
use crate::mcp::client::{Person, Question, Said};
use crate::ports::{
    Clock, HttpError, Servers, Sockets, SqlError, Timer, Web, WebMethod, WebRequest, WebResponse,
};

/// What is shown of a body, bytes.
const SHOWN_BYTES_MAX: usize = 64 * 1024;

/// The world outside of a session.
pub(super) struct Outside<'a, W> {
    world: &'a W,
    /// The owner's, for servers of this deployment only.
    token: Option<String>,
    questions: &'a Questions,
}

/// The world as the session's MCP client sees it.
pub(super) fn outside<W: GuestWorld>(cx: &Cx<W>) -> Result<Outside<'_, W>, SqlError> {
    let signed_out_at = session::signed_out_at(&cx.world)?;
    // Without a sign-in that counts a server is asked as anybody asks it, and not with a token that it refuses.
    let counts = |owner: &Owner| owner.sign_in.counts(cx.world.now(), signed_out_at);
    let owner = session::owner(&cx.world)?.filter(counts);
    let token = owner.map(|Owner { user, sign_in }| {
        let keys = &cx.config.keys;
        let scope = keys.scope_of(&user);
        // It is no better than the sign-in that the owner came with, and ends with it.
        let session = Session { user, scope, signed_in_at: sign_in.at, expires_at: sign_in.until };
        session.token(keys)
    });
    Ok(Outside { world: &cx.world, token, questions: &cx.questions })
}

impl<W: Web + Sockets + Clock> Web for Outside<'_, W> {
    async fn exchange(&self, request: WebRequest) -> Result<WebResponse, HttpError> {
        let seen = self.world.is_watched().then(|| request.clone());
        let answer = self.world.exchange(request).await;
        self.show(seen.as_ref(), &answer);
        answer
    }
}

impl<W: Servers + Sockets + Clock> Servers for Outside<'_, W> {
    async fn send_to_server(
        &self,
        server: &ScopeId,
        mut request: WebRequest,
    ) -> Result<WebResponse, HttpError> {
        // Before the owner's token is in it.
        let seen = self.world.is_watched().then(|| request.clone());
        let token = self.token.iter().map(|token| format!("Bearer {token}"));
        request.headers.extend(token.map(|bearer| ("authorization".to_owned(), bearer)));
        let answer = self.world.send_to_server(server, request).await;
        self.show(seen.as_ref(), &answer);
        answer
    }
}

impl<W: Timer> Timer for Outside<'_, W> {
    async fn sleep(&self, millis: u32) {
        self.world.sleep(millis).await;
    }
}

impl<W: Sockets + Timer> Person for Outside<'_, W> {
    fn is_there(&self) -> bool {
        // A person may come back; a question without a socket is cancelled at once.
        true
    }

    async fn ask(&self, question: Question) -> Said {
        self.questions.ask(self.world, question).await
    }
}

impl<W: Sockets + Clock> Outside<'_, W> {
    fn show(&self, request: Option<&WebRequest>, answer: &Result<WebResponse, HttpError>) {
        let Some(request) = request else { return };
        let response = answer.as_ref().ok();
        let headers = response.map(|response| response.headers.iter());
        let headers = headers.into_iter().flatten();
        let view = ExchangeView {
            url: request.url.clone(),
            method: match request.method {
                WebMethod::Get => "GET",
                WebMethod::Post => "POST",
                WebMethod::Delete => "DELETE",
            },
            request_headers: request.headers.clone(),
            request_body: cut(request.body.as_deref().unwrap_or_default()),
            status: response.map(|response| response.status),
            response_headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            response_body: response.map(|response| cut(&response.body)).unwrap_or_default(),
            error: answer.as_ref().err().map(ToString::to_string),
            timestamp: self.world.now().get().saturating_mul(1_000),
        };
        // Text and numbers can always be written.
        let text = serde_json::to_string(&Out::Exchange(Box::new(view))).unwrap_or_default();
        self.world.tell_watching(&text);
    }
}

/// The beginning of a body, and how much of it is left out.
fn cut(body: &str) -> String {
    if body.len() <= SHOWN_BYTES_MAX {
        return body.to_owned();
    }
    let end = body.floor_char_boundary(SHOWN_BYTES_MAX);
    let (shown, rest) = body.split_at(end);
    format!("{shown}… ({} bytes more)", rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_body_is_cut_between_characters_and_says_so() {
        assert_eq!(cut("short"), "short");
        let long = format!("{}é and more", "a".repeat(SHOWN_BYTES_MAX - 1));
        let shown = cut(&long);
        assert!(shown.ends_with("… (11 bytes more)"), "{}", &shown[SHOWN_BYTES_MAX - 2..]);
        assert!(!shown.contains('é'));
    }
}
