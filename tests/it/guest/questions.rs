//! What servers ask back is a question in the chat, and what is typed is its answer: never a yes to a payment.

use std::future::Future;
use std::pin::Pin;

use serde_json::{Value, json};

use crate::guest::deployment::{ELSEWHERE_URL, deployment};
use crate::guest::kit::{ADA, Visit, person, url_of};
use crate::support::{NOW, join_all, yield_once};

fn form(properties: Value, required: Value) -> Value {
    json!({"resultType": "input_required", "requestState": "s", "inputRequests": {"q": {
        "method": "elicitation/create", "params": {"message": "Who\u{202e} comes?\n", "requestedSchema":
            {"type": "object", "properties": properties, "required": required}}}}})
}

fn at_asking_server(asks: Value) -> Visit {
    let deployment = deployment();
    deployment.asks.replace(asks);
    let visit = Visit::begin(&deployment, Some(&person(ADA, NOW)));
    visit.connect(ELSEWHERE_URL);
    visit
}

/// Calls the tool, and types each of these when something new was said in the chat.
fn call_and_type(visit: &Visit, typed: &[&str]) {
    let call = json!({"type": "call_tool", "tool": "look", "callId": "c"});
    let types = async {
        for text in typed {
            let before = visit.all("chat").len();
            Box::pin(visit.guest.hear(&json!({"type": "chat", "text": text}).to_string())).await;
            assert!(visit.all("chat").len() > before, "{text}");
        }
    };
    let asked = async {
        while visit.all("chat").is_empty() {
            yield_once().await;
        }
        Box::pin(types).await;
    };
    let calls = async { Box::pin(visit.guest.hear(&call.to_string())).await };
    let both: Vec<Pin<Box<dyn Future<Output = ()>>>> = vec![Box::pin(calls), Box::pin(asked)];
    join_all(both);
}

/// What the server got for its question.
fn sent(visit: &Visit) -> Value {
    let elsewhere = visit.room.deployment.elsewhere.borrow();
    let last = elsewhere.last().unwrap();
    assert_eq!(last["params"]["requestState"], "s");
    last["params"]["inputResponses"]["q"].clone()
}

fn said(visit: &Visit, nth: usize) -> String {
    visit.all("chat")[nth]["text"].as_str().unwrap().to_owned()
}

#[test]
fn a_form_is_asked_field_by_field_and_checked() {
    let visit = at_asking_server(form(
        json!({
            "name": {"type": "string", "title": "Name", "minLength": 2, "maxLength": 9},
            "age": {"type": "integer", "minimum": 18, "default": 30},
            "vip": {"type": "boolean"},
            "size": {"type": "string", "enum": ["s", "m"], "enumNames": ["Small", "Medium"]},
            "days": {"type": "array", "items": {"enum": ["mon", "tue"], "type": "string"}, "maxItems": 2},
        }),
        json!(["name", "size"]),
    ));
    // JSON keeps no order, so the fields come by their names.
    let typed = [
        "old", "17", "skip", "mon, fri", "mon, tue", "x", "\"skip\"", "large", "Medium", "maybe",
        "no",
    ];
    call_and_type(&visit, &typed);
    assert_eq!(
        sent(&visit),
        json!({"action": "accept", "content": {"name": "skip", "age": 30, "vip": false, "size": "m", "days": ["mon", "tue"]}})
    );
    assert_eq!(visit.last("tool_result")["result"]["structuredContent"]["message"], "done");
    let first = said(&visit, 0);
    assert!(first.starts_with("127.0.0.1 asks: Who comes?\n"), "{first}");
    assert!(first.contains("(1 of 5)") && first.contains("Never type a password"), "{first}");
    assert!(!first.contains('\u{202e}'));
}

#[test]
fn a_question_is_declined_or_cancelled_and_ends_by_itself() {
    let asks = || form(json!({"name": {"type": "string"}}), json!(["name"]));
    for (typed, action) in [("decline", "decline"), (" CANCEL ", "cancel")] {
        let visit = at_asking_server(asks());
        call_and_type(&visit, &[typed]);
        assert_eq!(sent(&visit), json!({"action": action}));
    }
    // Nobody answers: it is cancelled after three minutes, and that is said.
    let visit = at_asking_server(asks());
    visit.say(&json!({"type": "call_tool", "tool": "look"}));
    assert_eq!(sent(&visit), json!({"action": "cancel"}));
    assert!(said(&visit, 1).contains("no answer within 3 minutes"));
    // Nobody is there: at once.
    let visit = at_asking_server(asks());
    visit.room.is_client_there.set(false);
    visit.say(&json!({"type": "call_tool", "tool": "look"}));
    assert_eq!(sent(&visit), json!({"action": "cancel"}));
}

#[test]
fn a_question_without_fields_takes_a_yes_and_is_shown_to_a_returning_client() {
    let visit = at_asking_server(form(json!({}), json!([])));
    let call = json!({"type": "call_tool", "tool": "look"});
    let comes = async {
        while visit.all("chat").is_empty() {
            yield_once().await;
        }
        let greeting = visit.greeting(&person(ADA, NOW)).await;
        let shown = greeting.iter().filter(|message| message["type"] == "chat").count();
        assert_eq!(shown, 1, "{greeting:?}");
        for text in ["perhaps", "yes"] {
            Box::pin(visit.guest.hear(&json!({"type": "chat", "text": text}).to_string())).await;
        }
    };
    let calls = async { Box::pin(visit.guest.hear(&call.to_string())).await };
    let both: Vec<Pin<Box<dyn Future<Output = ()>>>> = vec![Box::pin(calls), Box::pin(comes)];
    join_all(both);
    assert_eq!(sent(&visit), json!({"action": "accept", "content": {}}));
}

#[test]
fn what_is_typed_for_a_server_is_never_a_yes_to_a_payment() {
    let deployment = deployment();
    let visit = Visit::buying(&deployment, Some(&person(ADA, NOW)));
    visit.say(&json!({"type": "set_policy", "askAbove": "0.00"}));
    visit.say(&visit.seat());
    assert_eq!(visit.all("payment_required").len(), 1);
    let state = || visit.text("SELECT state FROM purchases");
    deployment.asks.replace(form(json!({"go": {"type": "boolean"}}), json!(["go"])));
    visit.connect(ELSEWHERE_URL);
    call_and_type(&visit, &["yes"]);
    assert_eq!((sent(&visit)["content"]["go"].clone(), state().as_str()), (json!(true), "asked"));
    // A question that is over takes the next yes with it.
    visit.say(&json!({"type": "call_tool", "tool": "look"}));
    assert_eq!(sent(&visit), json!({"action": "cancel"}));
    visit.say(&json!({"type": "chat", "text": "yes"}));
    assert_eq!((state().as_str(), deployment.transfers()), ("asked", 0));
    assert!(visit.last("chat")["text"].as_str().unwrap().contains("say yes again"));
    visit.connect(&url_of(&deployment.server));
    visit.say(&json!({"type": "chat", "text": "yes"}));
    assert_eq!((state().as_str(), deployment.transfers()), ("paid", 1));
}
