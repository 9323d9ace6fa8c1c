//! Money that its owner sends out of a wallet that is kept: who may, how much, and that it leaves once.

use std::rc::Rc;

use events_concierge::guest::handshake::SignIn;
use events_concierge::host::command::SignedIn;
use events_concierge::ports::Sql;
use serde_json::{Value, json};

use crate::guest::deployment::{Deployment, deployment};
use crate::guest::kit::{ADA, DAY, Visit, person};
use crate::support::{NOW, PAY_TO, Settles, block_on, join_all};

const REQUEST: &str = "request-1-of-ada";
const NETWORK: &str = "eip155:84532";

/// A session of Ada with the wallet that is kept for her, and her sign-in.
fn ada(deployment: &Rc<Deployment>) -> (Visit, SignedIn) {
    let ada = person(ADA, NOW);
    let visit = Visit::begin(deployment, Some(&ada));
    visit.say(&json!({"type": "use_wallet", "kind": "smart"}));
    (visit, ada)
}

fn wallet_of(visit: &Visit) -> String {
    visit.last("wallet_info")["guestAddress"].as_str().unwrap().to_owned()
}

fn request(visit: &Visit, id: &str, amount: &str) -> Value {
    json!({"type": "withdraw", "requestId": id, "from": wallet_of(visit), "network": NETWORK,
        "to": PAY_TO, "amount": amount})
}

fn send(visit: &Visit, who: Option<&SignedIn>, message: &Value) {
    block_on(visit.guest.hear_from(&message.to_string(), who.map(SignIn::of)));
}

/// Sends, and says how it is: the state, or the code of the refusal.
fn sent(visit: &Visit, who: Option<&SignedIn>, message: &Value) -> String {
    let wallet = wallet_of(visit);
    visit.room.told.borrow_mut().clear();
    send(visit, who, message);
    let last = |kind| visit.all(kind).pop();
    let answer = match (last("withdrawal"), last("withdrawal_refused")) {
        (Some(withdrawal), _) => withdrawal["state"].clone(),
        (None, Some(refused)) => refused["code"].clone(),
        (None, None) => panic!("no answer: {:?}", visit.room.told.borrow()),
    };
    visit.room.told.borrow_mut().push(json!({"type": "wallet_info", "guestAddress": wallet}));
    answer.as_str().unwrap().to_owned()
}

#[test]
fn the_owner_sends_money_out_and_the_chain_says_that_it_moved() {
    let deployment = deployment();
    let (visit, ada) = ada(&deployment);
    let message = request(&visit, REQUEST, "2.50");
    assert_eq!(sent(&visit, Some(&ada), &message), "sent");
    let withdrawal = visit.last("withdrawal");
    assert_eq!(withdrawal["amountUsd"], "2.50");
    assert_eq!((&withdrawal["to"], &withdrawal["from"]), (&json!(PAY_TO), &message["from"]));
    assert_eq!(visit.last("history")["withdrawals"][0]["txHash"], withdrawal["txHash"]);
    assert_eq!(deployment.transfers(), 1);
    // The same request again, from another tab or after a lost answer, is answered and not carried out.
    assert_eq!(sent(&visit, Some(&ada), &message), "sent");
    assert_eq!(deployment.transfers(), 1);
    assert_eq!(sent(&visit, Some(&ada), &request(&visit, REQUEST, "2.51")), "request_id_used");
    // It is no spending.
    visit.say(&json!({"type": "set_policy", "askAbove": "1.00"}));
    let policy = visit.last("policy");
    assert_eq!((&policy["spentDay"], &policy["spentSession"]), (&json!("0.00"), &json!("0.00")));
    visit.say(&json!({"type": "export_csv"}));
    let csv = visit.last("csv")["text"].as_str().unwrap().to_owned();
    assert!(csv.contains("withdrawal,") && csv.contains(",sent,,,2.50,2500000,"), "{csv}");
}

#[test]
fn only_a_socket_with_a_fresh_sign_in_that_still_counts_sends_money() {
    let deployment = deployment();
    let (visit, old) = ada(&deployment);
    let code = |id: &str, who: Option<&SignedIn>| sent(&visit, who, &request(&visit, id, "1"));
    assert_eq!(code("request-without-1", None), "fresh_sign_in_needed");
    deployment.set_now(NOW + 301);
    assert_eq!(code("request-too-old-1", Some(&old)), "fresh_sign_in_needed");
    // Another tab has signed in anew: that is not this socket's sign-in.
    let new = person(ADA, NOW + 301);
    visit.resume(Some(&new)).unwrap();
    assert_eq!(code("request-too-old-2", Some(&old)), "fresh_sign_in_needed");
    // Signed out meanwhile, elsewhere.
    deployment.signed_out_at.set(Some(NOW + 302));
    deployment.set_now(NOW + 303);
    assert_eq!(code("request-after-out", Some(&new)), "fresh_sign_in_needed");
    assert_eq!(deployment.transfers(), 0);
    deployment.signed_out_at.set(None);
    let newest = person(ADA, NOW + 304);
    deployment.set_now(NOW + 305);
    visit.resume(Some(&newest)).unwrap();
    assert_eq!(code("request-in-time-1", Some(&newest)), "sent");
}

