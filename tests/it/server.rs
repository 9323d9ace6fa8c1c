//! The server in both eras, and what only the owner may do.

use std::collections::BTreeSet;

use events_concierge::base::http::Reply;
use events_concierge::base::id::EventId;
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Format, Own};
use serde_json::{Value, json};

use crate::support::{
    FACTORY, PROVIDED, Server, Sqlite, Wallet, World, block_on, config_with, json_of, modern,
    offer, pay, rpc,
};

const MODERN: (&str, &str) = ("mcp-protocol-version", "2026-07-28");

#[test]
fn what_is_null_is_absent() {
    let server = Server::open();
    server.event(5);
    let old = ("mcp-protocol-version", "2025-11-25");
    for (method, params) in [
        ("tools/list", Value::Null),
        ("tools/list", json!({"cursor": null})),
        ("resources/list", json!({"cursor": null})),
        ("prompts/list", json!({"cursor": null})),
        ("tools/call", json!({"name": "listEvents", "arguments": null})),
        ("tools/call", json!({"name": "listEvents", "arguments": {"cursor": null, "limit": null}})),
    ] {
        let said = json_of(&server.mcp(false, &[old], &rpc(method, &params)));
        let result = &said["result"];
        assert!(result.is_object() && result["isError"] != true, "{method} {params}: {said}");
    }
}

#[test]
fn a_number_with_nothing_behind_its_point_is_an_integer() {
    let server = Server::open();
    server.event(5);
    server.event(5);
    let call = |limit: &str| {
        let call = format!(
            "{{\"jsonrpc\": \"2.0\", \"id\": 1.0, \"method\": \"tools/call\", \
             \"params\": {{\"name\": \"listEvents\", \"arguments\": {{\"limit\": {limit}}}}}}}"
        );
        let call: Value = serde_json::from_str(&call).unwrap();
        json_of(&server.mcp(false, &[("mcp-protocol-version", "2025-11-25")], &call))
    };
    for limit in ["1", "1.0", "1e0"] {
        let said = call(limit);
        let events = &said["result"]["structuredContent"]["events"];
        assert_eq!(events.as_array().map(Vec::len), Some(1), "{limit}: {said}");
        assert_eq!(said["id"], json!(1.0), "the id as it came");
    }
    assert_eq!(call("1.5")["result"]["isError"], true);
    let created = json!({
        "title": "Two seats", "startsAt": "2026-12-12T18:30:00Z", "price": "0.05", "capacity": 2.0,
    });
    let reply = server.as_owner(Action::Own(Own::CreateEvent), &created);
    assert_eq!(json_of(&reply)["capacity"], 2, "{}", reply.body);
}

#[test]
fn every_list_answers_in_every_version() {
    let server = Server::open();
    server.event(5);
    for (method, member) in [
        ("tools/list", "tools"),
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
        ("prompts/list", "prompts"),
    ] {
        for version in ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] {
            let reply =
                server.mcp(false, &[("mcp-protocol-version", version)], &rpc(method, &json!({})));
            let result = &json_of(&reply)["result"];
            assert!(!result[member].as_array().unwrap().is_empty(), "{method} {version}");
            assert!(result.get("resultType").is_none());
        }
        let reply =
            server.mcp(false, &[MODERN, ("mcp-method", method)], &modern(method, json!({})));
        let result = &json_of(&reply)["result"];
        assert!(!result[member].as_array().unwrap().is_empty(), "{method} modern");
        assert_eq!(result["resultType"], "complete");
        assert!(result["ttlMs"].is_u64() && result["cacheScope"].is_string());
    }
}

#[test]
fn a_plain_caller_needs_no_handshake_and_gets_http_402() {
    let server = Server::open();
    let event = server.event(5);
    let reply = server.mcp(false, &[], &rpc("tools/list", &json!({})));
    assert_eq!(json_of(&reply)["result"]["tools"][0]["name"], "listEvents");
    let call = rpc("tools/call", &json!({"name": "rsvpToEvent", "arguments": {"eventId": event}}));
    let reply = server.mcp(false, &[], &call);
    assert_eq!((reply.status, &json_of(&reply)["x402Version"]), (402, &json!(1)));
    let reply = server.mcp(false, &[("accept", "application/json, text/event-stream")], &call);
    assert_eq!((reply.status, &json_of(&reply)["result"]["isError"]), (200, &json!(true)));
}

