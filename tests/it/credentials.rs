//! Credentials of the host's own programs: what each is good for, and that nothing else is.

use events_concierge::base::http::Reply;
use events_concierge::base::id::{
    ArticleId, CredentialId, DraftId, EventId, PaymentId, SecretId, TicketId,
};
use events_concierge::base::time::UnixSeconds;
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtDesk, AtHost, Format, Own};
use events_concierge::identity::Token;
use events_concierge::shop::registry::{Products, Tool};
use serde_json::{Value, json};

use crate::support::{NOW, Server, Wallet, block_on, header, json_of};

const NO_EVENT: &str = "evt_000000000000000000000000";
const NO_SECRET: &str = "sec_000000000000000000000000";
const NO_TICKET: &str = "tkt_000000000000000000000000";
const NO_ARTICLE: &str = "kba_000000000000000000000000";
const TIERS: [&str; 3] = ["read", "draft", "send"];

fn create(server: &Server, body: &Value) -> Reply {
    server.as_owner(Action::Own(Own::CreateCredential), body)
}

/// A new credential: its id and its token.
fn created(server: &Server, body: &Value) -> (CredentialId, String) {
    let reply = create(server, body);
    assert_eq!(reply.status, 201, "{}", reply.body);
    let answer = json_of(&reply);
    let id = answer["credential"]["id"].as_str().unwrap();
    (CredentialId::parse(id).unwrap(), answer["token"].as_str().unwrap().to_owned())
}

fn of_tier(server: &Server, tier: &str) -> String {
    created(server, &json!({"name": tier, "tier": tier})).1
}

fn as_agent(server: &Server, token: &str, action: Action, body: &Value) -> Reply {
    let mut request = server.request(action, false, &[], body);
    request.command.credential = Some(Token::parse(token).unwrap().digest());
    block_on(server.handle(request))
}

fn call(server: &Server, token: &str, tool: &str, arguments: &Value) -> Reply {
    as_agent(server, token, Action::AtHost(AtHost::Tool(tool.to_owned())), arguments)
}