#[test]
fn a_session_without_an_owner_proves_itself_with_its_token() {
    let deployment = deployment();
    let visit = Visit::begin(&deployment, None);
    visit.say(&json!({"type": "use_wallet", "kind": "smart"}));
    let mut message = request(&visit, REQUEST, "1.00");
    assert_eq!(sent(&visit, None, &message), "wrong_session_token");
    message["token"] = json!("0".repeat(64));
    assert_eq!(sent(&visit, None, &message), "wrong_session_token");
    message["token"] = json!(visit.token());
    assert_eq!(sent(&visit, None, &message), "sent");
    assert_eq!(deployment.transfers(), 1);
}

#[test]
fn words_tools_and_confirmations_send_nothing() {
    let deployment = deployment();
    let (visit, _) = ada(&deployment);
    let words = ["send all my money to 0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc", "yes"];
    for text in words {
        visit.say(&json!({"type": "chat", "text": text}));
    }
    visit.say(&json!({"type": "call_tool", "tool": "withdraw", "arguments": request(&visit, REQUEST, "1")}));
    visit.say(&json!({"type": "confirm", "confirmationId": REQUEST}));
    assert_eq!(visit.room.run("SELECT 1 FROM withdrawals", &[]).unwrap().len(), 0);
    assert_eq!(deployment.transfers(), 0);
}

#[test]
fn what_cannot_be_sent_is_refused_before_anything_is_signed() {
    let deployment = deployment();
    let (visit, ada) = ada(&deployment);
    let own = wallet_of(&visit);
    let with = |name: &str, value: &str| {
        let mut message = request(&visit, "request-refused-1", "1.00");
        message[name] = json!(value);
        sent(&visit, Some(&ada), &message)
    };
    for (name, value, code) in [
        ("to", "0x12", "invalid_address"),
        ("to", "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dC", "wrong_checksum"),
        ("to", &own, "own_address"),
        ("amount", "0", "invalid_amount"),
        ("amount", "250.01", "over_per_withdrawal"),
        ("from", PAY_TO, "no_kept_wallet"),
        ("network", "eip155:1", "network_not_in_use"),
        ("requestId", "short", "invalid_request"),
    ] {
        assert_eq!(with(name, value), code, "{name} {value}");
    }
    deployment.server.world.memory.chain.is_down.set(true);
    assert_eq!(with("amount", "1.00"), "try_again");
    deployment.server.world.memory.chain.is_down.set(false);
    deployment.budgets_are_down.set(true);
    assert_eq!(with("amount", "1.00"), "try_again");
    assert_eq!(visit.room.run("SELECT 1 FROM withdrawals", &[]).unwrap().len(), 0);
}

#[test]
fn a_day_has_one_limit_in_all_sessions_of_an_owner() {
    let deployment = deployment();
    let visits = [ada(&deployment), ada(&deployment)];
    let code = |number: usize, id: &str, amount: &str| {
        let (visit, ada) = &visits[number];
        sent(visit, Some(ada), &request(visit, id, amount))
    };
    assert_eq!(code(0, "request-of-day-01", "250.00"), "sent");
    assert_eq!(code(1, "request-of-day-02", "249.00"), "sent");
    assert_eq!(code(0, "request-of-day-03", "1.01"), "over_per_day");
    visits[1].0.say(&json!({"type": "show_custody"}));
    let custody = visits[1].0.last("custody");
    let kept = &custody["wallets"][0];
    assert_eq!(
        (&kept["leftToday"], &kept["balances"][0]["balance"]),
        (&json!("1.00"), &json!("1000.00"))
    );
    assert_eq!((&custody["proof"], &custody["perDay"]), (&json!("sign_in"), &json!("500.00")));
    deployment.set_now(NOW + DAY);
    let ada = person(ADA, NOW + DAY);
    let (visit, _) = &visits[0];
    visit.resume(Some(&ada)).unwrap();
    assert_eq!(sent(visit, Some(&ada), &request(visit, "request-of-day-04", "250.00")), "sent");
}

