//! Who may read a paid answer again: its maker and the wallet that paid, and nobody who reads the chain.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use events_concierge::base::http::Reply;
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Own};
use events_concierge::ledger::audit::audit;
use events_concierge::ports::Delivery;
use events_concierge::products::events::tools::Tool as EventTool;
use events_concierge::sale::tool::Access;
use events_concierge::shop::registry::{Product, Tool};
use serde_json::{Value, json};

use crate::support::{Server, Settles, Wallet, as_v1, block_on, json_of};

/// A host that sells everything.
fn host() -> Server {
    let server = Server::open();
    server.world.memory.post_office.delivery.set(Some(Delivery::ExactlyOnce));
    let names: Vec<&str> = Product::ALL.iter().copied().map(Product::name).collect();
    let products = json!({ "products": names });
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &products).status, 200);
    server
}

fn paid_tools() -> Vec<Tool> {
    let all = Product::ALL.iter().copied().flat_map(Product::tools);
    let sold: Vec<Tool> = all.filter(|tool| matches!(tool.access(), Access::Paid(..))).collect();
    assert!(sold.len() >= 11);
    sold
}

/// Something that can be bought with a tool. A new tool has to be added here.
fn arguments(server: &Server, tool: Tool) -> Value {
    let name = tool.name();
    let ticket = || {
        let asked = json!({"subject": "My order", "body": "Where?", "email": "ada@example.org"});
        let tool = Action::AtHost(AtHost::Tool("createTicket".to_owned()));
        json_of(&server.as_owner(tool, &asked))["ticketId"].clone()
    };
    match name {
        "rsvpToEvent" | "getEventAnalytics" => json!({"eventId": server.event(1)}),
        "retrieveSecret" => {
            let secret = json!({"name": "Key", "value": "sk-live-5f2e9c0b1a", "price": "0.10"});
            let stored = json_of(&server.as_owner(Action::Own(Own::StoreSecret), &secret));
            json!({"secretId": stored["id"]})
        }
        "createTicket" => json!({"subject": "Late", "body": "It is late."}),
        "getTicketContext" => json!({"ticketId": ticket()}),
        "triageTicket" => json!({"ticketId": ticket(), "priority": "high"}),
        "draftReply" | "proposeResolution" | "sendReply" => {
            json!({"ticketId": ticket(), "body": "It is on its way."})
        }
        "assignTicket" => json!({"ticketId": ticket(), "assignee": "Grace"}),
        "resolveTicket" => json!({"ticketId": ticket(), "resolution": "It arrived."}),
        other => panic!("{other} is sold, and this file does not say how it is bought"),
    }
}

type Change = fn(Value) -> Value;

struct Bought {
    arguments: Value,
    payment: Value,
    answer: Value,
}

fn buy(server: &Server, tool: Tool, wallet: u8, change: Change) -> Bought {
    let arguments = arguments(server, tool);
    let challenge = server.challenge(tool.name(), &arguments);
    let payment = change(Wallet::new(wallet).pay(&challenge["accepts"][0], wallet));
    let reply = block_on(server.tool(tool.name(), &arguments, Some(&payment)));
    assert_eq!(reply.status, 200, "{}: {}", tool.name(), reply.body);
    Bought { arguments, payment, answer: json_of(&reply) }
}

/// What can be made of the calldata of a settlement, and of a receipt key of one's own.
fn copies(payment: &Value) -> Vec<Value> {
    let accepted = |key: Option<&str>| {
        json!({"scheme": "exact", "network": "eip155:84532",
            "amount": payment["payload"]["authorization"]["value"],
            "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
            "payTo": payment["payload"]["authorization"]["to"], "maxTimeoutSeconds": 110,
            "extra": {"name": "USDC", "version": "2", "receiptKey": key}})
    };
    let with = |accepted: Value| json!({"x402Version": 2, "accepted": accepted, "payload": payment["payload"]});
    let mut named = with(accepted(None));
    named["extensions"] = json!({"payment-identifier": {"info": {"id": "guess-0123456789ab"}}});
    let key = "f".repeat(32);
    vec![as_v1(payment), with(accepted(None)), with(accepted(Some(&key))), named]
}

