//! What people and programs really send: lists that change while they are read, addresses, text that nobody sees.

use events_concierge::base::id::{EventId, TicketCode};
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtDesk, AtHost, Format, Own};
use events_concierge::identity::UserId;
use serde_json::{Value, json};

use crate::guest::deployment::deployment;
use crate::guest::kit::Visit;
use crate::support::{NOW, Server, Wallet, block_on, json_of};

/// A host whose desk is open, too.
fn with_desk() -> Server {
    let server = Server::open();
    let products = json!({"products": ["events", "vault", "desk"]});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &products).status, 200);
    server
}

/// Writes an event straight into the storage.
fn event_at(
    server: &Server,
    number: i64,
    starts_at: i64,
    ends_at: Option<i64>,
    status: &str,
) -> String {
    let id = format!("evt_{number:024x}");
    let end = ends_at.map_or("NULL".to_owned(), |end| end.to_string());
    server.sql(&format!(
        "INSERT INTO events (id, title, description, starts_at, ends_at, time_zone, location, \
         capacity, price, status, sequence, created_at, updated_at) VALUES ('{id}', 'T{number}', \
         '', {starts_at}, {end}, 'UTC', NULL, 5, 50000, '{status}', 0, {NOW}, {NOW})"
    ));
    id
}

#[test]
fn the_page_of_a_host_shows_what_is_under_way_however_much_was_cancelled() {
    let server = Server::open();
    let over = event_at(&server, 900, NOW - 7_200, Some(NOW), "scheduled");
    let begun = event_at(&server, 901, NOW - 3_600, None, "scheduled");
    let under_way = event_at(&server, 902, NOW - 3_600, Some(NOW + 1), "scheduled");
    for number in 0..150 {
        event_at(&server, number, NOW + 60 + number, None, "cancelled");
    }
    let later = event_at(&server, 903, NOW + 86_400, None, "scheduled");
    let page = server.as_owner(Action::AtHost(AtHost::HostPage), &json!({})).body;
    for (event, is_shown) in [(over, false), (begun, false), (under_way, true), (later, true)] {
        assert_eq!(page.contains(&event), is_shown, "{event}: {page}");
    }
    assert!(page.contains("2 events"), "{page}");
}

/// Reads a list to its end; `between` happens after the first page.
fn read_all(
    server: &Server,
    own: &Own,
    member: &str,
    id: &str,
    between: impl FnOnce(),
) -> Vec<String> {
    let mut between = Some(between);
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let mut request = server.request(Action::Own(own.clone()), true, &[], &json!({}));
        request.command.cursor = cursor;
        let reply = block_on(server.handle(request));
        assert_eq!(reply.status, 200, "{}", reply.body);
        let page = json_of(&reply);
        let entries = page[member].as_array().unwrap();
        seen.extend(entries.iter().map(|entry| entry[id].as_str().unwrap().to_owned()));
        let Some(next) = page["nextCursor"].as_str() else { return seen };
        cursor = Some(next.to_owned());
        if let Some(between) = between.take() {
            between();
        }
    }
}

/// Rows of every list, in the order of their numbers.
fn fill(server: &Server) {
    for number in 100..350 {
        event_at(server, number, NOW + number, None, "scheduled");
        server.sql(&format!(
            "INSERT INTO tickets (id, subject, body, status, priority, tags, author, created_at, \
             updated_at) VALUES ('tkt_{number:024x}', 's', 'b', 'open', 'normal', '[]', 'agent', {NOW}, {NOW})"
        ));
        server.sql(&format!(
            "INSERT INTO kb_articles (id, title, body, created_at, updated_at) \
             VALUES ('kba_{number:024x}', 't', 'b', {NOW}, {NOW} + {number})"
        ));
        server.sql(&format!(
            "INSERT INTO drafts (id, ticket_id, kind, text, reason, author, state, created_at) \
             VALUES ('drf_{number:024x}', 'tkt_{:024x}', 'reply', 't', 'r', 'agent', 'waiting', {NOW})",
            100
        ));
        server.sql(&format!(
            "INSERT INTO payments (id, network, asset, payer, nonce, signature_digest, tool, \
             digest, arguments, amount, pay_to, valid_before, x402_version, requirements, state, \
             attempts, created_at, updated_at) VALUES ('pay_{number:024x}', 'n', 'a', 'p', \
             '{number}', '', 't', '', '', 1, '', {NOW}, 2, '', 'unknown', 0, {NOW} + {number}, {NOW})"
        ));
        server.sql(&format!(
            "INSERT INTO mail_outbox (id, kind, scope, to_address, subject, body, state, attempts, \
             next_at, created_at, updated_at) VALUES ('eml_{number:024x}', 'ticket', 'x', \
             'a@b.example', 's', 'b', 'sent', 0, 0, {NOW} + {number}, {NOW})"
        ));
    }
}

