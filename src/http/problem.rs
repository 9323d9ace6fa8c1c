//! Failures as HTTP replies: problem+json (RFC 9457) for programs, a small page for browsers.

use askama::Template;

use crate::base::code::Code;
use crate::base::http::{Headers, PROBLEM_JSON, Reply};
use crate::base::id::{RequestId, ScopeId};
use crate::http::page::CONTENT_SECURITY_POLICY;
use crate::rails::outcome::{Abort, Failure, Fatal, Money};
pub use crate::rails::problem::of_abort;

/// Our own fault as problem+json. The cause goes to the log, not to the caller.
#[must_use]
pub fn of_fatal(fatal: &Fatal, request_id: &RequestId) -> Reply {
    let detail = format!("internal error; tell the operator the request id {request_id}.");
    let abort = Abort::new(Code::InternalError, detail).with_money(fatal.money);
    of_abort(&abort, request_id)
}

/// Any failure as HTTP.
#[must_use]
pub fn of_failure(failure: &Failure, request_id: &RequestId) -> Reply {
    match failure {
        Failure::Unpaid(challenge) => challenge.to_http(),
        Failure::Abort(abort) => {
            let reply = of_abort(abort, request_id);
            match &abort.receipt {
                Some(receipt) => {
                    let encoded = crate::rails::x402::dialects::encode(receipt);
                    reply
                        .with_header("payment-response", encoded.clone())
                        .with_header("x-payment-response", encoded)
                }
                None => reply,
            }
        }
        Failure::Fatal(fatal) => of_fatal(fatal, request_id),
    }
}

#[must_use]
pub fn not_found(request_id: &RequestId) -> Reply {
    let abort = Abort::new(Code::NotFound, "there is nothing at this address");
    of_abort(&abort.with_money(Money::NotAsked), request_id)
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    title: &'a str,
    detail: &'a str,
    request_id: &'a str,
    /// The words and the path of the button.
    next: (&'static str, &'static str),
}

/// What people read about an address that leads nowhere: title, what may be wrong, and the button with its path.
struct Lost {
    title: &'static str,
    detail: &'static str,
    next: (&'static str, &'static str),
}

const START: (&str, &str) = ("Go to the start page", "/");

/// The words for what browsers meet on public pages. Others are shown as programs get them.
fn lost(code: &str) -> Option<Lost> {
    let lost = |title, detail, next| Some(Lost { title, detail, next });
    if code == Code::NoSuchHost.as_str() {
        let detail =
            "Nobody hosts events at this address. Check the link, or ask who sent it to you.";
        lost("There is no host here", detail, START)
    } else if code == Code::EventNotFound.as_str() {
        let detail =
            "This host has no event at this address. Check the link, or ask who sent it to you.";
        lost("There is no such event", detail, START)
    } else if code == Code::NoSuchTicket.as_str() {
        let detail =
            "No ticket has this address. Check the link. What your wallet bought is under Tickets.";
        lost("There is no such ticket", detail, ("Find my tickets", "/tickets"))
    } else if code == Code::TicketTransferred.as_str() {
        let detail = "Its code opens nothing any more. The new guest has another one.";
        let title = "This ticket was given to somebody else";
        lost(title, detail, ("Find my tickets", "/tickets"))
    } else if code == Code::NotFound.as_str() {
        let detail = "The page that you look for is not here. Check the address.";
        lost("There is nothing here", detail, START)
    } else {
        None
    }
}

/// Shows an error in the form that the client reads: a page for a browser's navigation (its `Accept` names
/// `text/html`), JSON for other clients. Status and other headers stay.
#[must_use]
pub fn readable(reply: Reply, headers: &Headers) -> Reply {
    let is_problem =
        reply.headers.iter().any(|(name, value)| *name == "content-type" && value == PROBLEM_JSON);
    if !is_problem || !wants_page(headers) {
        return reply;
    }
    let body: serde_json::Value = serde_json::from_str(&reply.body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    let code = text("type").rsplit(':').next().unwrap_or_default();
    let (title, detail) = (sentence_case(text("title")), sentence_case(text("detail")));
    let request_id = text("requestId");
    let page = match lost(code) {
        Some(Lost { title, detail, next }) => ProblemPage { title, detail, request_id, next },
        None => ProblemPage { title: &title, detail: &detail, request_id, next: START },
    };
    let Ok(html) = page.render() else { return reply };
    let mut answer = Reply::text(reply.status, "text/html; charset=utf-8", html);
    answer.headers.extend(reply.headers.into_iter().filter(|(name, _)| *name != "content-type"));
    answer
        .with_header("content-security-policy", CONTENT_SECURITY_POLICY.to_owned())
        .with_header("x-content-type-options", "nosniff".to_owned())
        .with_header("cache-control", "no-store".to_owned())
}

/// Where a browser is sent that opens the URL of an MCP server: the page of its host.
#[must_use]
pub fn page_of_server(method: &str, path: &str, headers: &Headers) -> Option<Reply> {
    let scope = ScopeId::parse(path.strip_prefix("/mcp/users/")?).ok()?;
    let is_read = matches!(method, "GET" | "HEAD");
    (is_read && wants_page(headers)).then(|| {
        Reply::empty(303)
            .with_header("location", format!("/e/{scope}"))
            .with_header("cache-control", "no-store".to_owned())
            .with_header("vary", "accept".to_owned())
    })
}

/// Whether it is a browser's navigation. Programs name JSON, or accept anything.
fn wants_page(headers: &Headers) -> bool {
    let accept = headers.get("accept").unwrap_or_default().to_ascii_lowercase();
    let names = |kind: &str| {
        accept.split(',').any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let is_refused = |part: &str| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
            parts.next() == Some(kind) && !parts.any(is_refused)
        })
    };
    names("text/html") && !names("application/json") && !names(PROBLEM_JSON)
}