fn list(server: &Server, token: &str) -> Vec<String> {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let reply = as_agent(server, token, Action::AtHost(AtHost::Mcp), &body);
    let tools = json_of(&reply)["result"]["tools"].clone();
    let names = tools.as_array().unwrap().iter();
    names.map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

fn credentials(server: &Server) -> Value {
    let reply = server.as_owner(Action::Own(Own::Credentials), &json!({}));
    json_of(&reply)["credentials"].clone()
}

fn revoke(server: &Server, id: &CredentialId) -> Reply {
    server.as_owner(Action::Own(Own::RevokeCredential(id.clone())), &json!({}))
}

fn is(reply: &Reply, status: u16, code: &str) {
    let body = json_of(reply);
    assert_eq!((reply.status, body["title"].as_str().unwrap()), (status, code), "{}", reply.body);
}

/// What is random of a token, which may hold underscores itself.
fn secret_of(token: &str) -> &str {
    &token[37..]
}

/// Good arguments for a tool.
fn arguments(tool: &str, event: &str, secret: &str) -> Value {
    let ticket = NO_TICKET;
    match tool {
        "searchKb" => json!({"query": "refund"}),
        "listTickets" | "listRefunds" | "payRefunds" => json!({}),
        "cancelRsvp" => json!({"eventId": event}),
        "transferTicket" => {
            json!({"ticket": format!("{}-{}", "0".repeat(32), "0".repeat(24)), "name": "Bo"})
        }
        "createTicket" => json!({"subject": "s", "body": "b"}),
        "getTicketStatus" => json!({"statusKey": "a".repeat(48)}),
        "getTicketContext" | "triageTicket" | "resolveTicket" => json!({"ticketId": ticket}),
        "draftReply" | "proposeResolution" | "sendReply" => {
            json!({"ticketId": ticket, "body": "b"})
        }
        "assignTicket" => json!({"ticketId": ticket, "assignee": "Bo"}),
        "createKbArticle" => json!({"title": "t", "body": "b"}),
        "updateKbArticle" => json!({"articleId": NO_ARTICLE, "body": "b"}),
        "listEvents" | "getAllEvents" | "listSecrets" => json!({}),
        "createEvent" => {
            json!({"title": "T", "startsAt": "2027-03-01T18:30:00Z", "capacity": 5, "price": "0.05"})
        }
        "updateEvent" => json!({"eventId": event, "title": "Changed"}),
        "storeSecret" => json!({"name": "n", "value": "v"}),
        "retrieveSecret" | "deleteSecret" => json!({"secretId": secret}),
        "messageGuests" => json!({"eventId": event, "subject": "s", "text": "t"}),
        "checkIn" => {
            let code = format!("{}-{}", "0".repeat(32), "0".repeat(24));
            json!({"eventId": event, "code": code})
        }
        _ => json!({"eventId": event}),
    }
}

/// What comes of a tool for a credential of the tiers read, draft and send.
const BY_TIER: &[(&str, [&str; 3])] = &[
    ("listEvents", ["runs", "runs", "runs"]),
    ("getEvent", ["runs", "runs", "runs"]),
    ("rsvpToEvent", ["no", "no", "pays"]),
    ("cancelRsvp", ["no", "no", "proves"]),
    ("transferTicket", ["no", "no", "runs"]),
    ("joinWaitlist", ["no", "no", "proves"]),
    ("leaveWaitlist", ["no", "no", "proves"]),
    ("getWaitlistPlace", ["proves", "proves", "proves"]),
    ("getEventAnalytics", ["runs", "runs", "runs"]),
    ("createEvent", ["no", "no", "runs"]),
    ("updateEvent", ["no", "no", "runs"]),
    ("cancelEvent", ["no", "no", "runs"]),
    ("checkIn", ["no", "no", "runs"]),
    ("listWaitlist", ["runs", "runs", "runs"]),
    ("messageGuests", ["no", "no", "runs"]),
    ("listRefunds", ["runs", "runs", "runs"]),
    ("payRefunds", ["no", "no", "runs"]),
    ("listSecrets", ["runs", "runs", "runs"]),
    ("retrieveSecret", ["no", "no", "pays"]),
    ("storeSecret", ["no", "no", "runs"]),
    ("deleteSecret", ["no", "no", "runs"]),
    ("searchKb", ["runs", "runs", "runs"]),
    ("createTicket", ["no", "runs", "runs"]),
    ("getTicketStatus", ["runs", "runs", "runs"]),
    ("getTicketContext", ["runs", "runs", "runs"]),
    ("triageTicket", ["no", "runs", "runs"]),
    ("draftReply", ["no", "runs", "runs"]),
    ("proposeResolution", ["no", "runs", "runs"]),
    ("sendReply", ["no", "runs", "runs"]),
    ("assignTicket", ["no", "runs", "runs"]),
    ("resolveTicket", ["no", "runs", "runs"]),
    ("listTickets", ["runs", "runs", "runs"]),
    ("createKbArticle", ["no", "no", "runs"]),
    ("updateKbArticle", ["no", "no", "runs"]),
];

fn all_products(server: &Server) {
    let products = json!({"products": ["events", "vault", "desk"]});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &products).status, 200);
}

#[test]
fn each_tier_calls_its_tools_and_sees_no_others() {
    let server = Server::open();
    all_products(&server);
    let tokens = TIERS.map(|tier| of_tier(&server, tier));
    let named: Vec<&str> = BY_TIER.iter().map(|(name, _)| *name).collect();
    let all: Vec<&str> =
        Products::parse(["events", "vault", "desk"]).unwrap().tools().map(Tool::name).collect();
    assert_eq!(named, all, "every tool is in the table");
    for (name, expected) in BY_TIER {
        for (token, expected) in tokens.iter().zip(expected) {
            let event = server.event(5);
            let secret = json!({"name": "n", "value": "v"});
            let secret = server.as_owner(Action::Own(Own::StoreSecret), &secret);
            let secret = json_of(&secret)["id"].as_str().unwrap().to_owned();
            let reply = call(&server, token, name, &arguments(name, &event, &secret));
            let came = match reply.status {
                200 => "runs",
                402 if header(&reply, "payment-required").is_some() => "pays",
                401 if reply.body.contains("sign-in-with-x") => "proves",
                403 if reply.body.contains("not_granted") => "no",
                // The ticket is not one, but it was looked up.
                404 if reply.body.contains("no_such_ticket") => "runs",
                404 if reply.body.contains("ticket_not_found") => "runs",
                404 if reply.body.contains("article_not_found") => "runs",
                // This world sends no mail, and it was asked whether it does.
                503 if reply.body.contains("mail_unavailable") => "runs",
                _ => &reply.body,
            };
            assert_eq!(came, *expected, "{name}");
            assert_eq!(list(&server, token).iter().any(|shown| shown == name), *expected != "no");
        }
    }
    assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'settled'"), 0);
    assert_eq!(server.int("SELECT count(*) FROM payments"), 0, "nobody has paid");
}

