//! What a listed host's tools say of themselves is what they demand.

use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Own};
use serde_json::{Value, json};

use super::{choose, open};
use crate::support::{BOTH, config, json_of, rpc};

/// A schema without what describes its members.
fn bare(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let kept =
                members.iter().filter(|(name, it)| *name != "description" || !it.is_string());
            kept.map(|(name, it)| (name.clone(), bare(it)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
        Value::Array(items) => items.iter().map(bare).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
    }
}

#[test]
fn what_a_listed_tool_declares_in_its_challenge_is_what_is_demanded() {
    let server = open();
    let event = server.event(5);
    let secret = json!({"name": "Door code", "price": "0.03", "value": "1234"});
    let secret = json_of(&server.as_owner(Action::Own(Own::StoreSecret), &secret));
    let products = json!({"products": ["events", "vault", "desk"]});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &products).status, 200);
    let manifest = json_of(&server.as_stranger(AtHost::Manifest));
    let url = &config().public_url;
    let in_mcp = |name: &str, arguments: &Value| {
        let call = json!({"name": name, "arguments": arguments});
        let answer = json_of(&server.mcp(false, &[BOTH], &rpc("tools/call", &call)));
        answer["result"]["structuredContent"].clone()
    };
    for (name, arguments) in [
        ("rsvpToEvent", json!({"eventId": event, "name": "Ada Lovelace", "seats": 2})),
        ("getEventAnalytics", json!({"eventId": event})),
        ("retrieveSecret", json!({"secretId": secret["id"]})),
        ("createTicket", json!({"subject": "Private", "body": "Mine", "email": "ada@example.com"})),
    ] {
        choose(&server, false);
        for challenge in [server.challenge(name, &arguments), in_mcp(name, &arguments)] {
            assert_eq!(challenge["extensions"]["bazaar"], Value::Null, "{name}: it is not listed");
        }
        choose(&server, true);
        let tools = manifest["tools"].as_array().unwrap();
        let schema = &tools.iter().find(|tool| tool["name"] == name).unwrap()["inputSchema"];
        let over_http = server.challenge(name, &arguments);
        let declared = &over_http["extensions"]["bazaar"];
        let body = &declared["schema"]["properties"]["input"]["properties"]["body"];
        assert_eq!(*body, bare(schema), "{name}");
        let path = format!("{url}/x402/users/{}/tools/{name}", server.scope);
        assert_eq!(over_http["resource"]["url"], path);
        let at_server = in_mcp(name, &arguments);
        let input = &at_server["extensions"]["bazaar"]["info"]["input"];
        assert_eq!((&input["toolName"], &input["inputSchema"]), (&json!(name), schema));
        let server_url = format!("{url}/mcp/users/{}", server.scope);
        assert_eq!(at_server["resource"]["url"], server_url);
        // The declared example is demanded as it says, and has nothing of who asked.
        let example = &declared["info"]["input"]["body"];
        assert_eq!(example, &input["example"]);
        for private in ["Ada", "Private", "Mine"] {
            assert!(!declared.to_string().contains(private), "{name}: {declared}");
        }
        let again = server.challenge(name, example);
        assert_eq!(again["extensions"]["bazaar"], *declared, "payers send it back: it is constant");
        let seats = arguments["seats"].as_u64().unwrap_or(1);
        for challenge in [&over_http, &at_server, &again] {
            let demanded = &challenge["accepts"][0];
            assert_eq!(demanded["payTo"], manifest["payTo"]);
        }
        let amount = |challenge: &Value| {
            challenge["accepts"][0]["amount"].as_str().unwrap().parse::<u64>().unwrap()
        };
        assert_eq!(amount(&again) * seats, amount(&over_http), "{name}");
        assert_eq!(amount(&over_http), amount(&at_server), "{name}");
    }
}
