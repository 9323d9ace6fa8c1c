//! A facilitator that does not settle where a deployment wants to be paid.

use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use events_concierge::ports::HttpResponse;
use serde_json::{Value, json};

use crate::support::{NOW, Server, Wallet, World, block_on, config_with, json_of};

const PAY_TO: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const TWO: [(&str, &str); 2] = [
    ("NETWORKS", "eip155:84532,eip155:80002"),
    (
        "RPC_URLS",
        r#"{"eip155:84532":"http://127.0.0.1:8545","eip155:80002":"http://127.0.0.1:8546"}"#,
    ),
];

fn server(more: &[(&str, &str)]) -> Server {
    let server = Server::with(World::new(), PAY_TO, config_with(more));
    let body = json!({"userId": PAY_TO, "walletAddress": PAY_TO});
    assert_eq!(server.as_owner(Action::Own(Own::Register), &body).status, 201);
    server
}

fn kind(version: u8, scheme: &str, network: &str) -> Value {
    json!({"x402Version": version, "scheme": scheme, "network": network})
}

/// What the facilitator says of itself from now on.
fn says(server: &Server, status: u16, body: &Value) {
    let answer = HttpResponse { status, body: body.to_string() };
    *server.world.memory.supported.borrow_mut() = Some(answer);
}

fn asked(server: &Server) -> u32 {
    server.world.memory.supported_asked.get()
}

fn networks(server: &Server, event: &Value) -> Vec<String> {
    let offer = server.challenge("rsvpToEvent", event);
    let accepts = offer["accepts"].as_array().unwrap().iter();
    accepts.map(|one| one["network"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn nothing_is_sold_where_the_facilitator_says_that_it_does_not_settle() {
    let server = server(&[]);
    let event = json!({"eventId": server.event(5)});
    let offer = server.challenge("rsvpToEvent", &event);
    let payment = Wallet::new(1).pay(&offer["accepts"][0], 1);
    server.world.memory.now.set(NOW + 60);
    says(
        &server,
        200,
        &json!({"kinds": [
            kind(2, "exact", "eip155:8453"), kind(1, "exact", "base"), kind(2, "upto", "eip155:84532"),
            kind(2, "exact", "solana:mainnet"),
        ]}),
    );
    for payment in [None, Some(&payment)] {
        let reply = block_on(server.tool("rsvpToEvent", &event, payment));
        let body = json_of(&reply);
        assert_eq!((reply.status, &body["title"]), (503, &json!("network not supported")));
        assert_eq!(body["moneyMoved"], "no");
        let detail = body["detail"].as_str().unwrap();
        for named in ["FACILITATOR_URL", "NETWORKS", "eip155:84532"] {
            assert!(detail.contains(named), "{detail}");
        }
    }
    assert!(server.world.memory.requests.borrow().is_empty(), "nobody was asked to settle");
    assert_eq!(server.int("SELECT count(*) FROM payments"), 0);
    assert_eq!(asked(&server), 2, "once in vain, and once for both calls");
    // Its answer is kept for an hour; then it may have learnt more.
    says(&server, 200, &json!({"kinds": [kind(2, "exact", "eip155:84532")]}));
    server.world.memory.now.set(NOW + 60 + 3_599);
    assert_eq!(block_on(server.tool("rsvpToEvent", &event, None)).status, 503);
    server.world.memory.now.set(NOW + 60 + 3_600);
    assert_eq!(networks(&server, &event), ["eip155:84532"]);
    assert_eq!(asked(&server), 3);
}

#[test]
fn a_challenge_lists_the_networks_on_which_the_facilitator_settles() {
    let both = ["eip155:84532", "eip155:80002"];
    for (kinds, expected) in [
        (vec![kind(2, "exact", both[0]), kind(2, "exact", both[1])], both.to_vec()),
        (vec![kind(2, "exact", both[1])], vec![both[1]]),
        (vec![kind(1, "exact", "base-sepolia")], vec![both[0]]),
        (vec![kind(2, "exact", "eip155:*")], both.to_vec()),
    ] {
        let server = server(&TWO);
        let event = json!({"eventId": server.event(5)});
        says(&server, 200, &json!({"kinds": kinds, "extensions": [], "signers": {}}));
        assert_eq!(networks(&server, &event), expected);
        assert_eq!(networks(&server, &event), expected);
        assert_eq!(asked(&server), 1, "what it has said is kept");
    }
}

#[test]
fn a_facilitator_that_cannot_be_asked_has_not_said_no() {
    for (status, body) in [
        (500, json!({"kinds": []})),
        (404, json!({"error": "not found"})),
        (200, json!("supported")),
        (200, json!({"kinds": "all"})),
        (200, json!({"kinds": [{"network": 5}]})),
    ] {
        let server = server(&[]);
        let event = json!({"eventId": server.event(5)});
        says(&server, status, &body);
        for seconds in [0, 1, 59] {
            server.world.memory.now.set(NOW + seconds);
            assert_eq!(networks(&server, &event), ["eip155:84532"], "{status} {body}");
        }
        assert_eq!(asked(&server), 1, "it is not asked again for every call");
        server.world.memory.now.set(NOW + 60);
        let offer = server.challenge("rsvpToEvent", &event);
        assert_eq!(asked(&server), 2);
        let payment = Wallet::new(1).pay(&offer["accepts"][0], 1);
        assert_eq!(block_on(server.tool("rsvpToEvent", &event, Some(&payment))).status, 200);
    }
}

#[test]
fn what_was_said_counts_while_the_facilitator_is_away() {
    let server = server(&TWO);
    let event = json!({"eventId": server.event(5)});
    says(&server, 200, &json!({"kinds": [kind(2, "exact", "eip155:80002")]}));
    assert_eq!(networks(&server, &event), ["eip155:80002"]);
    *server.world.memory.supported.borrow_mut() = None;
    server.world.memory.now.set(NOW + 3_600);
    assert_eq!(networks(&server, &event), ["eip155:80002"]);
    assert_eq!(asked(&server), 2);
}

#[test]
fn our_own_facilitator_is_not_asked_where_it_settles() {
    let server = Server::settling_itself();
    let event = json!({"eventId": server.event(5)});
    assert_eq!(networks(&server, &event), ["eip155:84532"]);
    assert_eq!(asked(&server), 0);
}
