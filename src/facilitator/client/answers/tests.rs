use super::*;

const PAYER: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

fn settle(status: u16, body: &str) -> SettleOutcome {
    judge_settle(&HttpResponse { status, body: body.to_owned() }, PAYER)
}

#[test]
fn only_success_with_transaction_and_payer_is_settled() {
    let hash = format!("0x{}", "ab".repeat(32));
    let body = |payer: &str, hash: &str| {
        format!(r#"{{"success":true,"transaction":"{hash}","network":"x","payer":"{payer}"}}"#)
    };
    assert_eq!(settle(200, &body(PAYER, &hash)), SettleOutcome::Settled(hash.clone()));
    assert_eq!(
        settle(402, &body(&PAYER.to_lowercase(), &hash)),
        SettleOutcome::Settled(hash.clone())
    );
    assert!(matches!(settle(200, &body(PAYER, "")), SettleOutcome::Unknown(_, None)));
    let other = "0x0000000000000000000000000000000000000001";
    assert!(matches!(settle(200, &body(other, &hash)), SettleOutcome::Unknown(_, Some(_))));
}

#[test]
fn a_refusal_is_believed_only_when_it_is_sure() {
    for (status, body, sure) in [
        (200, r#"{"success":false,"errorReason":"insufficient_funds","transaction":""}"#, true),
        (400, r#"{"success":false,"errorReason":"invalid_exact_evm_signature"}"#, true),
        (200, r#"{"success":false,"errorReason":"settlement_pending","transaction":""}"#, false),
        (200, r#"{"success":false,"errorReason":"unexpected_settle_error"}"#, false),
        (200, r#"{"success":false,"errorReason":"Timed out while waiting for 0xabc"}"#, false),
        (200, r#"{"success":false}"#, false),
        (200, "not json", false),
        (500, r#"{"error":"boom"}"#, false),
        (200, r#"{"success":"yes","transaction":"0x1"}"#, false),
    ] {
        let outcome = settle(status, body);
        assert_eq!(matches!(outcome, SettleOutcome::Refused(_)), sure, "{body}");
        assert_eq!(matches!(outcome, SettleOutcome::Unknown(..)), !sure, "{body}");
    }
    assert!(matches!(settle(401, "who are you"), SettleOutcome::Unavailable(_)));
}

#[test]
fn a_verdict_that_cannot_be_read_is_unknown_whatever_the_status() {
    let hash = format!("0x{}", "ab".repeat(32));
    for body in [
        format!(r#"{{"success":true,"transaction":"{hash}","errorReason":5}}"#),
        format!(r#"{{"error":"receipt timed out","transaction":"{hash}"}}"#),
        format!(r#"{{"success":true,"transaction":"{hash}","#),
    ] {
        assert!(matches!(settle(400, &body), SettleOutcome::Unknown(_, None)), "{body}");
    }
    assert!(matches!(settle(400, r#"{"error":"no"}"#), SettleOutcome::Unavailable(_)));
}

#[test]
fn free_text_of_a_facilitator_goes_no_further() {
    let body = r#"{"isValid":false,"invalidReason":"reverted with signature 0x1234"}"#;
    let response = HttpResponse { status: 200, body: body.to_owned() };
    let expected = VerifyOutcome::Invalid("unexpected_verify_error".to_owned());
    assert_eq!(judge_verify(&response, PAYER), expected);
}