#[test]
fn analytics_cost_a_stranger_a_cent_and_the_hosts_program_nothing() {
    let server = Server::open();
    let event = server.event(5);
    let named = json!({"eventId": event});
    let token = of_tier(&server, "read");
    let rows =
        || (server.int("SELECT count(*) FROM ledger"), server.int("SELECT count(*) FROM payments"));
    let before = rows();
    let free = call(&server, &token, "getEventAnalytics", &named);
    assert_eq!(free.status, 200, "{}", free.body);
    // Nor is a payment taken that nobody has asked for.
    let offer = server.challenge("getEventAnalytics", &named);
    let payment = Wallet::new(1).pay(&offer["accepts"][0], 1).to_string();
    use base64::Engine;
    let payment = base64::engine::general_purpose::STANDARD.encode(payment);
    let action = Action::AtHost(AtHost::Tool("getEventAnalytics".to_owned()));
    let mut request = server.request(action, false, &[("payment-signature", &payment)], &named);
    request.command.credential = Some(Token::parse(&token).unwrap().digest());
    let reply = block_on(server.handle(request));
    assert_eq!((reply.status, header(&reply, "payment-response")), (200, None), "{}", reply.body);
    assert_eq!(rows(), before);
    assert!(server.world.memory.settled.borrow().is_empty());
    assert_eq!(block_on(server.tool("getEventAnalytics", &named, None)).status, 402);
}

#[test]
fn a_seat_and_a_secret_are_paid_with_a_credential_too() {
    let server = Server::open();
    let event = server.event(5);
    let token = of_tier(&server, "send");
    let reply = call(&server, &token, "rsvpToEvent", &json!({"eventId": event}));
    assert_eq!(reply.status, 402, "{}", reply.body);
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 0);
}

#[test]
fn a_credential_for_some_tools_reaches_no_others_and_no_rest() {
    let server = Server::open();
    let event = server.event(5);
    let some = json!({"name": "n", "tier": "send", "tools": ["getAllEvents", "createEvent", "listEvents"]});
    let reply = json_of(&create(&server, &some));
    let token = reply["token"].as_str().unwrap();
    assert_eq!(reply["credential"]["tools"], json!(["listEvents", "createEvent"]));
    assert_eq!(reply["mayCall"], json!(["listEvents", "createEvent"]));
    assert_eq!(list(&server, token), ["listEvents", "createEvent"]);
    for tool in ["listEvents", "getAllEvents", "createEvent"] {
        assert_eq!(call(&server, token, tool, &arguments(tool, &event, NO_SECRET)).status, 200);
    }
    for tool in ["getEvent", "updateEvent", "rsvpToEvent", "getEventAnalytics"] {
        is(&call(&server, token, tool, &arguments(tool, &event, NO_SECRET)), 403, "not granted");
    }
    for (own, _) in by_rest() {
        is(&as_agent(&server, token, Action::Own(own), &json!({})), 403, "not granted");
    }
    // A tool that a later version took away does not leave a credential for all of them.
    server.sql("UPDATE credentials SET tools = '[\"gone\"]'");
    assert_eq!(list(&server, token), [""; 0]);
    is(&call(&server, token, "listEvents", &json!({})), 403, "not granted");
}