#[test]
fn no_list_skips_a_row_because_others_come_go_or_move_while_it_is_read() {
    let server = Server::open();
    fill(&server);
    let sql = |statement: String| {
        server.sql(&statement);
    };
    let lists: [(Own, &str, &str, &str, String); 6] = [
        // What was shown goes to the end, and something new comes first.
        (
            Own::Events,
            "events",
            "id",
            "evt",
            format!(
                "UPDATE events SET starts_at = starts_at + 9000 WHERE starts_at < {}",
                NOW + 150
            ),
        ),
        (
            Own::Desk(AtDesk::Tickets),
            "tickets",
            "ticketId",
            "tkt",
            "UPDATE tickets SET status = 'resolved' WHERE number > 200".to_owned(),
        ),
        (
            Own::Desk(AtDesk::Articles),
            "articles",
            "articleId",
            "kba",
            format!("DELETE FROM kb_articles WHERE updated_at > {}", NOW + 300),
        ),
        (
            Own::Desk(AtDesk::Approvals),
            "approvals",
            "draftId",
            "drf",
            "UPDATE drafts SET state = 'approved' WHERE seq <= 50".to_owned(),
        ),
        (
            Own::Payments(Format::Json),
            "payments",
            "id",
            "pay",
            format!("UPDATE payments SET state = 'delivered' WHERE created_at > {}", NOW + 300),
        ),
        (
            Own::Mail,
            "mails",
            "id",
            "eml",
            format!("DELETE FROM mail_outbox WHERE created_at > {}", NOW + 300),
        ),
    ];
    for (own, member, id, prefix, change) in lists {
        // While the payments are read, they come to wait for their host.
        let between = || {
            sql(change);
            server.world.memory.now.set(server.world.memory.now.get() + 700);
        };
        let mut seen = read_all(&server, &own, member, id, between);
        seen.sort();
        seen.dedup();
        let expected: Vec<String> = (100..350).map(|n| format!("{prefix}_{n:024x}")).collect();
        assert_eq!(seen, expected, "{own:?}");
    }
}

#[test]
fn a_cursor_of_another_list_or_of_nobody_is_refused_by_name() {
    let server = Server::open();
    let events_cursor = "WyJldmVudHMiLDEsWzEsImV2dCJdXQ";
    let lists = [
        (Own::Events, true),
        (Own::Mail, false),
        (Own::Payments(Format::Json), false),
        (Own::Payments(Format::Csv), false),
        (Own::Desk(AtDesk::Tickets), false),
        (Own::Desk(AtDesk::Articles), false),
        (Own::Desk(AtDesk::Approvals), false),
        (Own::Rsvps(EventId::parse(&server.event(5)).unwrap(), Format::Json), false),
    ];
    for (own, is_its_own) in lists {
        for (cursor, is_good) in [(events_cursor, is_its_own), ("o50", false), ("", false)] {
            let mut request = server.request(Action::Own(own.clone()), true, &[], &json!({}));
            request.command.cursor = Some(cursor.to_owned());
            let reply = block_on(server.handle(request));
            assert_eq!(reply.status, if is_good { 200 } else { 422 }, "{own:?} {cursor}");
            assert!(
                is_good || reply.body.contains("cursor: must be the nextCursor"),
                "{}",
                reply.body
            );
        }
    }
    for tool in ["listEvents", "listSecrets"] {
        let reply = block_on(server.tool(tool, &json!({"cursor": "o50"}), None));
        assert!(reply.status == 422 && reply.body.contains("cursor: must be"), "{}", reply.body);
    }
}

const HOSTILE_NAME: &str = "\u{ff1d}HYPERLINK(\"x\");=1+1";