/// The text with a capital first letter.
fn sentence_case(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(accept: &str) -> Reply {
        let id = RequestId::parse("req_0123456789abcdef01234567").unwrap();
        let abort = Abort::new(Code::ChainUnavailable, "<b>no</b> chain");
        let headers = Headers::new(vec![("Accept".to_owned(), accept.to_owned())]);
        readable(of_abort(&abort, &id), &headers)
    }

    #[test]
    fn a_browser_that_opens_a_server_is_sent_to_its_host_and_a_client_is_not() {
        let path = "/mcp/users/0123456789abcdef0123456789abcdef";
        let asked = |method: &str, path: &str, accept: &str| {
            let headers = Headers::new(vec![("accept".to_owned(), accept.to_owned())]);
            let reply = page_of_server(method, path, &headers)?;
            reply.headers.into_iter().find(|(name, _)| *name == "location").map(|(_, to)| to)
        };
        let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
        let page = Some("/e/0123456789abcdef0123456789abcdef".to_owned());
        assert_eq!(asked("GET", path, browser), page);
        assert_eq!(asked("HEAD", path, browser), page);
        for (method, path, accept) in [
            ("POST", path, browser),
            ("GET", path, "text/event-stream"),
            ("GET", path, "*/*"),
            ("GET", path, "application/json, text/html"),
            ("GET", "/mcp/users/x", browser),
            ("GET", "/mcp/users/0123456789abcdef0123456789abcdef/manifest", browser),
        ] {
            assert_eq!(asked(method, path, accept), None, "{method} {path} {accept}");
        }
    }

    #[test]
    fn a_browser_gets_a_page_and_a_program_gets_json() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for accept in [browser, "Text/HTML"] {
            let reply = asked(accept);
            assert_eq!(reply.status, 503);
            assert_eq!(reply.headers[0], ("content-type", "text/html; charset=utf-8".to_owned()));
            let is_whole = reply.body.contains("&#60;b&#62;no&#60;/b&#62; chain")
                && reply.body.contains("<h1>Chain unavailable</h1>")
                && reply.body.contains("req_0123456789abcdef01234567");
            assert!(is_whole, "{}", reply.body);
            assert!(reply.headers.iter().any(|(name, _)| *name == "content-security-policy"));
        }
        for accept in [
            "",
            "*/*",
            "application/json",
            "application/json, text/html",
            "text/html;q=0",
            "text/*",
        ] {
            let reply = asked(accept);
            assert_eq!(reply.headers[0].1, PROBLEM_JSON, "{accept}");
        }
        for (code, title) in [
            (Code::NoSuchHost, "There is no host here"),
            (Code::EventNotFound, "There is no such event"),
            (Code::NoSuchTicket, "There is no such ticket"),
            (Code::NotFound, "There is nothing here"),
        ] {
            let id = RequestId::parse("req_0123456789abcdef01234567").unwrap();
            let headers = Headers::new(vec![("accept".to_owned(), browser.to_owned())]);
            let page = readable(of_abort(&Abort::new(code, "x"), &id), &headers);
            assert_eq!(page.status, 404);
            let next = if code == Code::NoSuchTicket { "href=\"/tickets\"" } else { "href=\"/\"" };
            assert!(page.body.contains(title) && page.body.contains(next), "{}", page.body);
        }
        let page = Reply::text(404, "application/json", "{}".to_owned());
        let headers = Headers::new(vec![("accept".to_owned(), "text/html".to_owned())]);
        assert_eq!(readable(page.clone(), &headers), page, "what is no problem stays");
    }
}