/// Shows a payment in every way in which one can be shown.
fn show(
    server: &Server,
    tool: Tool,
    arguments: &Value,
    payment: &Value,
    proof: &str,
) -> Vec<Reply> {
    let header = match payment["x402Version"].as_u64() {
        Some(1) => "x-payment",
        _ => "payment-signature",
    };
    let encoded = STANDARD.encode(payment.to_string());
    let proof = Some(("sign-in-with-x", proof)).filter(|(_, proof)| !proof.is_empty());
    let http: Vec<_> = [(header, encoded.as_str())].into_iter().chain(proof).collect();
    let call = |meta: Value| {
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": tool.name(), "arguments": arguments, "_meta": meta}})
    };
    let era = [("mcp-protocol-version", "2025-11-25")];
    let mcp: Vec<_> = era.into_iter().chain(proof).collect();
    if proof.is_some() {
        // A proof counts once.
        return vec![block_on(server.tool_with(tool.name(), arguments, &http))];
    }
    vec![
        block_on(server.tool_with(tool.name(), arguments, &http)),
        server.mcp(false, &mcp, &call(json!({"x402/payment": payment}))),
        server.mcp(false, &mcp, &call(json!({"x402.payment": encoded}))),
        server.mcp(false, &http, &call(json!({}))),
    ]
}

