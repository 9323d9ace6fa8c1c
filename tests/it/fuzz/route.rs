//! Paths and methods, and the headers of a preflight.

use events_concierge::base::http::Headers;
use events_concierge::http::cors::preflight;
use events_concierge::http::route::{
    AtDesk, AtExplorer, AtFacilitator, AtHost, AtMarket, Format, NoRoute, Own, Route, parse,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::bytes::{slipped_text, slips};
use super::input::text;
use super::{Verdict, fuzz};

const SEGMENTS: &[&str] = &[
    "api",
    "auth",
    "nonce",
    "siwe",
    "sign-out",
    "settings",
    "local",
    "faucet",
    "users",
    "mcp",
    "me",
    "events",
    "rsvps",
    "rsvps.csv",
    "check-in",
    "entrance",
    "revenue",
    "secrets",
    "kb",
    "tickets",
    "notes",
    "replies",
    "approvals",
    "approve",
    "reject",
    "desk",
    "reset",
    "kba_0123456789abcdef01234567",
    "tkt_0123456789abcdef01234567",
    "drf_0123456789abcdef01234567",
    "retrievals",
    "sec_0123456789abcdef01234567",
    "payments",
    "payments.csv",
    "x402",
    "tools",
    "listEvents",
    "e",
    "t",
    "manifest",
    "calendar.ics",
    "health",
    "",
    "..",
    "0123456789abcdef0123456789abcdef",
    "evt_0123456789abcdef01234567",
    "0123456789abcdef0123456789abcdef-0123456789abcdef01234567",
];

/// Addresses that lead somewhere.
const GOOD: &[&str] = &[
    "/health",
    "/api/auth/nonce",
    "/api/auth/siwe",
    "/api/auth/sign-out",
    "/api/settings",
    "/api/local/faucet",
    "/api/auth/otp",
    "/api/auth/otp/verify",
    "/api/mail/webhook",
    "/api/users/mail",
    "/api/users/mcp",
    "/api/users/me",
    "/api/users/events",
    "/api/users/events/evt_0123456789abcdef01234567",
    "/api/users/events/evt_0123456789abcdef01234567/rsvps",
    "/api/users/events/evt_0123456789abcdef01234567/rsvps.csv",
    "/api/users/events/evt_0123456789abcdef01234567/check-in",
    "/api/users/events/evt_0123456789abcdef01234567/entrance",
    "/api/users/events/evt_0123456789abcdef01234567/messages",
    "/u/0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "/api/users/kb",
    "/api/users/kb/kba_0123456789abcdef01234567",
    "/api/users/tickets",
    "/api/users/tickets/tkt_0123456789abcdef01234567",
    "/api/users/tickets/tkt_0123456789abcdef01234567/notes",
    "/api/users/tickets/tkt_0123456789abcdef01234567/replies",
    "/api/users/tickets/tkt_0123456789abcdef01234567/merge",
    "/api/users/tickets/search",
    "/api/users/approvals",
    "/api/users/prices",
    "/api/users/approvals/drf_0123456789abcdef01234567/approve",
    "/api/users/approvals/drf_0123456789abcdef01234567/reject",
    "/api/users/desk",
    "/api/users/desk/reset",
    "/api/users/secrets",
    "/api/users/secrets/sec_0123456789abcdef01234567",
    "/api/users/secrets/sec_0123456789abcdef01234567/retrievals",
    "/api/users/revenue",
    "/api/users/export",
    "/api/users/restore",
    "/api/users/payments",
    "/api/users/payments.csv",
    "/api/users/payments/pay_0123456789abcdef01234567/verdict",
    "/mcp/users/0123456789abcdef0123456789abcdef",
    "/mcp/users/0123456789abcdef0123456789abcdef/manifest",
    "/x402/users/0123456789abcdef0123456789abcdef/tools/listEvents",
    "/e/0123456789abcdef0123456789abcdef",
    "/e/0123456789abcdef0123456789abcdef/evt_0123456789abcdef01234567",
    "/e/0123456789abcdef0123456789abcdef/evt_0123456789abcdef01234567/calendar.ics",
    "/e/0123456789abcdef0123456789abcdef/evt_0123456789abcdef01234567/share.png",
    "/pictures/0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef.webp",
    "/api/users/me/picture",
    "/api/users/events/evt_0123456789abcdef01234567/picture",
    "/covers/0123456789abcdef0123456789abcdef/12-pine/strip.svg",
    "/covers/evt_0123456789abcdef01234567/0-own/wide.svg",
    "/t/0123456789abcdef0123456789abcdef-0123456789abcdef01234567",
    "/q/aeruiz4jvpg66ajdivtytk6n54aaaaaabaaaaaaaaaaaaaaa",
    "/facilitator/settle",
    "/explorer/tx/0xabcdef1111111111111111111111111111111111111111111111111111111111",
    "/explorer/address/0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
];

/// The same of a signed-in host's, below its own address.
fn at_own(own: &Own) -> String {
    match own {
        Own::Register => "mcp".to_owned(),
        Own::Profile | Own::ChangeProfile => "me".to_owned(),
        Own::Events | Own::CreateEvent => "events".to_owned(),
        Own::UpdateEvent(id) | Own::CancelEvent(id) => format!("events/{id}"),
        Own::Waitlist(id) => format!("events/{id}/waitlist"),
        Own::Rsvps(id, Format::Json) => format!("events/{id}/rsvps"),
        Own::Rsvps(id, Format::Csv) => format!("events/{id}/rsvps.csv"),
        Own::CheckIn(id) => format!("events/{id}/check-in"),
        Own::Messages(id) | Own::MessageGuests(id) => format!("events/{id}/messages"),
        Own::SetPicture(None) | Own::RemovePicture(None) => "me/picture".to_owned(),
        Own::SetPicture(Some(id)) | Own::RemovePicture(Some(id)) => format!("events/{id}/picture"),
        Own::Entrance(id) | Own::Enter(id) => format!("events/{id}/entrance"),
        Own::Secrets | Own::StoreSecret => "secrets".to_owned(),
        Own::ChangeSecret(id) | Own::RevokeSecret(id) => format!("secrets/{id}"),
        Own::Retrievals(id) => format!("secrets/{id}/retrievals"),
        Own::Desk(asked) => at_desk(asked),
        Own::Credentials | Own::CreateCredential => "credentials".to_owned(),
        Own::RevokeCredential(id) => format!("credentials/{id}"),
        Own::Revenue => "revenue".to_owned(),
        Own::Mail => "mail".to_owned(),
        Own::Payments(Format::Json) => "payments".to_owned(),
        Own::Payments(Format::Csv) => "payments.csv".to_owned(),
        Own::Export => "export".to_owned(),
        Own::Restore => "restore".to_owned(),
        Own::Prices | Own::ChangePrices => "prices".to_owned(),
        Own::Refunds | Own::PayRefunds => "refunds".to_owned(),
        Own::Decide(id) => format!("payments/{id}/verdict"),
    }
}

/// The one address of what a request asks for.
fn path_of(route: &Route) -> String {
    match route {
        Route::Health => "health".to_owned(),
        Route::Nonce => "api/auth/nonce".to_owned(),
        Route::Siwe => "api/auth/siwe".to_owned(),
        Route::SendCode => "api/auth/otp".to_owned(),
        Route::CheckCode => "api/auth/otp/verify".to_owned(),
        Route::MailWebhook => "api/mail/webhook".to_owned(),
        Route::SignOut => "api/auth/sign-out".to_owned(),
        Route::Settings => "api/settings".to_owned(),
        Route::Market(AtMarket::Mcp) => "mcp".to_owned(),
        Route::Market(AtMarket::Page) => "discover".to_owned(),
        Route::Market(AtMarket::File(file)) => file.path().to_owned(),
        Route::Tickets => "api/tickets".to_owned(),
        Route::Faucet => "api/local/faucet".to_owned(),
        Route::Agent => "agent".to_owned(),
        Route::Explorer(AtExplorer::Transaction(hash)) => format!("explorer/tx/{hash}"),
        Route::Explorer(AtExplorer::Wallet(address)) => {
            format!("explorer/address/{}", address.to_checksum(None))
        }
        Route::Facilitator(AtFacilitator::Supported) => "facilitator/supported".to_owned(),
        Route::Facilitator(AtFacilitator::Resources) => {
            "facilitator/discovery/resources".to_owned()
        }
        Route::Facilitator(AtFacilitator::Verify) => "facilitator/verify".to_owned(),
        Route::Facilitator(AtFacilitator::Settle) => "facilitator/settle".to_owned(),
        Route::Cover(place) => place.path().trim_start_matches('/').to_owned(),
        Route::Own(asked) => format!("api/users/{}", at_own(asked)),
        Route::Host(scope, AtHost::Mcp) => format!("mcp/users/{scope}"),
        Route::Host(scope, AtHost::Manifest) => format!("mcp/users/{scope}/manifest"),
        Route::Host(scope, AtHost::ServerCard) => format!("mcp/users/{scope}/server-card"),
        Route::Host(scope, AtHost::Tool(name) | AtHost::ToolPrice(name)) => {
            format!("x402/users/{scope}/tools/{name}")
        }
        Route::Host(scope, AtHost::HostPage) => format!("e/{scope}"),
        Route::Host(scope, AtHost::EventPage(id)) => format!("e/{scope}/{id}"),
        Route::Host(scope, AtHost::Calendar(id)) => format!("e/{scope}/{id}/calendar.ics"),
        Route::Host(scope, AtHost::Share(id)) => format!("e/{scope}/{id}/share.png"),
        Route::Host(scope, AtHost::Picture(name)) => format!("pictures/{scope}/{name}"),
        Route::Host(scope, AtHost::Ticket(code)) => {
            assert_eq!(code.scope(), *scope);
            format!("t/{code}")
        }
        Route::Host(_, AtHost::Question(key)) => format!("q/{key}"),
        Route::Host(scope, AtHost::Reader(reader) | AtHost::SetReader(reader)) => {
            format!("u/{scope}/{reader}")
        }
    }
}

fn at_desk(asked: &AtDesk) -> String {
    match asked {
        AtDesk::Articles | AtDesk::CreateArticle => "kb".to_owned(),
        AtDesk::ChangeArticle(id) | AtDesk::RemoveArticle(id) => format!("kb/{id}"),
        AtDesk::Tickets => "tickets".to_owned(),
        AtDesk::Ticket(id) | AtDesk::ChangeTicket(id) => format!("tickets/{id}"),
        AtDesk::SearchTickets => "tickets/search".to_owned(),
        AtDesk::MergeTicket(id) => format!("tickets/{id}/merge"),
        AtDesk::AddNote(id) => format!("tickets/{id}/notes"),
        AtDesk::Reply(id) => format!("tickets/{id}/replies"),
        AtDesk::Approvals => "approvals".to_owned(),
        AtDesk::EditDraft(id) => format!("approvals/{id}"),
        AtDesk::Approve(id) => format!("approvals/{id}/approve"),
        AtDesk::Reject(id) => format!("approvals/{id}/reject"),
        AtDesk::Settings | AtDesk::ChangeSettings => "desk".to_owned(),
        AtDesk::ResetBreaker => "desk/reset".to_owned(),
    }
}

/// Percent-decoded once.
fn decoded(path: &[u8]) -> Vec<u8> {
    match path {
        [b'%', high, low, rest @ ..] => {
            let byte = alloy_primitives::hex::decode([*high, *low]).unwrap();
            [byte, decoded(rest)].concat()
        }
        [byte, rest @ ..] => [vec![*byte], decoded(rest)].concat(),
        [] => Vec::new(),
    }
}

fn check_path(method: &str, path: &str) -> Verdict {
    match parse(method, path) {
        Ok(route) => {
            let path = path.strip_prefix('/').unwrap_or(path);
            let plain = decoded(path.as_bytes());
            prop_assert_eq!(plain, path_of(&route).into_bytes());
            let slashes = |path: &str| path.matches('/').count();
            prop_assert_eq!(slashes(path), slashes(&path_of(&route)));
        }
        Err(NoRoute::NotFound) => {}
        Err(NoRoute::MethodNotAllowed(allowed)) => {
            for allowed in allowed.split(", ") {
                prop_assert!(allowed != method && !allowed.is_empty());
                let answer = parse(allowed, path);
                let is_there = answer.is_ok() || answer == Err(NoRoute::NotFound);
                prop_assert!(is_there, "{allowed} {path}: {answer:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn an_address_leads_to_one_thing_or_nowhere() {
    let inputs = || {
        let methods = &["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "get", ""][..];
        let segment = prop_oneof![6 => select(SEGMENTS).prop_map(str::to_owned), 1 => text()];
        let path = prop_oneof![
            3 => (select(GOOD), slips()).prop_map(|(path, slips)| slipped_text(path, &slips)),
            2 => vec(segment, 0..8).prop_map(|parts| format!("/{}", parts.join("/"))),
            1 => text(),
        ];
        let asked = prop_oneof![text(), text().prop_map(|text| format!("a, Mcp-Param-{text}"))];
        (prop_oneof![9 => select(methods).prop_map(str::to_owned), 1 => text()], path, asked)
    };
    fuzz("routes", inputs, |(method, path, asked)| {
        let headers = [("access-control-request-headers".to_owned(), asked.clone())];
        let reply = preflight(&Headers::new(headers.to_vec()));
        prop_assert!(reply.headers.iter().map(|(_, value)| value.len()).sum::<usize>() < 3_000);
        check_path(&method, &path)
    });
}

#[test]
fn every_good_address_is_found_in_one_spelling_only() {
    const METHODS: [&str; 4] = ["GET", "POST", "PATCH", "DELETE"];
    for path in GOOD {
        assert!(METHODS.iter().any(|method| parse(method, path).is_ok()), "{path}");
        for place in 0..path.len() {
            let mut other = path.as_bytes().to_vec();
            other[place] = other[place].to_ascii_uppercase();
            let other = String::from_utf8(other).unwrap();
            for method in METHODS {
                check_path(method, &other).unwrap();
            }
        }
    }
}