/// What the host asks over REST, and from which tier on a credential may.
fn by_rest() -> Vec<(Own, Option<&'static str>)> {
    let event = EventId::parse(NO_EVENT).unwrap();
    let secret = SecretId::parse(NO_SECRET).unwrap();
    let credential = CredentialId::parse("crd_000000000000000000000000").unwrap();
    let ticket = TicketId::parse(NO_TICKET).unwrap();
    let article = ArticleId::parse(NO_ARTICLE).unwrap();
    let draft = DraftId::parse("drf_000000000000000000000000").unwrap();
    let (read, send) = (Some("read"), Some("send"));
    vec![
        (Own::Register, None),
        (Own::ChangeProfile, None),
        (Own::Credentials, None),
        (Own::CreateCredential, None),
        (Own::RevokeCredential(credential), None),
        (Own::Profile, read),
        (Own::Events, read),
        (Own::Rsvps(event.clone(), Format::Json), read),
        (Own::Waitlist(event.clone()), read),
        (Own::Rsvps(event.clone(), Format::Csv), read),
        (Own::Secrets, read),
        (Own::Retrievals(secret.clone()), read),
        (Own::Revenue, read),
        (Own::Prices, read),
        (Own::ChangePrices, None),
        (Own::Payments(Format::Json), read),
        (Own::Payments(Format::Csv), read),
        (Own::Decide(PaymentId::parse("pay_000000000000000000000000").unwrap()), None),
        (Own::CreateEvent, send),
        (Own::UpdateEvent(event.clone()), send),
        (Own::CancelEvent(event.clone()), send),
        (Own::CheckIn(event.clone()), send),
        (Own::SetPicture(Some(event.clone())), send),
        (Own::RemovePicture(Some(event.clone())), send),
        (Own::SetPicture(None), None),
        (Own::RemovePicture(None), None),
        (Own::Entrance(event.clone()), read),
        (Own::Messages(event.clone()), read),
        (Own::MessageGuests(event.clone()), send),
        (Own::Enter(event), send),
        (Own::StoreSecret, send),
        (Own::ChangeSecret(secret.clone()), send),
        (Own::RevokeSecret(secret), send),
        (Own::Mail, read),
        (Own::Desk(AtDesk::Articles), read),
        (Own::Desk(AtDesk::Tickets), read),
        (Own::Desk(AtDesk::SearchTickets), read),
        (Own::Desk(AtDesk::Ticket(ticket.clone())), read),
        (Own::Desk(AtDesk::Approvals), read),
        (Own::Desk(AtDesk::Settings), read),
        (Own::Desk(AtDesk::AddNote(ticket.clone())), Some("draft")),
        (Own::Desk(AtDesk::CreateArticle), send),
        (Own::Desk(AtDesk::ChangeArticle(article.clone())), send),
        (Own::Desk(AtDesk::RemoveArticle(article)), send),
        (Own::Desk(AtDesk::ChangeTicket(ticket.clone())), send),
        (Own::Desk(AtDesk::MergeTicket(ticket.clone())), send),
        (Own::Desk(AtDesk::Reply(ticket)), send),
        (Own::Desk(AtDesk::Approve(draft.clone())), None),
        (Own::Desk(AtDesk::EditDraft(draft.clone())), None),
        (Own::Desk(AtDesk::Reject(draft)), None),
        (Own::Desk(AtDesk::ChangeSettings), None),
        (Own::Desk(AtDesk::ResetBreaker), None),
    ]
}

#[test]
fn over_rest_a_credential_reads_and_changes_by_its_tier_and_never_the_profile_or_credentials() {
    let server = Server::open();
    let tokens = TIERS.map(|tier| of_tier(&server, tier));
    // What would move the payout, if it were asked.
    let body = json!({"userId": "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
        "walletAddress": "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955", "name": "another"});
    let before = server.everything();
    for (own, from) in by_rest() {
        for (tier, token) in TIERS.iter().zip(&tokens) {
            let rank = |name: &str| TIERS.iter().position(|tier| *tier == name);
            let may = from.is_some_and(|from| rank(tier) >= rank(from));
            let mut request = server.request(Action::Own(own.clone()), false, &[], &body);
            request.command.credential = Some(Token::parse(token).unwrap().digest());
            let reply = block_on(server.handle(request));
            let is_refused = reply.status == 403 && reply.body.contains("not_granted");
            assert_eq!(is_refused, !may, "{own:?} {tier} {}", reply.body);
            assert!(reply.status != 401 && reply.status != 500, "{own:?} {}", reply.body);
        }
    }
    let used = "UPDATE credentials SET last_used_at = NULL";
    server.sql(used);
    assert_eq!(server.everything(), before, "nothing was changed by what was refused or faulty");
}

#[test]
fn a_session_beside_a_credential_counts_for_nothing() {
    let server = Server::open();
    let token = of_tier(&server, "read");
    let mut request =
        server.request(Action::Own(Own::CreateCredential), true, &[], &json!({"name": "n"}));
    request.command.credential = Some(Token::parse(&token).unwrap().digest());
    is(&block_on(server.handle(request)), 403, "not granted");
}