/// The texts of an answer that say something about what was bought.
fn telling(answer: &Value, arguments: &Value) -> Vec<String> {
    let mut texts = Vec::new();
    match answer {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => texts.extend(items.iter().flat_map(|it| telling(it, arguments))),
        Value::Object(members) => {
            texts.extend(members.values().flat_map(|it| telling(it, arguments)));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    let asked = arguments.to_string();
    // Moments are those of the clock.
    let is_moment = |text: &str| text.starts_with("202") && text.ends_with('Z');
    texts.retain(|text| text.len() >= 12 && !asked.contains(text.as_str()) && !is_moment(text));
    texts
}

/// A refusal has members of its own only, and none of what was bought.
fn holds_nothing(reply: &Reply, bought: &Bought) {
    for text in telling(&bought.answer, &bought.arguments) {
        assert!(!reply.body.contains(&text), "{text} in {}", reply.body);
    }
    for member in ["ticketUrl", "\"rsvp\"", "\"secret\"", "\"event\"", "transactionHash"] {
        assert!(!reply.body.contains(member), "{member} in {}", reply.body);
    }
    let receipt = ["payment-response", "x-payment-response"];
    assert!(reply.headers.iter().all(|(name, _)| !receipt.contains(name)));
}

/// `proof_needed`, over HTTP or as the result of a tool.
fn is_proof_needed(reply: &Reply) {
    let body = json_of(reply);
    let error = &body["result"]["structuredContent"]["error"];
    let (code, money) = match error.is_object() {
        true => (error["code"].clone(), error["moneyMoved"].clone()),
        false => {
            assert_eq!(reply.status, 401, "{}", reply.body);
            (json!(body["title"].as_str().unwrap().replace(' ', "_")), body["moneyMoved"].clone())
        }
    };
    assert_eq!((code, money), (json!("proof_needed"), json!("yes")), "{}", reply.body);
}

/// What a wallet signs, from wherever it is offered.
fn offer_of(reply: &Reply) -> Value {
    let required = reply.headers.iter().find(|(name, _)| *name == "payment-required");
    match required {
        Some((_, header)) => serde_json::from_slice(&STANDARD.decode(header).unwrap()).unwrap(),
        None => json_of(reply),
    }
}

/// A call that a wallet signs in with, paid with `payment` or not.
fn signed_in(
    server: &Server,
    tool: Tool,
    asked: &Value,
    wallet: u8,
    payment: Option<&Value>,
) -> Reply {
    let refused = block_on(server.tool(tool.name(), asked, None));
    let proof = Wallet::new(wallet).prove(&offer_of(&refused));
    match payment {
        Some(payment) => show(server, tool, asked, payment, &proof).remove(0),
        None => block_on(server.tool_with(tool.name(), asked, &[("sign-in-with-x", &proof)])),
    }
}

fn settlements(server: &Server) -> usize {
    server.world.memory.settled.borrow().len()
}

#[test]
fn who_reads_a_settled_payment_off_the_chain_gets_no_answer_of_any_paid_tool() {
    let server = host();
    let (same, old): (Change, Change) = (|it| it, |it| as_v1(&it));
    for (wallet, tool) in (1..).zip(paid_tools()) {
        for (wallet, change) in [(wallet, same), (wallet + 100, old)] {
            let bought = buy(&server, tool, wallet, change);
            let before = settlements(&server);
            for copy in copies(&bought.payment) {
                let is_named = copy["extensions"].is_object();
                for reply in show(&server, tool, &bought.arguments, &copy, "") {
                    holds_nothing(&reply, &bought);
                    if !is_named {
                        is_proof_needed(&reply);
                    }
                    assert_ne!(json_of(&reply)["success"], true);
                }
            }
            assert_eq!(settlements(&server), before, "nothing is charged again");
            server.pass(60);
        }
    }
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn the_exact_copy_and_the_wallet_that_paid_get_the_answer_of_every_paid_tool() {
    let server = host();
    for (wallet, tool) in (1..).zip(paid_tools()) {
        let bought = buy(&server, tool, wallet, |it| it);
        let before = settlements(&server);
        let Bought { arguments, payment, answer } = &bought;
        for reply in show(&server, tool, arguments, payment, "") {
            let body = json_of(&reply);
            let structured = &body["result"]["structuredContent"];
            assert_eq!(if structured.is_object() { structured } else { &body }, answer);
        }
        let reply = signed_in(&server, tool, arguments, wallet, None);
        assert_eq!((reply.status, &json_of(&reply)), (200, answer), "{}", tool.name());
        let bare = as_v1(payment);
        let reply = signed_in(&server, tool, arguments, wallet, Some(&bare));
        assert_eq!((reply.status, &json_of(&reply)), (200, answer), "{}", tool.name());
        assert_eq!(settlements(&server), before);
        server.pass(60);
    }
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn another_wallet_signs_in_and_gets_nothing_of_any_paid_tool() {
    let server = host();
    for (wallet, tool) in (1..).zip(paid_tools()) {
        let bought = buy(&server, tool, wallet, |it| it);
        let before = settlements(&server);
        let reply = signed_in(&server, tool, &bought.arguments, 99, None);
        assert!(matches!(reply.status, 402 | 409), "{}: {}", tool.name(), reply.body);
        holds_nothing(&reply, &bought);
        let reply = signed_in(&server, tool, &bought.arguments, 99, Some(&as_v1(&bought.payment)));
        is_proof_needed(&reply);
        holds_nothing(&reply, &bought);
        assert_eq!(settlements(&server), before);
        server.pass(60);
    }
}

fn rsvp(event: &str) -> Value {
    json!({"eventId": event})
}

#[test]
fn a_version_1_buyer_who_lost_the_answer_signs_in_also_when_the_event_is_full_or_over() {
    let server = host();
    let bought = buy(&server, Tool::Events(EventTool::RsvpToEvent), 1, |it| as_v1(&it));
    let full = block_on(server.tool("rsvpToEvent", &bought.arguments, None));
    assert_eq!(json_of(&full)["title"], "event full");
    let reply =
        signed_in(&server, Tool::Events(EventTool::RsvpToEvent), &bought.arguments, 1, None);
    assert_eq!(json_of(&reply)["rsvp"]["code"], bought.answer["rsvp"]["code"]);
    // A client that kept its payment is told the same where it shows that.
    let refused = block_on(server.tool("rsvpToEvent", &bought.arguments, Some(&bought.payment)));
    is_proof_needed(&refused);
    let proof = Wallet::new(1).prove(&json_of(&refused));
    let headers = [("sign-in-with-x", proof.as_str())];
    let reply = block_on(server.tool_with("rsvpToEvent", &bought.arguments, &headers));
    assert_eq!(json_of(&reply)["ticketUrl"], bought.answer["ticketUrl"]);
    server.world.memory.now.set(1_900_000_000);
    let reply =
        signed_in(&server, Tool::Events(EventTool::RsvpToEvent), &bought.arguments, 1, None);
    assert_eq!(reply.status, 200, "{}", reply.body);
    // It never bought another one, and a stranger is still told that it is over.
    let reply =
        signed_in(&server, Tool::Events(EventTool::RsvpToEvent), &bought.arguments, 2, None);
    assert_eq!(json_of(&reply)["title"], "event past");
    assert_eq!(settlements(&server), 1);
}

#[test]
fn a_seat_is_shown_again_by_its_event_whatever_name_was_given_with_it() {
    let server = host();
    let event = server.event(2);
    let named = json!({"eventId": event, "name": "Ada", "email": "ada@example.org"});
    let challenge = server.challenge("rsvpToEvent", &named);
    let payment = Wallet::new(1).pay(&challenge["accepts"][0], 1);
    let first = json_of(&block_on(server.tool("rsvpToEvent", &named, Some(&payment))));
    let again =
        json_of(&signed_in(&server, Tool::Events(EventTool::RsvpToEvent), &rsvp(&event), 1, None));
    assert_eq!(again["rsvp"]["code"], first["rsvp"]["code"]);
    // Not even a new payment that comes with the proof is taken for a second seat.
    let challenge = server.challenge("rsvpToEvent", &rsvp(&event));
    let second = Wallet::new(1).pay(&challenge["accepts"][0], 2);
    let again =
        signed_in(&server, Tool::Events(EventTool::RsvpToEvent), &rsvp(&event), 1, Some(&second));
    assert_eq!(json_of(&again)["rsvp"]["code"], first["rsvp"]["code"]);
    // Without a proof it is refused, and told how the ticket is seen again.
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&second)));
    assert_eq!(json_of(&reply)["title"], "already has seat");
    let proof = Wallet::new(1).prove(&json_of(&reply));
    let headers = [("sign-in-with-x", proof.as_str())];
    assert_eq!(block_on(server.tool_with("rsvpToEvent", &rsvp(&event), &headers)).status, 200);
    assert_eq!(settlements(&server), 1);
}

#[test]
fn a_new_payment_buys_new_work_although_its_wallet_signs_in() {
    let server = host();
    let asked = rsvp(&server.event(2));
    let first = server.challenge("getEventAnalytics", &asked);
    let payment = |nonce| Wallet::new(1).pay(&first["accepts"][0], nonce);
    let bought = block_on(server.tool("getEventAnalytics", &asked, Some(&payment(1))));
    let reply = signed_in(
        &server,
        Tool::Events(EventTool::GetEventAnalytics),
        &asked,
        1,
        Some(&payment(2)),
    );
    assert_eq!((bought.status, reply.status, settlements(&server)), (200, 200, 2));
}

#[test]
fn while_the_outcome_is_unknown_the_wallet_is_told_to_wait_and_asked_for_no_payment() {
    let server = host();
    let event = server.event(1);
    let challenge = server.challenge("rsvpToEvent", &rsvp(&event));
    let payment = as_v1(&Wallet::new(1).pay(&challenge["accepts"][0], 1));
    server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    assert_eq!(json_of(&reply)["title"], "settlement pending");
    let proof = Wallet::new(1).prove(&challenge);
    let headers = [("sign-in-with-x", proof.as_str())];
    let reply = block_on(server.tool_with("rsvpToEvent", &rsvp(&event), &headers));
    assert_eq!(json_of(&reply)["title"], "settlement pending", "{}", reply.body);
    // A copy is told to wait, too; looking finds out, and then nothing but the proof opens it.
    let again = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    assert_eq!(json_of(&again)["title"], "settlement pending");
    server.pass(30);
    is_proof_needed(&block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment))));
    let reply = signed_in(&server, Tool::Events(EventTool::RsvpToEvent), &rsvp(&event), 1, None);
    assert_eq!((reply.status, settlements(&server)), (200, 1), "{}", reply.body);
}

