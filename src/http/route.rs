//! Every route, as one enum. The file `route/own.rs` has those of the signed-in host.

mod own;
mod part;

use std::borrow::Cow;

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use crate::base::id::{EventId, ScopeId, TicketCode};
use crate::chain::lookup::parse_hash;
use crate::http::cover::place::Place;
use crate::http::files::File;
use crate::http::picture::PictureName;
use crate::identity::reader::Reader;
use crate::mail::inbound::Token;

use self::own::own;
pub use self::own::{AtDesk, Format, Own};
pub use self::part::NoRoute;
use self::part::{decoded, event_of, parse_address, scope_of};

/// The route of a request. [`parse`] has the method and the path of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    Health,
    Nonce,
    Siwe,
    SendCode,
    CheckCode,
    SignOut,
    Settings,
    Faucet,
    MailWebhook,
    /// `GET /api/tickets`: everything that the caller has bought
    Tickets,
    /// `GET /explorer/tx/{hash}` and `GET /explorer/address/{address}`, on one's own machine
    Explorer(AtExplorer),
    /// A cover: `GET /covers/{seed}/{shuffle}-{palette}/{cut}.svg`
    Cover(Place),
    /// The marketplace of the deployment.
    Market(AtMarket),
    /// `GET /agent`, a WebSocket
    Agent,
    /// A request of an x402 server to our own facilitator.
    Facilitator(AtFacilitator),
    /// A public request about the host with this scope.
    Host(ScopeId, AtHost),
    /// A request of the signed-in host.
    Own(Own),
}

/// A request to the marketplace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtMarket {
    /// `POST /mcp`: its MCP server
    Mcp,
    /// `GET /discover`: its page
    Page,
    /// A file for registries and crawlers.
    File(File),
}

/// A page of the explorer for a local chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtExplorer {
    Transaction(B256),
    Wallet(Address),
}

/// A public request about a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AtHost {
    Mcp,
    Manifest,
    /// The card of its MCP server, while the host is listed.
    ServerCard,
    Tool(String),
    /// `GET` at the address of a tool, as scanners do
    ToolPrice(String),
    HostPage,
    EventPage(EventId),
    Calendar(EventId),
    /// The picture of an event's link preview.
    Share(EventId),
    /// A picture that the host uploaded: `GET /pictures/{scope}/{name}`
    Picture(PictureName),
    Ticket(TicketCode),
    /// The page of a question at the desk: its key, not verified yet.
    Question(String),
    /// The page on which a reader stops a host's messages, and its form: `/u/{scope}/{reader}`
    Reader(Reader),
    SetReader(Reader),
}

/// A request of an x402 server to our own facilitator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtFacilitator {
    Supported,
    /// `GET /facilitator/discovery/resources`: what listed hosts sell
    Resources,
    Verify,
    Settle,
}