#[test]
fn a_guests_address_is_kept_as_the_dns_has_it_and_the_csv_runs_nothing() {
    let server = with_desk();
    let event = server.event(5);
    let asked =
        json!({"eventId": event, "name": HOSTILE_NAME, "email": "Kunde@b\u{fc}cher.example"});
    let offer = server.challenge("rsvpToEvent", &asked)["accepts"][0].clone();
    let payment = Wallet::new(1).pay(&offer, 1);
    let reply = block_on(server.tool("rsvpToEvent", &asked, Some(&payment)));
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(server.text("SELECT email FROM rsvps"), "kunde@xn--bcher-kva.example");
    let own = Own::Rsvps(EventId::parse(&event).unwrap(), Format::Csv);
    let csv = server.as_owner(Action::Own(own), &json!({})).body;
    assert!(csv.starts_with("\u{feff}id,wallet,name,email,"), "{csv}");
    let safe = ",\"'\u{ff1d}HYPERLINK(\"\"x\"\");'=1+1\",";
    assert!(csv.contains(safe), "{csv}");
    for email in ["a@b@c..d", "a@b..c", "a@b", "\u{fc}@b.example", "a b@c.example"] {
        let asked = json!({"eventId": event, "email": email});
        let reply = block_on(server.tool("rsvpToEvent", &asked, None));
        assert!(reply.status == 422 && reply.body.contains("email: "), "{email} {}", reply.body);
        let asked = json!({"subject": "s", "body": "b", "email": email});
        let reply = block_on(server.tool("createTicket", &asked, None));
        assert!(reply.status == 422 && reply.body.contains("email: "), "{email} {}", reply.body);
        assert!(UserId::parse(email).is_err(), "{email}");
    }
}

#[test]
fn a_session_gets_its_payments_as_the_servers_csv() {
    let deployment = deployment();
    let visit = Visit::buying(&deployment, None);
    visit.say(&visit.seat());
    visit.say(&json!({"type": "export_csv"}));
    let file = visit.last("csv")["text"].as_str().unwrap().to_owned();
    let mut lines = file.lines();
    assert_eq!(
        lines.next(),
        Some(
            "\u{feff}kind,at,state,tool,door,amountUsd,amount,network,payer,payTo,txHash,explorerUrl,id"
        )
    );
    let line = lines.next().unwrap();
    assert!(line.starts_with("payment,") && line.contains(",rsvpToEvent,"), "{line}");
}

#[test]
fn what_nobody_can_see_is_empty_in_every_field() {
    let server = with_desk();
    let event = |field: &str, value: &str| {
        let mut event =
            json!({"title": "T", "startsAt": "2027-03-01T18:30:00Z", "capacity": 1, "price": "1"});
        event[field] = json!(value);
        event
    };
    for blank in [
        "",
        " ",
        "\u{200b}",
        "\u{3164}",
        "\u{ffa0}",
        "\u{2800}",
        "\u{fe0f}",
        "\u{301}",
        "\u{e0041}\u{ad}",
    ] {
        let own = [
            (Own::CreateEvent, event("title", blank), "title"),
            (Own::StoreSecret, json!({"name": blank, "value": "v"}), "name"),
            (Own::StoreSecret, json!({"name": "n", "value": blank}), "value"),
            (Own::Desk(AtDesk::CreateArticle), json!({"title": blank, "body": "b"}), "title"),
            (Own::Desk(AtDesk::CreateArticle), json!({"title": "t", "body": blank}), "body"),
            (Own::CreateCredential, json!({"name": blank, "tier": "read"}), "name"),
        ];
        for (own, body, field) in own {
            let reply = server.as_owner(Action::Own(own.clone()), &body);
            let detail = json_of(&reply)["detail"].as_str().unwrap_or_default().to_owned();
            assert!(reply.status == 422 && detail.starts_with(field), "{own:?} {blank:?} {detail}");
        }
        for (body, field) in [
            (json!({"subject": blank, "body": "b"}), "subject"),
            (json!({"subject": "s", "body": blank}), "body"),
        ] {
            let reply = block_on(server.tool("createTicket", &body, None));
            assert!(reply.status == 422 && reply.body.contains(field), "{blank:?} {}", reply.body);
        }
        let created = server.as_owner(Action::Own(Own::CreateEvent), &event("location", blank));
        assert_eq!(json_of(&created).get("location"), None, "{blank:?}");
    }
}

#[test]
fn a_secret_is_stored_under_either_pair_of_names_but_not_under_both() {
    let server = Server::open();
    let store = |body: &Value| server.as_owner(Action::Own(Own::StoreSecret), body);
    for (name, value) in [("name", "value"), ("secretName", "secretValue"), ("name", "secretValue")]
    {
        let reply = store(&json!({name: "key", value: "s3cret"}));
        assert_eq!(
            (reply.status, &json_of(&reply)["name"]),
            (201, &json!("key")),
            "{}",
            reply.body
        );
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": "storeSecret", "arguments": {name: "key", value: "s3cret"}}});
        let reply = server.mcp(true, &[], &call);
        let result = &json_of(&reply)["result"];
        assert_eq!(result["structuredContent"]["success"], true, "{}", reply.body);
    }
    for (one, other) in [("name", "secretName"), ("value", "secretValue")] {
        let mut body = json!({"name": "key", "value": "s3cret"});
        body[other] = json!("x");
        let reply = store(&body);
        let detail = json_of(&reply)["detail"].as_str().unwrap().to_owned();
        assert_eq!(reply.status, 422);
        assert!(detail.contains(one) && !detail.contains("s3cret"), "{detail}");
    }
}

