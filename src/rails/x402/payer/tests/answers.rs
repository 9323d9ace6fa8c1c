//! Settlements and failures: what is known of the money.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{HASH, Outcome, PAY_TO, challenge, error_result, required, rpc, v2};
use crate::base::money::Usdc;
use crate::mcp::client::ClientError;
use crate::rails::x402::payer::{Answer, MoneyMoved, Settlement, read_answer, read_settlement};

fn settled(response: &Value) -> Value {
    json!({"content": [{"type": "text", "text": "ok"}], "_meta": {"x402/payment-response": response}})
}

#[test]
fn a_settlement_is_read_in_every_form_and_only_with_its_own_words() {
    let good = json!({"success": true, "transaction": HASH, "network": "eip155:84532",
        "payer": PAY_TO, "amount": "50000"});
    let expected = Settlement {
        success: true,
        transaction: Some(HASH.to_owned()),
        network: Some("eip155:84532"),
        payer: PAY_TO.parse().ok(),
        amount: Some(Usdc::from_cents(5)),
        error_reason: None,
    };
    let encoded = json!(STANDARD.encode(good.to_string()));
    for result in [
        settled(&good),
        settled(&encoded),
        settled(&json!(good.to_string())),
        json!({"_meta": {"x402.payment-response": encoded}}),
        json!({"_meta": {"x402/payment-response": 5, "x402.payment-response": good}}),
    ] {
        assert_eq!(read_settlement(&result), Some(expected.clone()), "{result}");
        assert_eq!(
            read_answer(&Outcome::Ok(result)),
            Answer::Done { settlement: Some(expected.clone()) }
        );
    }
    for response in [json!(null), json!("%%"), json!([]), json!({"success": "yes"}), json!({})] {
        assert_eq!(read_settlement(&settled(&response)), None, "{response}");
    }
    let odd = json!({"success": true, "transaction": "0x1; drop", "network": "moon",
        "payer": "me", "amount": "1.5", "errorReason": format!("a\u{1b}{}", "b".repeat(900))});
    let odd = read_settlement(&settled(&odd)).unwrap();
    assert_eq!((odd.transaction, odd.network, odd.payer, odd.amount), (None, None, None, None));
    assert_eq!(odd.error_reason.unwrap().chars().count(), 200);
}

#[test]
fn a_settlement_that_goes_on_is_unknown_even_with_a_result_or_a_challenge() {
    let whole = required(2, json!([v2()]));
    for response in [
        json!({"success": false, "errorReason": "settlement_pending", "transaction": ""}),
        json!({"success": false, "errorReason": "settlement_pending", "transaction": HASH}),
        json!({"success": false, "errorReason": "reverted", "transaction": HASH}),
    ] {
        let mut asks_again = error_result(Some(whole.clone()), None, "pay again");
        asks_again["_meta"] = json!({"x402/payment-response": response});
        let named = response["transaction"].as_str().filter(|hash| !hash.is_empty());
        for result in [settled(&response), asks_again] {
            let Answer::Unknown { transaction, text } = read_answer(&Outcome::Ok(result)) else {
                panic!("{response}");
            };
            assert_eq!(transaction.as_deref(), named);
            assert!(!text.is_empty());
        }
    }
    // A plain refusal is a new challenge.
    let mut refused = error_result(Some(whole), None, "pay again");
    refused["_meta"] = json!({"x402/payment-response":
        {"success": false, "errorReason": "insufficient_funds", "transaction": ""}});
    assert!(matches!(read_answer(&Outcome::Ok(refused)), Answer::Challenge(_)));
}

#[test]
fn a_server_that_says_that_money_moved_gets_no_second_payment() {
    let whole = required(2, json!([v2()]));
    let mut result = error_result(Some(whole.clone()), None, "again please");
    result["_meta"] = json!({"x402/payment-response": {"success": true, "transaction": HASH}});
    let text = "again please".to_owned();
    let expected = Answer::Failed { text, money_moved: MoneyMoved::Yes };
    assert_eq!(read_answer(&Outcome::Ok(result)), expected);
    for word in ["yes", "unknown"] {
        let mut result = error_result(Some(whole.clone()), None, "again please");
        result["structuredContent"]["error"] = json!({"moneyMoved": word});
        let answer = read_answer(&Outcome::Ok(result));
        assert!(!matches!(answer, Answer::Challenge(_) | Answer::Done { .. }), "{answer:?}");
    }
}

#[test]
fn a_failure_says_of_the_money_what_the_server_says() {
    let failed = |word: Option<&str>| {
        let said = word.map(|word| json!({"error": {"code": "x", "moneyMoved": word}}));
        read_answer(&Outcome::Ok(error_result(said, None, "You have paid! All is well.\u{7}")))
    };
    let text = || "You have paid! All is well.".to_owned();
    for (word, money_moved) in [
        (Some("no"), MoneyMoved::No),
        (Some("yes"), MoneyMoved::Yes),
        (Some("never"), MoneyMoved::Unsaid),
        (None, MoneyMoved::Unsaid),
    ] {
        assert_eq!(failed(word), Answer::Failed { text: text(), money_moved }, "{word:?}");
    }
    assert_eq!(failed(Some("unknown")), Answer::Unknown { transaction: None, text: text() });
    let done = json!({"content": [{"type": "text", "text": "paid, tx 0xabab"}]});
    assert_eq!(read_answer(&Outcome::Ok(done)), Answer::Done { settlement: None });
}

#[test]
fn a_call_without_an_answer_is_unknown_and_one_that_was_refused_is_not() {
    let status = |status| ClientError::Status { status, retry_after: None };
    for error in [
        ClientError::Timeout,
        ClientError::TooLong,
        ClientError::Unreachable("cut".to_owned()),
        ClientError::Protocol("half".to_owned()),
        ClientError::InputRequired,
        status(500),
        status(502),
        status(402),
    ] {
        let answer = read_answer(&Err(error));
        assert!(matches!(answer, Answer::Unknown { transaction: None, .. }), "{answer:?}");
    }
    assert!(matches!(read_answer(&rpc(402, json!({}))), Answer::Unknown { .. }));
    for error in [ClientError::NotAllowed("x"), status(404), status(429)] {
        let answer = read_answer(&Err(error));
        assert!(matches!(answer, Answer::Failed { money_moved: MoneyMoved::No, .. }), "{answer:?}");
    }
}

#[test]
fn a_challenge_has_bounded_words_and_choices() {
    let mut whole = required(2, json!(vec![v2(); 1_000]));
    whole["error"] = json!(format!("\u{202e}{}", "x".repeat(9_000)));
    let found = challenge(error_result(Some(whole), None, "x"));
    assert_eq!(found.offers.len(), 32);
    assert_eq!(found.error.chars().count(), 500);
    let far = format!("{}{}", "{".repeat(50), required(2, json!([v2()])));
    assert!(matches!(
        read_answer(&Outcome::Ok(error_result(None, None, &far))),
        Answer::Failed { .. }
    ));
    for (version, accepts) in [(2, json!([])), (3, json!([v2()])), (2, json!({}))] {
        let none = error_result(Some(required(version, accepts)), None, "x");
        assert!(matches!(read_answer(&Outcome::Ok(none)), Answer::Failed { .. }));
    }
}