/// Finds what `method` and `path` ask for. `HEAD` asks for what `GET` does (RFC 9110, 9.3.2). A path is compared
/// percent-decoded, since `%5F` and `_` are the same address (RFC 3986, 6.2.2.2).
///
/// # Errors
/// [`NoRoute`].
pub fn parse(method: &str, path: &str) -> Result<Route, NoRoute> {
    let method = if method == "HEAD" { "GET" } else { method };
    let path = path.strip_prefix('/').unwrap_or(path);
    let parts: Option<Vec<Cow<'_, str>>> = path.split('/').map(decoded).collect();
    let parts = parts.ok_or(NoRoute::NotFound)?;
    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    let only = |wanted: &'static str, route: Route| {
        let allowed = if wanted == "GET" { "GET, HEAD" } else { wanted };
        if method == wanted { Ok(route) } else { Err(NoRoute::MethodNotAllowed(allowed)) }
    };
    match parts.as_slice() {
        ["health"] => only("GET", Route::Health),
        ["api", "auth", "nonce"] => only("POST", Route::Nonce),
        ["api", "auth", "siwe"] => only("POST", Route::Siwe),
        ["api", "auth", "otp"] => only("POST", Route::SendCode),
        ["api", "auth", "otp", "verify"] => only("POST", Route::CheckCode),
        ["api", "auth", "sign-out"] => only("POST", Route::SignOut),
        ["api", "settings"] => only("GET", Route::Settings),
        ["api", "local", "faucet"] => only("POST", Route::Faucet),
        ["api", "mail", "webhook"] => only("POST", Route::MailWebhook),
        ["api", "tickets"] => only("GET", Route::Tickets),
        ["mcp"] => only("POST", Route::Market(AtMarket::Mcp)),
        ["discover"] => only("GET", Route::Market(AtMarket::Page)),
        ["agent"] => only("GET", Route::Agent),
        ["explorer", "tx", hash] => {
            let hash = parse_hash(hash).ok_or(NoRoute::NotFound)?;
            only("GET", Route::Explorer(AtExplorer::Transaction(hash)))
        }
        ["explorer", "address", address] => {
            let address = parse_address(address).ok_or(NoRoute::NotFound)?;
            only("GET", Route::Explorer(AtExplorer::Wallet(address)))
        }
        ["facilitator", "supported"] => only("GET", Route::Facilitator(AtFacilitator::Supported)),
        ["facilitator", "discovery", "resources"] => {
            only("GET", Route::Facilitator(AtFacilitator::Resources))
        }
        ["facilitator", "verify"] => only("POST", Route::Facilitator(AtFacilitator::Verify)),
        ["facilitator", "settle"] => only("POST", Route::Facilitator(AtFacilitator::Settle)),
        ["api", "users", rest @ ..] => own(method, rest).map(Route::Own),
        ["mcp", "users", scope] => only("POST", Route::Host(scope_of(scope)?, AtHost::Mcp)),
        ["mcp", "users", scope, "manifest"] => {
            only("GET", Route::Host(scope_of(scope)?, AtHost::Manifest))
        }
        ["mcp", "users", scope, "server-card"] => {
            only("GET", Route::Host(scope_of(scope)?, AtHost::ServerCard))
        }
        ["x402", "users", scope, "tools", tool] if !tool.is_empty() && tool.len() <= 64 => {
            at_tool(method, scope_of(scope)?, (*tool).to_owned())
        }
        ["covers" | "pictures" | "e" | "t" | "q", ..] => only("GET", public(&parts)?),
        ["u", scope, reader] => at_reader(method, scope_of(scope)?, reader),
        path => match File::parse(path) {
            Some(file) => only("GET", Route::Market(AtMarket::File(file))),
            None => Err(NoRoute::NotFound),
        },
    }
}

fn at_tool(method: &str, scope: ScopeId, tool: String) -> Result<Route, NoRoute> {
    match method {
        "GET" => Ok(Route::Host(scope, AtHost::ToolPrice(tool))),
        "POST" => Ok(Route::Host(scope, AtHost::Tool(tool))),
        _ => Err(NoRoute::MethodNotAllowed("GET, HEAD, POST")),
    }
}

/// The page on which a reader stops a host's messages.
fn at_reader(method: &str, scope: ScopeId, reader: &str) -> Result<Route, NoRoute> {
    let reader = Reader::parse(reader).ok_or(NoRoute::NotFound)?;
    match method {
        "GET" => Ok(Route::Host(scope, AtHost::Reader(reader))),
        "POST" => Ok(Route::Host(scope, AtHost::SetReader(reader))),
        _ => Err(NoRoute::MethodNotAllowed("GET, HEAD, POST")),
    }
}