#[test]
fn an_answer_that_nobody_got_is_given_to_the_exact_copy_after_a_crash() {
    let mut server = host();
    let event = server.event(1);
    let challenge = server.challenge("rsvpToEvent", &rsvp(&event));
    let payment = Wallet::new(1).pay(&challenge["accepts"][0], 1);
    server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    server.evict();
    server.pass(30);
    is_proof_needed(&block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&as_v1(&payment)))));
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    assert_eq!(reply.status, 200, "{}", reply.body);
}

#[test]
fn a_payment_that_reverted_on_the_chain_is_not_taken_from_its_maker() {
    let server = host();
    let event = server.event(1);
    let challenge = server.challenge("rsvpToEvent", &rsvp(&event));
    let payment = Wallet::new(1).pay(&challenge["accepts"][0], 1);
    let refuses = Settles::Refuses("insufficient_funds");
    server.world.memory.settles.borrow_mut().push_back(refuses);
    assert_eq!(block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment))).status, 402);
    // The wallet has money again, and the transaction that failed is there for all to read.
    for copy in copies(&payment) {
        let reply = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&copy)));
        assert_eq!(json_of(&reply)["title"], "payment used", "{}", reply.body);
    }
    assert_eq!(settlements(&server), 0);
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    assert_eq!((reply.status, settlements(&server)), (200, 1), "{}", reply.body);
}