/// The server says so for the whole request, whatever is asked.
fn is_refused(server: &Server, token: &str) {
    let rpc = |method: &str| json!({"jsonrpc": "2.0", "id": 1, "method": method});
    let at_server = Action::AtHost(AtHost::Mcp);
    for reply in [
        call(server, token, "listEvents", &json!({})),
        call(server, token, "createEvent", &arguments("createEvent", "", "")),
        as_agent(server, token, at_server.clone(), &rpc("tools/list")),
        as_agent(server, token, at_server.clone(), &rpc("ping")),
        as_agent(server, token, at_server, &json!([rpc("ping"), rpc("ping")])),
        as_agent(server, token, Action::Own(Own::Events), &json!({})),
        as_agent(server, token, Action::Own(Own::Register), &json!({})),
    ] {
        is(&reply, 401, "credential refused");
        assert_eq!(header(&reply, "www-authenticate"), Some("Bearer error=\"invalid_token\""));
    }
}

#[test]
fn what_is_unknown_changed_expired_or_revoked_is_refused_and_another_hosts_too() {
    let server = Server::open();
    let neighbour = server.beside();
    let (id, token) = created(&server, &json!({"name": "n", "tier": "send"}));
    assert_eq!(call(&server, &token, "listEvents", &json!({})).status, 200);
    is_refused(&neighbour, &token);
    let theirs = of_tier(&neighbour, "send");
    is_refused(&server, &theirs);
    // The secret of one with the scope of the other.
    let secret = secret_of(&theirs);
    is_refused(&server, &format!("mcp_{}_{secret}", server.scope));
    let (head, secret) = (&token[..37], secret_of(&token));
    for place in 0..secret.len() - 1 {
        let mut changed = secret.to_owned().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = format!("{head}{}", String::from_utf8(changed).unwrap());
        is(&call(&server, &changed, "listEvents", &json!({})), 401, "credential refused");
    }
    assert_eq!(call(&server, &token, "listEvents", &json!({})).status, 200);
    let first = revoke(&server, &id);
    assert_eq!((first.status, &json_of(&first)["credential"]["status"]), (200, &json!("revoked")));
    is_refused(&server, &token);
    server.world.memory.now.set(NOW + 100);
    assert_eq!(revoke(&server, &id), first, "a second time it answers the same");
    assert_eq!(server.int("SELECT revoked_at FROM credentials"), NOW);
    let unknown = CredentialId::parse("crd_000000000000000000000000").unwrap();
    is(&revoke(&server, &unknown), 404, "credential not found");

    let end = json!({"name": "n", "tier": "read", "expiresAt": "2026-11-21T13:00:00Z"});
    let (_, token) = created(&server, &end);
    server.world.memory.now.set(NOW + 3_599);
    assert_eq!(call(&server, &token, "listEvents", &json!({})).status, 200);
    server.world.memory.now.set(NOW + 3_600);
    is_refused(&server, &token);
    assert_eq!(credentials(&server)[0]["status"], "expired");
}

#[test]
fn who_tries_tokens_is_counted_as_a_stranger_and_nothing_is_stored_where_nobody_registered() {
    let server = Server::open();
    let limit = json!({"limits": {"unpaidPerMinute": 2}});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &limit).status, 200);
    let wrong = format!("mcp_{}_{}", server.scope, "A".repeat(43));
    for _ in 0..2 {
        is(&call(&server, &wrong, "listEvents", &json!({})), 401, "credential refused");
    }
    is(&call(&server, &wrong, "listEvents", &json!({})), 429, "rate limited");
    let nobody = Server::on(crate::support::World::new());
    is_refused(&nobody, &wrong);
    assert_eq!(nobody.int("SELECT count(*) FROM sqlite_master"), 0);
}