/// What everybody may open: pages, files and pictures of hosts.
fn public(parts: &[&str]) -> Result<Route, NoRoute> {
    let (scope, asked) = match parts {
        ["covers", seed, look, file] => {
            let place = Place::parse(seed, look, file).ok_or(NoRoute::NotFound)?;
            return Ok(Route::Cover(place));
        }
        ["pictures", scope, name] => {
            let name = PictureName::parse(name).ok_or(NoRoute::NotFound)?;
            (scope_of(scope)?, AtHost::Picture(name))
        }
        ["e", scope] => (scope_of(scope)?, AtHost::HostPage),
        ["e", scope, event] => (scope_of(scope)?, AtHost::EventPage(event_of(event)?)),
        ["e", scope, event, "calendar.ics"] => {
            (scope_of(scope)?, AtHost::Calendar(event_of(event)?))
        }
        ["e", scope, event, "share.png"] => (scope_of(scope)?, AtHost::Share(event_of(event)?)),
        ["t", code] => {
            let code = TicketCode::parse(code).map_err(|_| NoRoute::NotFound)?;
            (code.scope(), AtHost::Ticket(code))
        }
        ["q", key] => {
            let token = Token::parse(key).ok_or(NoRoute::NotFound)?;
            (token.scope.clone(), AtHost::Question(token.to_string()))
        }
        _ => return Err(NoRoute::NotFound),
    };
    Ok(Route::Host(scope, asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCOPE: &str = "0123456789abcdef0123456789abcdef";
    const EVENT: &str = "evt_0123456789abcdef01234567";

    #[test]
    fn addresses_lead_where_they_should() {
        let scope = ScopeId::parse(SCOPE).unwrap();
        let scope_again = scope.clone();
        let event = EventId::parse(EVENT).unwrap();
        let server = format!("/mcp/users/{SCOPE}");
        for (method, path, expected) in [
            ("GET", "/health".to_owned(), Ok(Route::Health)),
            ("POST", server.clone(), Ok(Route::Host(scope.clone(), AtHost::Mcp))),
            ("GET", server.clone(), Err(NoRoute::MethodNotAllowed("POST"))),
            ("DELETE", server.clone(), Err(NoRoute::MethodNotAllowed("POST"))),
            ("POST", format!("{server}/"), Err(NoRoute::NotFound)),
            ("POST", "/mcp/users/short".to_owned(), Err(NoRoute::NotFound)),
            (
                "GET",
                format!("/e/{SCOPE}/{EVENT}"),
                Ok(Route::Host(scope, AtHost::EventPage(event.clone()))),
            ),
            ("GET", format!("/e/{SCOPE}"), Ok(Route::Host(scope_again, AtHost::HostPage))),
            ("GET", "/api/settings".to_owned(), Ok(Route::Settings)),
            ("GET", "/api/local/faucet".to_owned(), Err(NoRoute::MethodNotAllowed("POST"))),
            ("POST", "/api/auth/sign-out".to_owned(), Ok(Route::SignOut)),
            ("POST", "/api/auth/otp".to_owned(), Ok(Route::SendCode)),
            ("GET", "/api/auth/otp/verify".to_owned(), Err(NoRoute::MethodNotAllowed("POST"))),
            ("POST", "/api/mail/webhook".to_owned(), Ok(Route::MailWebhook)),
            ("GET", "/api/users/mail".to_owned(), Ok(Route::Own(Own::Mail))),
            ("GET", "/api/users/me".to_owned(), Ok(Route::Own(Own::Profile))),
            ("PATCH", "/api/users/me".to_owned(), Ok(Route::Own(Own::ChangeProfile))),
            ("PUT", "/api/users/me".to_owned(), Err(NoRoute::MethodNotAllowed("GET, HEAD, PATCH"))),
            ("GET", "/api/users/revenue".to_owned(), Ok(Route::Own(Own::Revenue))),
            ("POST", "/api/users/credentials".to_owned(), Ok(Route::Own(Own::CreateCredential))),
            (
                "GET",
                "/api/users/credentials/crd_0123456789abcdef01234567".to_owned(),
                Err(NoRoute::MethodNotAllowed("DELETE")),
            ),
            ("DELETE", "/api/users/credentials/crd_1".to_owned(), Err(NoRoute::NotFound)),
            (
                "GET",
                format!("/api/users/events/{EVENT}/rsvps.csv"),
                Ok(Route::Own(Own::Rsvps(event, Format::Csv))),
            ),
            (
                "POST",
                "/facilitator/settle".to_owned(),
                Ok(Route::Facilitator(AtFacilitator::Settle)),
            ),
            ("GET", "/facilitator/settle".to_owned(), Err(NoRoute::MethodNotAllowed("POST"))),
            ("GET", "/internal".to_owned(), Err(NoRoute::NotFound)),
            (
                "GET",
                format!("/explorer/tx/0x{}", "1".repeat(64)),
                Ok(Route::Explorer(AtExplorer::Transaction(B256::repeat_byte(0x11)))),
            ),
            ("GET", format!("/explorer/tx/{}", "1".repeat(64)), Err(NoRoute::NotFound)),
            ("GET", format!("/explorer/tx/0x{}", "1".repeat(62)), Err(NoRoute::NotFound)),
            ("GET", format!("/explorer/tx/0x{}", "g".repeat(64)), Err(NoRoute::NotFound)),
            (
                "GET",
                format!("/explorer/address/{}", Address::repeat_byte(0xab).to_checksum(None)),
                Ok(Route::Explorer(AtExplorer::Wallet(Address::repeat_byte(0xab)))),
            ),
            ("GET", format!("/explorer/address/0x{}", "a".repeat(41)), Err(NoRoute::NotFound)),
            ("GET", format!("/explorer/address/0x{}", "ab".repeat(20)), Err(NoRoute::NotFound)),
            (
                "POST",
                format!("/explorer/address/0x{}", "1".repeat(40)),
                Err(NoRoute::MethodNotAllowed("GET, HEAD")),
            ),
        ] {
            assert_eq!(parse(method, &path), expected, "{method} {path}");
        }
    }

    #[test]
    fn what_was_bought_is_only_read() {
        assert_eq!(parse("GET", "/api/tickets"), Ok(Route::Tickets));
        let no_post = Err(NoRoute::MethodNotAllowed("GET, HEAD"));
        assert_eq!(parse("POST", "/api/tickets"), no_post);
        assert_eq!(parse("GET", "/api/tickets/1"), Err(NoRoute::NotFound));
    }

    #[test]
    fn a_cover_is_at_the_path_that_says_all_of_it() {
        let place = Place::parse(EVENT, "0-own", "wide.svg").unwrap();
        assert_eq!(parse("GET", &place.path()), Ok(Route::Cover(place)));
        assert_eq!(parse("GET", "/covers/x/0-own/wide.svg"), Err(NoRoute::NotFound));
    }

    #[test]
    fn a_picture_is_read_by_its_name_and_set_by_its_host() {
        let event = EventId::parse(EVENT).unwrap();
        let own = |method: &str, path: &str| parse(method, &format!("/api/users/{path}"));
        assert_eq!(own("POST", "me/picture"), Ok(Route::Own(Own::SetPicture(None))));
        let at_event = format!("events/{EVENT}/picture");
        assert_eq!(own("DELETE", &at_event), Ok(Route::Own(Own::RemovePicture(Some(event)))));
        assert_eq!(own("GET", &at_event), Err(NoRoute::MethodNotAllowed("POST, DELETE")));
        let name = PictureName::parse("0123456789abcdef0123456789abcdef.jpg").unwrap();
        let scope = ScopeId::parse(SCOPE).unwrap();
        let path = name.path(&scope);
        assert_eq!(parse("GET", &path), Ok(Route::Host(scope, AtHost::Picture(name))));
        assert_eq!(parse("GET", &format!("{path}.svg")), Err(NoRoute::NotFound));
    }

    #[test]
    fn a_backup_is_got_and_posted_back() {
        assert_eq!(parse("GET", "/api/users/export"), Ok(Route::Own(Own::Export)));
        assert_eq!(parse("POST", "/api/users/restore"), Ok(Route::Own(Own::Restore)));
        let no_get = Err(NoRoute::MethodNotAllowed("POST"));
        assert_eq!(parse("GET", "/api/users/restore"), no_get);
    }

    #[test]
    fn a_path_is_decoded_once_and_a_slash_stays_one() {
        let page = |event: &str| parse("GET", &format!("/e/{SCOPE}/{event}"));
        let event = EventId::parse(EVENT).unwrap();
        let expected = Ok(Route::Host(ScopeId::parse(SCOPE).unwrap(), AtHost::EventPage(event)));
        for same in [EVENT, "evt%5F0123456789abcdef01234567", "%65vt%5f0123456789abcdef0123456%37"]
        {
            assert_eq!(page(same), expected, "{same}");
        }
        for other in
            ["evt%255F0123456789abcdef01234567", "evt%5", "evt%", "evt%GG", "%ff", "a%2Fb", "%2f"]
        {
            assert_eq!(page(other), Err(NoRoute::NotFound), "{other}");
        }
        assert_eq!(parse("GET", "/api%2Fsettings"), Err(NoRoute::NotFound));
        assert_eq!(parse("GET", "/%61pi/settings"), Ok(Route::Settings));
    }

    #[test]
    fn head_asks_for_what_get_does_and_allow_says_so() {
        for path in ["/health", "/api/settings", "/api/users/events", "/api/users/payments.csv"] {
            assert_eq!(parse("HEAD", path), parse("GET", path), "{path}");
            let Err(NoRoute::MethodNotAllowed(allowed)) = parse("PUT", path) else {
                panic!("{path}")
            };
            assert!(allowed.starts_with("GET, HEAD"), "{path} {allowed}");
        }
        assert_eq!(parse("HEAD", "/api/auth/nonce"), Err(NoRoute::MethodNotAllowed("POST")));
    }
}