#[test]
fn a_browser_that_opens_what_is_not_there_gets_a_page() {
    let server = Server::open();
    let browser = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let event = EventId::parse("evt_0123456789abcdef01234567").unwrap();
    let ticket = format!("{}-0123456789abcdef01234567", server.scope);
    let ticket = TicketCode::parse(&ticket).unwrap();
    for asked in [AtHost::EventPage(event.clone()), AtHost::Calendar(event), AtHost::Ticket(ticket)]
    {
        for (headers, kind) in
            [(&[browser][..], "text/html; charset=utf-8"), (&[], "application/problem+json")]
        {
            let request = server.request(Action::AtHost(asked.clone()), false, headers, &json!({}));
            let reply = block_on(server.handle(request));
            assert_eq!((reply.status, reply.headers[0].1.as_str()), (404, kind), "{asked:?}");
        }
    }
    let call = server.request(
        Action::AtHost(AtHost::Tool("nothing".to_owned())),
        false,
        &[browser],
        &json!({}),
    );
    assert_eq!(block_on(server.handle(call)).headers[0].1, "application/problem+json");
}

#[test]
fn the_knowledge_base_finds_words_in_every_script_form_and_spelling() {
    let server = with_desk();
    let write = |title: &str, body: &str| {
        let reply = server.as_owner(
            Action::Own(Own::Desk(AtDesk::CreateArticle)),
            &json!({"title": title, "body": body}),
        );
        assert_eq!(reply.status, 201, "{}", reply.body);
    };
    for (title, body) in [
        (
            "zh",
            "\u{60a8}\u{53ef}\u{4ee5}\u{5728}\u{6d3b}\u{52a8}\u{524d}\u{53d6}\u{6d88}\u{8ba2}\u{5355}\u{3002}",
        ),
        (
            "ja",
            "\u{30a4}\u{30d9}\u{30f3}\u{30c8}\u{306e}\u{30ad}\u{30e3}\u{30f3}\u{30bb}\u{30eb}\u{65b9}\u{6cd5}",
        ),
        (
            "ko",
            "\u{c8fc}\u{bb38}\u{cde8}\u{c18c}\u{d560} \u{c218} \u{c788}\u{c2b5}\u{b2c8}\u{b2e4}",
        ),
        (
            "th",
            "\u{0e04}\u{0e38}\u{0e13}\u{0e2a}\u{0e32}\u{0e21}\u{0e32}\u{0e23}\u{0e16}\u{0e22}\u{0e01}\u{0e40}\u{0e25}\u{0e34}\u{0e01}\u{0e44}\u{0e14}\u{0e49}",
        ),
        (
            "ru",
            "\u{041e}\u{0442}\u{043c}\u{0435}\u{043d}\u{0430} \u{0437}\u{0430}\u{043a}\u{0430}\u{0437}\u{0430}",
        ),
        (
            "hi",
            "\u{0906}\u{0926}\u{0947}\u{0936} \u{0930}\u{0926}\u{094d}\u{0926} \u{0915}\u{0930}\u{0947}\u{0902}",
        ),
        ("de", "Stornierungen kosten nichts; die Gr\u{f6}\u{df}e z\u{e4}hlt nicht"),
        ("en", "You may cancel a refundable booking, policies apply"),
    ] {
        write(title, body);
    }
    for (query, title) in [
        ("\u{53d6}\u{6d88}", "zh"),
        ("\u{53d6}\u{6d88}\u{8ba2}\u{5355}", "zh"),
        ("\u{5355}", "zh"),
        ("\u{30ad}\u{30e3}\u{30f3}\u{30bb}\u{30eb}", "ja"),
        // Half-width.
        ("\u{ff77}\u{ff6c}\u{ff9d}\u{ff7e}\u{ff99}", "ja"),
        ("\u{cde8}\u{c18c}", "ko"),
        // The same in its letters.
        ("\u{110e}\u{1171}\u{1109}\u{1169}", "ko"),
        ("\u{0e22}\u{0e01}\u{0e40}\u{0e25}\u{0e34}\u{0e01}", "th"),
        ("\u{043e}\u{0442}\u{043c}\u{0435}\u{043d}\u{0443}", "ru"),
        ("\u{0930}\u{0926}\u{094d}\u{0926}", "hi"),
        ("Stornierung", "de"),
        ("GROSSE", "de"),
        ("gro\u{308}sse", "de"),
        ("\u{ff23}ancelled", "en"),
        ("refunds", "en"),
        ("policy", "en"),
    ] {
        let reply = block_on(server.tool("searchKb", &json!({"query": query}), None));
        assert_eq!(json_of(&reply)["articles"][0]["title"], title, "{query} {}", reply.body);
    }
    let nothing = block_on(server.tool("searchKb", &json!({"query": "\u{6d88}\u{53d6}"}), None));
    assert_eq!(json_of(&nothing)["articles"], json!([]));
}