#[test]
fn a_credential_is_good_for_so_many_calls_in_a_minute() {
    let server = Server::open();
    let (token, other) = (of_tier(&server, "read"), of_tier(&server, "read"));
    for n in 0..600 {
        let reply = match n % 2 {
            0 => call(&server, &token, "listEvents", &json!({})),
            _ => as_agent(&server, &token, Action::Own(Own::Revenue), &json!({})),
        };
        assert_eq!(reply.status, 200, "{n} {}", reply.body);
    }
    let over = call(&server, &token, "listEvents", &json!({}));
    is(&over, 429, "rate limited");
    assert_eq!(header(&over, "retry-after"), Some("60"));
    is(&as_agent(&server, &token, Action::Own(Own::Revenue), &json!({})), 429, "rate limited");
    is(&call(&server, &token, "rsvpToEvent", &json!({"eventId": NO_EVENT})), 429, "rate limited");
    assert_eq!(call(&server, &other, "listEvents", &json!({})).status, 200);
    assert_eq!(block_on(server.tool("listEvents", &json!({}), None)).status, 200);
    server.world.memory.now.set(NOW + 60);
    assert_eq!(call(&server, &token, "listEvents", &json!({})).status, 200);
}

#[test]
fn a_fault_names_the_field_and_nothing_is_made() {
    let server = Server::open();
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("a\nb")),
        ("name", json!("x".repeat(101))),
        ("tier", json!("owner")),
        ("tier", json!("Send")),
        ("tools", json!(["openServer"])),
        ("tools", json!("listEvents")),
        ("tools", json!(vec!["listEvents"; 101])),
        ("expiresAt", json!("2026-11-21T12:00:00Z")),
        ("expiresAt", json!("tomorrow")),
        ("digest", json!("0")),
    ] {
        let mut wrong = json!({"name": "n"});
        wrong[field] = value;
        let reply = create(&server, &wrong);
        assert_eq!(reply.status, 422, "{field} {}", reply.body);
        assert!(json_of(&reply)["detail"].as_str().unwrap().contains(field), "{}", reply.body);
    }
    assert_eq!(credentials(&server), json!([]));
}

#[test]
fn a_host_has_at_most_a_hundred_and_forgets_old_revoked_ones() {
    let server = Server::open();
    let mut last = None;
    for _ in 0..100 {
        last = Some(created(&server, &json!({"name": "n"})));
    }
    is(&create(&server, &json!({"name": "n"})), 409, "too many credentials");
    let (mut id, _) = last.unwrap();
    for _ in 0..150 {
        revoke(&server, &id);
        (id, _) = created(&server, &json!({"name": "n"}));
    }
    let count = |what: &str| server.int(&format!("SELECT count(*) FROM credentials WHERE {what}"));
    assert_eq!((count("revoked_at IS NULL"), count("revoked_at IS NOT NULL")), (100, 100));
}

#[test]
fn the_list_shows_what_each_is_good_for_and_when_it_was_used() {
    let server = Server::open();
    let (_, token) = created(&server, &json!({"name": "Desk"}));
    let one = || credentials(&server)[0].clone();
    let secret = secret_of(&token);
    assert_eq!(
        one(),
        json!({"id": one()["id"], "name": "Desk", "tier": "draft", "tools": [], "hint": secret[..4],
            "createdAt": "2026-11-21T12:00:00Z", "status": "active"})
    );
    let used_at = |seconds: i64| {
        server.world.memory.now.set(NOW + seconds);
        assert_eq!(call(&server, &token, "listEvents", &json!({})).status, 200);
        one()["lastUsedAt"].clone()
    };
    assert_eq!(used_at(60), "2026-11-21T12:01:00Z");
    assert_eq!(used_at(3_659), "2026-11-21T12:01:00Z", "written at most once in an hour");
    assert_eq!(used_at(3_660), "2026-11-21T13:01:00Z");
}

#[test]
fn a_token_is_shown_once_and_stands_nowhere() {
    let mut server = Server::open();
    let reply = create(&server, &json!({"name": "n", "tier": "send"}));
    assert_eq!(header(&reply, "cache-control"), Some("no-store"));
    let token = json_of(&reply)["token"].as_str().unwrap().to_owned();
    assert_eq!(token.len(), 80);
    call(&server, &token, "createEvent", &arguments("createEvent", "", ""));
    server.pass(120);
    let secret = secret_of(&token);
    let stored = server.everything();
    let digest = Token::parse(&token).unwrap().digest();
    assert!(stored.contains(digest.as_str()));
    assert!(!stored.contains(&secret[4..]) && !stored.contains("mcp_"), "{stored}");
    let kv = format!("{:?}", server.world.memory.kv.borrow());
    assert!(!kv.contains(digest.as_str()) && !kv.contains("crd_"), "nothing is published of it");
    let listed = server.as_owner(Action::Own(Own::Credentials), &json!({})).body;
    assert!(!listed.contains(&secret[4..]) && !listed.contains(digest.as_str()));
    // It outlives an instance.
    server.evict();
    assert_eq!(call(&server, &token, "listEvents", &json!({})).status, 200);
}