#[test]
fn the_ladder_of_protocol_errors() {
    let server = Server::open();
    let check = |headers: &[(&str, &str)], body: Value, status: u16, code: i64| {
        let reply = server.mcp(false, headers, &body);
        assert_eq!(
            (reply.status, &json_of(&reply)["error"]["code"]),
            (status, &json!(code)),
            "{body}"
        );
        if body.get("id").is_some() {
            assert_eq!(json_of(&reply)["id"], body["id"], "{body}");
        }
    };
    let list = [MODERN, ("mcp-method", "tools/list")];
    check(&[MODERN], rpc("tools/list", &json!({})), 400, -32602);
    check(&[], modern("tools/list", json!({})), 400, -32020);
    check(&[MODERN], modern("tools/list", json!({})), 400, -32020);
    check(&[], rpc("server/discover", &json!({})), 400, -32602);
    let mut unknown = modern("tools/list", json!({}));
    unknown["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("v999.0.0");
    check(&list, unknown.clone(), 400, -32020);
    check(&[("mcp-protocol-version", "v999.0.0"), list[1]], unknown, 400, -32022);
    for method in ["initialize", "ping", "logging/setLevel", "resources/subscribe", "no/such"] {
        check(&[MODERN, ("mcp-method", method)], modern(method, json!({})), 404, -32601);
    }
    let call = modern("tools/call", json!({"name": "listEvents"}));
    check(&[MODERN, ("mcp-method", "tools/call")], call.clone(), 400, -32020);
    check(&[MODERN, ("mcp-method", "tools/call"), ("mcp-name", "other")], call, 400, -32020);
    check(&[], rpc("no/such", &json!({})), 200, -32601);
    check(&[("mcp-protocol-version", "1999-01-01")], rpc("tools/list", &json!({})), 400, -32000);
    check(&[], json!({"id": 7, "method": "ping"}), 400, -32600);
    check(&[], json!([]), 400, -32600);
    check(&[MODERN], json!([rpc("ping", &json!({}))]), 400, -32600);
    check(&[], rpc("tools/call", &json!({"name": "noSuchTool"})), 200, -32602);
    check(&[], rpc("tools/list", &json!({"cursor": "x"})), 200, -32602);
    check(&[], rpc("resources/read", &json!({"uri": "event://missing"})), 200, -32602);
}

#[test]
fn a_name_in_base64_is_the_same_name() {
    let server = Server::open();
    let call = modern("tools/call", json!({"name": "listEvents"}));
    let headers =
        [MODERN, ("mcp-method", "tools/call"), ("mcp-name", "=?base64?bGlzdEV2ZW50cw==?=")];
    assert_eq!(server.mcp(false, &headers, &call).status, 200);
}

#[test]
fn batches_belong_to_one_version() {
    let server = Server::open();
    let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let body = json!([rpc("ping", &json!({})), note, rpc("tools/list", &json!({}))]);
    let reply = server.mcp(false, &[("mcp-protocol-version", "2025-03-26")], &body);
    assert_eq!(json_of(&reply).as_array().unwrap().len(), 2);
    assert_eq!(server.mcp(false, &[], &note).status, 202);
}

#[test]
fn only_the_owner_sees_and_calls_owner_tools() {
    let server = Server::open();
    let create = rpc(
        "tools/call",
        &json!({"name": "createEvent", "arguments": {
        "title": "Rust meetup", "startsAt": "2027-03-01T18:30:00Z", "capacity": 5, "price": "0.05"}}),
    );
    let reply = json_of(&server.mcp(false, &[], &create));
    assert_eq!(reply["result"]["structuredContent"]["error"]["code"], "not_owner");
    assert_eq!(server.int("SELECT count(*) FROM events"), 0);
    let reply = json_of(&server.mcp(true, &[], &create));
    assert_eq!(reply["result"]["structuredContent"]["success"], true);
    let names = |owner| server.mcp(owner, &[], &rpc("tools/list", &json!({}))).body;
    assert!(!names(false).contains("createEvent") && names(true).contains("createEvent"));
}

#[test]
fn a_faulty_argument_is_named_and_nothing_is_stored() {
    let server = Server::open();
    let good =
        json!({"title": "T", "startsAt": "2027-03-01T18:30:00Z", "capacity": 5, "price": "0.05"});
    for (field, value) in [
        ("title", json!("")),
        ("title", json!("x".repeat(201))),
        ("title", json!(5)),
        ("startsAt", json!("tomorrow")),
        ("startsAt", json!("2020-01-01T00:00:00Z")),
        ("endsAt", json!("2027-03-01T18:30:00Z")),
        ("timeZone", json!("Mars/Olympus")),
        ("capacity", json!(-1)),
        ("capacity", json!(1_000_001)),
        ("price", json!("-1")),
        ("price", json!("free")),
        ("price", json!("0.0000001")),
        ("colour", json!("red")),
    ] {
        let mut event = good.clone();
        event[field] = value;
        let reply = server.as_owner(Action::Own(Own::CreateEvent), &event);
        assert_eq!(reply.status, 422, "{event}");
        assert!(json_of(&reply)["detail"].as_str().unwrap().contains(field), "{}", reply.body);
    }
    assert_eq!(server.int("SELECT count(*) FROM events"), 0);
    let reply = server.as_owner(
        Action::Own(Own::CreateEvent),
        &json!({"title": "T", "date": 1_803_925_800_000_i64, "capacity": 0, "price": "1"}),
    );
    assert_eq!(json_of(&reply)["startsAt"], "2027-03-01T18:30:00Z");
    assert_eq!(json_of(&reply)["seatsLeft"], Value::Null);
}

#[test]
fn a_list_is_read_page_by_page() {
    let server = Server::open();
    for _ in 0..5 {
        server.event(5);
    }
    let mut seen = Vec::new();
    let mut arguments = json!({"limit": 2});
    loop {
        let page = json_of(&block_on(server.tool("listEvents", &arguments, None)));
        seen.extend(page["events"].as_array().unwrap().iter().map(|e| e["id"].clone()));
        let Some(next) = page.get("nextCursor") else { break };
        arguments["cursor"] = next.clone();
    }
    seen.sort_by_key(Value::to_string);
    seen.dedup();
    assert_eq!(seen.len(), 5);
    let reply = block_on(server.tool("getAllEvents", &json!({"cursor": "x"}), None));
    assert_eq!(reply.status, 422);
}

#[test]
fn an_object_that_nobody_registered_stores_nothing() {
    let mut server = Server::open();
    server.world.memory.kv.borrow_mut().clear();
    server.world.sqlite = Sqlite::empty();
    server.evict();
    let reply = block_on(server.tool("listEvents", &json!({}), None));
    assert_eq!((reply.status, &json_of(&reply)["title"]), (404, &json!("no such host")));
    assert_eq!(server.int("SELECT count(*) FROM sqlite_master"), 0);
}

#[test]
fn a_moved_deployment_is_rebuilt_from_its_published_records() {
    let mut server = Server::open();
    let (kept, cancelled) = (server.event(5), server.event(0));
    let id = EventId::parse(&cancelled).unwrap();
    server.as_owner(Action::Own(Own::CancelEvent(id)), &json!({}));
    for (wallet, tool) in [(1, "rsvpToEvent"), (2, "rsvpToEvent"), (1, "getEventAnalytics")] {
        let arguments = json!({"eventId": kept});
        let challenge = server.challenge(tool, &arguments);
        let nonce = if tool == "rsvpToEvent" { wallet } else { 9 };
        let payment = Wallet::new(wallet).pay(&challenge["accepts"][0], nonce);
        assert_eq!(block_on(server.tool(tool, &arguments, Some(&payment))).status, 200);
    }
    server.pass(30);
    let own = |server: &Server, own: Own| json_of(&server.as_owner(Action::Own(own), &json!({})));
    let events = own(&server, Own::Events);
    let revenue = own(&server, Own::Revenue);
    server.world.sqlite = Sqlite::empty();
    server.evict();
    let list = json_of(&block_on(server.tool("listEvents", &json!({}), None)));
    assert_eq!(list["events"].as_array().unwrap().len(), 2);
    assert_eq!(own(&server, Own::Events), events);
    assert_eq!(own(&server, Own::Revenue)["totalAtomic"], revenue["totalAtomic"]);
    server.pass(30);
    let kv = server.world.memory.kv.borrow();
    assert_eq!(kv[&format!("{}:revenue", server.scope)], "110000");
}

#[test]
fn what_the_owner_changes_is_changed_and_what_was_sold_stays_sold() {
    let server = Server::open();
    let event = server.event(2);
    let id = EventId::parse(&event).unwrap();
    let arguments = json!({"eventId": event});
    let challenge = server.challenge("rsvpToEvent", &arguments);
    let payment = Wallet::new(1).pay(&challenge["accepts"][0], 1);
    let ticket = json_of(&block_on(server.tool("rsvpToEvent", &arguments, Some(&payment))));
    let update =
        |changes: Value| server.as_owner(Action::Own(Own::UpdateEvent(id.clone())), &changes);
    let changed = json_of(&update(json!({"title": "Rust night", "capacity": 3, "price": "0.10"})));
    assert_eq!((&changed["title"], &changed["seatsLeft"]), (&json!("Rust night"), &json!(2)));
    assert_eq!(server.challenge("rsvpToEvent", &arguments)["accepts"][0]["amount"], "100000");
    // The price that a challenge has named is taken for its life, and not after it.
    let old = Wallet::new(2).pay(&challenge["accepts"][0], 2);
    assert_eq!(block_on(server.tool("rsvpToEvent", &arguments, Some(&old))).status, 200);
    server.pass(120);
    let late = Wallet::new(3).pay(&challenge["accepts"][0], 3);
    assert_eq!(block_on(server.tool("rsvpToEvent", &arguments, Some(&late))).status, 402);
    for (changes, field) in [
        (json!({"price": "-1"}), "price"),
        (json!({"endsAt": "2020-01-01T00:00:00Z"}), "endsAt"),
        (json!({"eventId": "x"}), "eventId"),
        (json!({"colour": "red"}), "colour"),
    ] {
        let reply = update(changes);
        assert_eq!(reply.status, 422);
        assert!(json_of(&reply)["detail"].as_str().unwrap().contains(field), "{}", reply.body);
    }
    let check_in = |code: &Value| {
        json_of(&server.as_owner(Action::Own(Own::CheckIn(id.clone())), &json!({"code": code})))
    };
    assert_eq!(check_in(&ticket["rsvp"]["code"])["success"], true);
    assert_eq!(check_in(&ticket["rsvp"]["code"])["success"], false);
    let cancelled =
        json_of(&server.as_owner(Action::Own(Own::CancelEvent(id.clone())), &json!({})));
    assert_eq!(cancelled["event"]["status"], "cancelled");
    assert_eq!(update(json!({"title": "x"})).status, 409);
    assert_eq!(check_in(&ticket["rsvp"]["code"])["title"], "event cancelled");
    // Who paid still gets the ticket shown, and is told that the money goes back.
    let shown = json_of(&block_on(server.tool("rsvpToEvent", &arguments, Some(&payment))));
    assert_eq!(shown["rsvp"], ticket["rsvp"]);
    assert_eq!((&shown["cancelled"], &shown["refund"]["state"]), (&json!(true), &json!("owed")));
}

#[test]
fn a_spreadsheet_that_does_not_hold_everything_says_where_the_rest_is() {
    let server = Server::open();
    let event = server.event(0);
    assert_eq!(pay(&server, &event, &Wallet::new(1).pay(&offer(&server, &event), 1)).0, 200);
    let same = "network, asset, payer, signature_digest, tool, digest, arguments, amount, pay_to, valid_before, \
         x402_version, requirements, event_id, state, tx_hash, attempts, created_at, updated_at";
    server.sql(&format!(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10004) \
         INSERT INTO payments (id, nonce, {same}) SELECT printf('pay_%024x', n), n, {same} FROM payments, n"
    ));
    let file = |cursor: Option<&str>| {
        let mut request =
            server.request(Action::Own(Own::Payments(Format::Csv)), true, &[], &json!({}));
        request.command.cursor = cursor.map(str::to_owned);
        block_on(server.handle(request))
    };
    let first = file(None);
    let lines: Vec<&str> = first.body.lines().collect();
    assert_eq!(lines.len(), 10_002);
    let link = |reply: &Reply| {
        let link = reply.headers.iter().find(|(name, _)| *name == "link")?;
        Some(link.1.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")?.to_owned())
    };
    let next = link(&first).unwrap();
    assert!(lines[10_001].contains(&format!("more lines follow: {next}")), "{}", lines[10_001]);
    let (path, cursor) = next.split_once("?cursor=").unwrap();
    assert!(path.ends_with("/api/users/payments.csv"), "{path}");
    let rest = file(Some(cursor));
    assert_eq!((rest.body.lines().count(), link(&rest)), (6, None));
}

#[test]
fn the_statement_shows_every_payment_page_by_page() {
    let server = Server::open();
    let event = server.event(0);
    let arguments = json!({"eventId": event});
    let offer = server.challenge("rsvpToEvent", &arguments)["accepts"][0].clone();
    for wallet in 1..=120 {
        let payment = Wallet::new(wallet).pay(&offer, wallet);
        assert_eq!(block_on(server.tool("rsvpToEvent", &arguments, Some(&payment))).status, 200);
    }
    let own = |format| Action::Own(Own::Payments(format));
    let first = json_of(&server.as_owner(own(Format::Json), &json!({})));
    assert_eq!(first["payments"].as_array().unwrap().len(), 100);
    assert_eq!(first["payments"][0]["state"], "delivered");
    let mut request = server.request(own(Format::Json), true, &[], &json!({}));
    request.command.cursor = first["nextCursor"].as_str().map(str::to_owned);
    let second = json_of(&block_on(server.handle(request)));
    assert_eq!(second["payments"].as_array().unwrap().len(), 20);
    assert!(second.get("nextCursor").is_none());
    let csv = server.as_owner(own(Format::Csv), &json!({})).body;
    assert_eq!(csv.lines().count(), 121);
    assert!(!csv.contains("more lines follow"));
    let stranger = server.request(own(Format::Json), false, &[], &json!({}));
    assert_eq!(block_on(server.handle(stranger)).status, 403);
}

#[test]
fn a_tools_list_comes_in_pages_without_gap_or_repetition() {
    let server = Server::open();
    let all: BTreeSet<String> = (0..5).map(|_| server.event(0)).collect();
    let mut seen = Vec::new();
    let mut arguments = json!({"limit": 2});
    for size in [2, 2, 1] {
        let page = json_of(&block_on(server.tool("listEvents", &arguments, None)));
        let events = page["events"].as_array().unwrap();
        assert_eq!(events.len(), size);
        seen.extend(events.iter().map(|event| event["id"].as_str().unwrap().to_owned()));
        assert_eq!(page.get("nextCursor").is_some(), seen.len() < 5);
        arguments["cursor"] = page["nextCursor"].clone();
    }
    assert_eq!((seen.len(), seen.into_iter().collect::<BTreeSet<_>>()), (5, all));
    for name in ["listEvents", "listSecrets"] {
        for (field, wrong) in [("limit", json!(0)), ("limit", json!(101)), ("cursor", json!("2"))] {
            let reply = block_on(server.tool(name, &json!({field: wrong}), None));
            assert_eq!(reply.status, 422, "{name}");
            assert!(reply.body.contains(field), "{name}: {}", reply.body);
        }
    }
}

#[test]
fn a_host_without_a_wallet_gets_the_one_its_guest_sessions_pay_with() {
    let user = "ada@example.com";
    let body = json!({"userId": user});
    let crossmint = ("CROSSMINT_API_KEY", "sk_staging_0123456789abcdef");
    for setting in [crossmint, ("SMART_WALLET_FACTORY", FACTORY)] {
        let server = Server::with(World::new(), user, config_with(&[setting]));
        for status in [201, 200] {
            let reply = server.as_owner(Action::Own(Own::Register), &body);
            assert_eq!(reply.status, status, "{}", reply.body);
            assert_eq!(json_of(&reply)["walletAddress"], PROVIDED);
        }
        let owner = server.world.memory.crossmint_owner.borrow();
        assert!(owner.as_ref().is_none_or(|owner| !owner.contains("ada")), "{owner:?}");
    }
}

#[test]
fn a_host_without_a_wallet_is_asked_for_one_where_none_can_be_made() {
    let server = Server::with(World::new(), "ada@example.com", config_with(&[]));
    let body = json!({"userId": "ada@example.com"});
    let reply = server.as_owner(Action::Own(Own::Register), &body);
    assert_eq!(reply.status, 422);
    assert!(reply.body.contains("walletAddress: "), "{}", reply.body);
}

#[test]
fn a_wallet_that_a_host_names_is_not_replaced() {
    let config = config_with(&[("SMART_WALLET_FACTORY", FACTORY)]);
    let server = Server::with(World::new(), "ada@example.com", config);
    let own = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";
    let named = json!({"userId": "ada@example.com", "walletAddress": own});
    assert_eq!(server.as_owner(Action::Own(Own::Register), &named).status, 201);
    let again = server.as_owner(Action::Own(Own::Register), &json!({"userId": "ada@example.com"}));
    assert_eq!((again.status, &json_of(&again)["walletAddress"]), (200, &json!(own)));
    assert!(server.world.memory.requests.borrow().is_empty(), "nobody was asked for a wallet");
}

#[test]
fn what_asks_for_payment_is_counted_apart_from_what_was_paid() {
    let server = Server::open();
    let event = server.event(5);
    let arguments = json!({"eventId": event});
    for _ in 0..3 {
        server.challenge("rsvpToEvent", &arguments);
    }
    server.challenge("getEventAnalytics", &arguments);
    // What cannot be had asks for nothing.
    let nowhere = json!({"eventId": "evt_000000000000000000000000"});
    assert_eq!(block_on(server.tool("rsvpToEvent", &nowhere, None)).status, 404);
    let revenue = || json_of(&server.as_owner(Action::Own(Own::Revenue), &json!({})));
    let before = revenue();
    assert_eq!(before["total"], "0.00");
    assert_eq!(before["rsvpsByDay"], json!([]));
    assert_eq!(before["unpaidByDay"], json!([{"key": "2026-11-21", "count": 4}]));
    assert_eq!(before["unpaidByEvent"], json!([{"key": event, "count": 4}]));
    let offer = server.challenge("rsvpToEvent", &arguments);
    let payment = Wallet::new(1).pay(&offer["accepts"][0], 1);
    assert_eq!(block_on(server.tool("rsvpToEvent", &arguments, Some(&payment))).status, 200);
    let after = revenue();
    let by_tool =
        json!([{"key": "getEventAnalytics", "count": 1}, {"key": "rsvpToEvent", "count": 4}]);
    assert_eq!(after["unpaidByTool"], by_tool);
    assert_eq!(after["rsvpsByDay"], json!([{"key": "2026-11-21", "count": 1}]));
    assert_eq!((&after["total"], &after["byDay"][0]["payments"]), (&json!("0.05"), &json!(1)));
    assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'settled'"), 1);
}

#[test]
fn what_asked_for_payment_long_ago_is_forgotten() {
    let server = Server::open();
    let arguments = json!({"eventId": server.event(5)});
    server.challenge("getEventAnalytics", &arguments);
    server.pass(60);
    server.sql("UPDATE unpaid SET day = day - 401 * 86400");
    server.challenge("getEventAnalytics", &arguments);
    server.pass(60);
    assert_eq!(server.int("SELECT count(*) FROM unpaid"), 1);
    assert_eq!(server.int("SELECT sum(count) FROM unpaid"), 1);
}

#[test]
fn the_page_of_a_host_shows_what_is_to_come() {
    let server = Server::open();
    let event = server.event(5);
    let called_off = server.event(5);
    server
        .as_owner(Action::Own(Own::CancelEvent(EventId::parse(&called_off).unwrap())), &json!({}));
    let reply = server.as_owner(Action::AtHost(AtHost::HostPage), &json!({}));
    assert_eq!(reply.status, 200);
    assert!(reply.body.contains(&event) && !reply.body.contains(&called_off), "{}", reply.body);
    assert!(reply.body.contains("/?door=http%3A%2F%2Flocalhost"), "{}", reply.body);
    let policy = reply.headers.iter().find(|(name, _)| *name == "content-security-policy");
    assert!(policy.unwrap().1.starts_with("default-src 'none'"));
}

#[test]
fn the_end_of_an_event_can_be_moved_left_alone_and_taken_away() {
    let server = Server::open();
    let id = EventId::parse(&server.event(5)).unwrap();
    let change = |changes: Value| {
        let reply = server.as_owner(Action::Own(Own::UpdateEvent(id.clone())), &changes);
        assert_eq!(reply.status, 200, "{}", reply.body);
        json_of(&reply)["endsAt"].clone()
    };
    let end = json!("2027-03-01T20:00:00Z");
    assert_eq!(change(json!({"endsAt": end})), end);
    assert_eq!(change(json!({"title": "Other"})), end);
    assert_eq!(change(json!({"endsAt": null})), Value::Null);
}