#[test]
fn a_proof_counts_once_and_guessing_is_limited() {
    let server = host();
    let bought = buy(&server, Tool::Events(EventTool::GetEventAnalytics), 1, |it| it);
    let proof = Wallet::new(1).prove(&server.challenge("getEventAnalytics", &bought.arguments));
    let call = |proof: &str| {
        let headers = [("sign-in-with-x", proof)];
        block_on(server.tool_with("getEventAnalytics", &bought.arguments, &headers))
    };
    assert_eq!(call(&proof).status, 200);
    let again = call(&proof);
    assert_eq!((again.status, &json_of(&again)["title"]), (401, &json!("nonce used")));
    let rows = server.int("SELECT count(*) FROM used_nonces");
    let mut last = call("e30=");
    assert_eq!(json_of(&last)["title"], "proof refused");
    for _ in 0..400 {
        last = call("e30=");
    }
    assert_eq!(last.status, 429, "{}", last.body);
    assert_eq!(server.int("SELECT count(*) FROM used_nonces"), rows, "no row for what is refused");
}

#[test]
fn wrong_copies_are_limited_like_unpaid_calls() {
    let server = host();
    let bought = buy(&server, Tool::Events(EventTool::RsvpToEvent), 1, |it| it);
    let copy = as_v1(&bought.payment);
    let call = || block_on(server.tool("rsvpToEvent", &bought.arguments, Some(&copy)));
    is_proof_needed(&call());
    assert!((0..400).any(|_| call().status == 429));
    // Who has the right copy is not locked out by it.
    let exact = block_on(server.tool("rsvpToEvent", &bought.arguments, Some(&bought.payment)));
    assert_eq!(exact.status, 200, "{}", exact.body);
}

#[test]
fn no_list_record_or_page_holds_what_opens_a_seat() {
    let server = host();
    let bought = buy(&server, Tool::Events(EventTool::RsvpToEvent), 1, |it| it);
    server.pass(60);
    let code = bought.answer["rsvp"]["code"].as_str().unwrap();
    let key = bought.payment["accepted"]["extra"]["receiptKey"].as_str().unwrap();
    for (name, value) in server.world.memory.kv.borrow().iter() {
        assert!(!value.contains(code) && !value.contains(key), "{name}: {value}");
    }
    let analytics = buy_analytics(&server, &bought.arguments);
    let pages = [
        block_on(server.tool("listEvents", &json!({}), None)),
        block_on(server.tool("getEvent", &bought.arguments, None)),
        analytics,
    ];
    for page in pages {
        assert!(page.status == 200 && !page.body.contains(code), "{}", page.body);
    }
    // Nor does the storage keep the key with which the answer is read.
    assert!(!server.everything().contains(key));
}

fn buy_analytics(server: &Server, asked: &Value) -> Reply {
    let challenge = server.challenge("getEventAnalytics", asked);
    let payment = Wallet::new(2).pay(&challenge["accepts"][0], 2);
    block_on(server.tool("getEventAnalytics", asked, Some(&payment)))
}

#[test]
fn an_answer_that_comes_after_the_alarm_has_delivered_delivers_nothing_again() {
    for tool in paid_tools() {
        let server = host();
        let arguments = arguments(&server, tool);
        let challenge = server.challenge(tool.name(), &arguments);
        let payment = Wallet::new(1).pay(&challenge["accepts"][0], 1);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let mut call = Box::pin(server.tool(tool.name(), &arguments, Some(&payment)));
        while server.int("SELECT count(*) FROM payments WHERE state = 'settling'") == 0 {
            assert!(call.as_mut().poll(&mut context).is_pending());
        }
        // The facilitator takes longer than anybody waits for it; the alarm settles and delivers.
        server.pass(100);
        assert_eq!(server.text("SELECT state FROM payments"), "delivered", "{}", tool.name());
        let tickets = server.int("SELECT count(*) FROM tickets");
        let reply = block_on(call);
        assert_eq!(reply.status, 200, "{}: {}", tool.name(), reply.body);
        assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new(), "{}", tool.name());
        assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'delivered'"), 1);
        assert_eq!(server.int("SELECT count(*) FROM tickets"), tickets, "{}", tool.name());
    }
}