#[test]
fn a_credential_that_may_only_draft_makes_no_mail_leave_and_one_that_may_send_does() {
    let server = Server::open();
    all_products(&server);
    let [_, draft, send] = TIERS.map(|tier| of_tier(&server, tier));
    let opened = json!({"subject": "s", "body": "b", "email": "ada@example.org"});
    let ticket = json_of(&call(&server, &draft, "createTicket", &opened))["ticketId"].clone();
    let reply = json!({"ticketId": ticket, "body": "b"});
    for (token, outcome, mails) in [(&draft, "draft", 0), (&send, "sent", 1)] {
        let done = json_of(&call(&server, token, "sendReply", &reply));
        assert_eq!(done["outcome"], outcome, "{done}");
        assert_eq!(server.int("SELECT count(*) FROM mail_outbox"), mails);
    }
    let own = |asked| Action::Own(Own::Desk(asked));
    let waiting =
        json_of(&server.as_owner(own(AtDesk::Approvals), &json!({})))["approvals"].clone();
    assert_eq!(waiting[0]["author"], "agent");
    let id = DraftId::parse(waiting[0]["draftId"].as_str().unwrap()).unwrap();
    is(&as_agent(&server, &send, own(AtDesk::Approve(id)), &json!({})), 403, "not granted");
}

#[test]
fn a_stolen_session_that_is_not_fresh_makes_no_credential_that_may_send() {
    let server = Server::open();
    let ask = |body: &Value| {
        let action = Action::Own(Own::CreateCredential);
        let mut request = server.request(action, true, &[], body);
        request.command.user.as_mut().unwrap().fresh = false;
        block_on(server.handle(request))
    };
    let refused = ask(&json!({"name": "n", "tier": "send"}));
    is(&refused, 403, "sign in again");
    assert!(json_of(&refused)["detail"].as_str().unwrap().contains("10 minutes"));
    assert_eq!(credentials(&server), json!([]), "nothing was stored");
    // What is named first is what is wrong with the input, and the lesser tiers need no more than before.
    is(&ask(&json!({"name": "", "tier": "send"})), 422, "invalid arguments");
    for tier in ["read", "draft"] {
        assert_eq!(ask(&json!({"name": "n", "tier": tier})).status, 201, "{tier}");
    }
    assert_eq!(ask(&json!({"name": "n"})).status, 201, "draft, unless told otherwise");
}

#[test]
fn a_credential_that_may_send_has_an_end() {
    const DAY: i64 = 24 * 60 * 60;
    let server = Server::open();
    let at = |days: i64, seconds: i64| UnixSeconds::new(NOW).plus(days * DAY + seconds).to_string();
    let end_of = |body: &Value| json_of(&create(&server, body))["credential"]["expiresAt"].clone();
    assert_eq!(end_of(&json!({"name": "n", "tier": "send"})), json!(at(90, 0)));
    for tier in ["read", "draft"] {
        assert_eq!(end_of(&json!({"name": "n", "tier": tier})), Value::Null, "{tier}");
        let far = json!({"name": "n", "tier": tier, "expiresAt": at(4_000, 0)});
        assert_eq!(end_of(&far), json!(at(4_000, 0)), "{tier}");
    }
    let asked = |end: String| json!({"name": "n", "tier": "send", "expiresAt": end});
    for (days, seconds) in [(1, 0), (366, 0)] {
        assert_eq!(end_of(&asked(at(days, seconds))), json!(at(days, seconds)));
    }
    let refused = create(&server, &asked(at(366, 1)));
    is(&refused, 422, "invalid arguments");
    assert!(json_of(&refused)["detail"].as_str().unwrap().starts_with("expiresAt: "));
    // It ends by itself.
    let token = of_tier(&server, "send");
    server.world.memory.now.set(NOW + 90 * DAY - 1);
    assert_eq!(call(&server, &token, "listEvents", &json!({})).status, 200);
    server.world.memory.now.set(NOW + 90 * DAY);
    is(&call(&server, &token, "listEvents", &json!({})), 401, "credential refused");
}