#[test]
fn a_guest_is_let_in_by_what_the_qr_code_holds_over_every_way() {
    let server = Server::open();
    let event = server.event(5);
    let id = EventId::parse(&event).unwrap();
    let asked = json!({"eventId": event});
    let offer = server.challenge("rsvpToEvent", &asked)["accepts"][0].clone();
    let payment = Wallet::new(1).pay(&offer, 1);
    let ticket = json_of(&block_on(server.tool("rsvpToEvent", &asked, Some(&payment))));
    let address = ticket["ticketUrl"].as_str().unwrap();
    assert!(address.contains("/t/"), "{address}");
    let over_rest = |code: &str| {
        json_of(&server.as_owner(Action::Own(Own::CheckIn(id.clone())), &json!({"code": code})))
    };
    assert_eq!(over_rest(address)["success"], true);
    for scanned in [address.to_uppercase(), format!("Ticket {address}?a=b#c\n"), address.to_owned()]
    {
        assert_eq!(over_rest(&scanned)["success"], false, "used before: {scanned}");
        assert!(over_rest(&scanned)["firstUsedAt"].is_string(), "{scanned}");
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": "checkIn", "arguments": {"eventId": event, "code": scanned}}});
        let reply = json_of(&server.mcp(true, &[], &call));
        assert!(reply["result"]["structuredContent"]["firstUsedAt"].is_string(), "{reply}");
    }
    for bad in ["", "https://events.example/t/", &"x".repeat(5_000)] {
        assert!(over_rest(bad)["detail"].as_str().unwrap().starts_with("code: "), "{bad}");
    }
}

#[test]
fn a_challenge_says_in_words_what_is_bought() {
    let server = with_desk();
    let create = |title: &str, zone: &str| {
        let event = json!({"title": title, "startsAt": "2026-12-12T17:30:00Z", "timeZone": zone,
            "capacity": 5, "price": "0.05"});
        let reply = server.as_owner(Action::Own(Own::CreateEvent), &event);
        json_of(&reply)["id"].as_str().unwrap().to_owned()
    };
    let secret = json!({"name": "Beta \u{1f511} access", "value": "s3cret"});
    let secret = json_of(&server.as_owner(Action::Own(Own::StoreSecret), &secret));
    let meetup = create("Rust meetup", "Europe/Berlin");
    let long = create(&"Caf\u{e9} ".repeat(30), "America/Argentina/Buenos_Aires");
    let tokyo = create("\u{6771}\u{4eac}\u{202e}", "Asia/Tokyo");
    let ticket = json!({"subject": "My \u{201c}order\u{201d}", "body": "b"});
    for (tool, arguments, said) in [
        (
            "rsvpToEvent",
            json!({"eventId": meetup}),
            "Rust meetup, 12 Dec 2026 18:30 Berlin, 1 seat, not refundable",
        ),
        (
            "getEventAnalytics",
            json!({"eventId": meetup}),
            "Rust meetup, 12 Dec 2026 18:30 Berlin, its analytics",
        ),
        (
            "rsvpToEvent",
            json!({"eventId": tokyo}),
            "Event, 13 Dec 2026 02:30 Tokyo, 1 seat, not refundable",
        ),
        ("retrieveSecret", json!({"secretId": secret["id"]}), "Secret \"Beta access\""),
        ("createTicket", ticket, "New ticket at the helpdesk: My \"order\""),
    ] {
        let challenge = server.challenge(tool, &arguments);
        assert_eq!(challenge["resource"]["description"], said);
    }
    let said = server.challenge("rsvpToEvent", &json!({"eventId": long}));
    let said = said["resource"]["description"].as_str().unwrap();
    assert!(
        said.starts_with("Cafe Cafe")
            && said.ends_with("..., 12 Dec 2026 14:30 Buenos Aires, 1 seat, not refundable"),
        "{said}"
    );
    assert!(said.len() <= 150 && said.is_ascii(), "{said}");
}