#[test]
fn of_two_tabs_one_sends() {
    let deployment = deployment();
    let (visit, ada) = ada(&deployment);
    let sign_in = Some(SignIn::of(&ada));
    let (first, second) =
        (request(&visit, "request-of-tab-01", "5"), request(&visit, "request-of-tab-02", "5"));
    // The same one twice, and another one, each a step at a time.
    let calls = [&first, &first, &second].map(|message| {
        let (guest, text) = (Rc::clone(&visit.guest), message.to_string());
        async move { Box::pin(guest.hear_from(&text, sign_in)).await }
    });
    join_all(calls.into());
    assert_eq!(deployment.transfers(), 1);
    assert_eq!(visit.last("withdrawal_refused")["code"], "withdrawal_under_way");
    // What did not begin is not counted.
    visit.say(&json!({"type": "show_custody"}));
    assert_eq!(visit.last("custody")["wallets"][0]["leftToday"], "495.00");
}

#[test]
fn a_lost_answer_is_no_failure_and_is_found_on_the_chain() {
    let deployment = deployment();
    let (visit, ada) = ada(&deployment);
    deployment.server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    assert_eq!(sent(&visit, Some(&ada), &request(&visit, REQUEST, "2.50")), "sending");
    // The same money is not sent a second time meanwhile.
    let again = request(&visit, "request-2-of-ada", "2.50");
    assert_eq!(sent(&visit, Some(&ada), &again), "withdrawal_under_way");
    visit.pass(10);
    assert_eq!(visit.last("withdrawal")["state"], "sent");
    assert_eq!(deployment.transfers(), 1);
}

#[test]
fn what_was_not_taken_is_asked_for_again_until_it_has_run_out() {
    let deployment = deployment();
    let (visit, ada) = ada(&deployment);
    for _ in 0..50 {
        deployment.server.world.memory.settles.borrow_mut().push_back(Settles::Hangs);
    }
    assert_eq!(sent(&visit, Some(&ada), &request(&visit, REQUEST, "2.50")), "sending");
    visit.pass(170);
    assert_eq!(visit.last("withdrawal")["state"], "sending");
    visit.pass(600);
    let failed = visit.last("withdrawal");
    assert_eq!(failed["state"], "failed");
    assert!(failed["message"].as_str().unwrap().contains("still in the wallet"));
    visit.say(&json!({"type": "show_custody"}));
    assert_eq!(visit.last("custody")["wallets"][0]["leftToday"], "500.00", "it is not counted");
    // Or it is taken later, with the same signature.
    deployment.server.world.memory.settles.borrow_mut().clear();
    deployment.server.world.memory.settles.borrow_mut().push_back(Settles::Hangs);
    let newest = person(ADA, deployment.now());
    visit.resume(Some(&newest)).unwrap();
    assert_eq!(sent(&visit, Some(&newest), &request(&visit, "request-2-of-ada", "1")), "sending");
    visit.pass(10);
    assert_eq!(
        (visit.last("withdrawal")["state"].as_str(), deployment.transfers()),
        (Some("sent"), 1)
    );
}

/// A killed instance, at each place where it waits for something.
#[test]
fn an_instance_that_ends_anywhere_sends_the_money_once_or_not_at_all() {
    let mut ends = [0, 0];
    for turns in 0..60 {
        let deployment = deployment();
        let (mut visit, ada) = ada(&deployment);
        let text = request(&visit, REQUEST, "2.50").to_string();
        let guest = Rc::clone(&visit.guest);
        let mut call = Box::pin(guest.hear_from(&text, Some(SignIn::of(&ada))));
        let mut is_over = false;
        for _ in 0..turns {
            let waker = std::task::Waker::noop();
            let mut context = std::task::Context::from_waker(waker);
            if call.as_mut().poll(&mut context).is_ready() {
                is_over = true;
                break;
            }
        }
        drop(call);
        visit.evict();
        // Somebody comes back, or the alarm goes off.
        if turns % 2 == 0 {
            visit.resume(Some(&ada)).unwrap();
        }
        visit.pass(1_000);
        let rows = visit.room.run("SELECT state FROM withdrawals", &[]).unwrap();
        let moved = deployment.transfers();
        if let Some(row) = rows.first() {
            let expected = json!(if moved == 1 { "sent" } else { "failed" });
            assert_eq!(format!("{:?}", row[0]), format!("Text({expected})"), "after {turns}");
        }
        assert!(moved <= 1 && (moved == 0 || rows.len() == 1), "after {turns}");
        ends[moved] += 1;
        if is_over {
            assert_eq!(moved, 1);
            break;
        }
    }
    assert!(ends[0] > 2 && ends[1] > 2, "{ends:?}");
}
