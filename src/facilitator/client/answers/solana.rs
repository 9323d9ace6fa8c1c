//! Reads the answers of a facilitator about payments on Solana. What is sent there a second time is refused for reasons that
//! the first time has caused (its money is gone, its transaction is known), so few reasons prove that nothing moved.

use crate::chain::solana::address::SolanaSignature;
use crate::facilitator::client::answers::{SettleAnswer, VerifyAnswer, code, no_verdict, unread};
use crate::facilitator::client::outcome::{SettleOutcome, Trouble, VerifyOutcome};
use crate::ports::HttpResponse;

/// Prefixes of reason codes about the message itself or about what it was compared with: they would be the same at every
/// time, so no earlier request has sent it.
const SURE_REFUSALS: &[&str] = &[
    "invalid_exact_svm_payload_",
    "invalid_exact_svm_unsupported_scheme",
    "invalid_exact_svm_network_mismatch",
    "invalid_exact_svm_fee_payer_mismatch",
    "invalid_exact_svm_fee_payer_not_managed_by_facilitator",
    "fee_payer_not_managed_by_facilitator",
    "network_mismatch",
    "invalid_network",
    "invalid_payload",
    "invalid_payment_requirements",
    "invalid_scheme",
    "invalid_x402_version",
    "unsupported_",
];

/// Base58 compares with its case.
pub(crate) fn judge_verify(response: &HttpResponse, payer: &str) -> VerifyOutcome {
    let Ok(answer) = serde_json::from_str::<VerifyAnswer>(&response.body) else {
        return VerifyOutcome::Unavailable(no_verdict(response.status));
    };
    let is_payer = answer.payer.is_none_or(|named| named == payer);
    match (answer.is_valid, is_payer) {
        (true, true) => VerifyOutcome::Valid,
        (true, false) => VerifyOutcome::Invalid("invalid_payload".to_owned()),
        (false, _) => {
            let reason = answer.invalid_reason.as_deref().and_then(code);
            VerifyOutcome::Invalid(reason.unwrap_or_else(|| "unexpected_verify_error".to_owned()))
        }
    }
}

/// `network`: as the payment's version names it.
pub(crate) fn judge_settle(response: &HttpResponse, payer: &str, network: &str) -> SettleOutcome {
    let Ok(answer) = serde_json::from_str::<SettleAnswer>(&response.body) else {
        return match (response.status, unread(response)) {
            // Facilitators answer so to whatever goes wrong, also after they have sent it; there is no nonce that would tell.
            (400 | 422, SettleOutcome::Unavailable(trouble)) => {
                SettleOutcome::Unknown(trouble, None)
            }
            (_, other) => other,
        };
    };
    let is_ours = answer.payer.is_none_or(|named| named == payer)
        && answer.network.is_none_or(|named| named == network);
    // Whatever it names, it may have sent.
    let names_one = answer.transaction.as_ref().is_some_and(|named| !named.is_empty());
    let transaction = answer.transaction.filter(|named| SolanaSignature::parse(named).is_some());
    let reason = answer.error_reason.as_deref().and_then(code);
    match (answer.success, transaction, reason) {
        (true, Some(signature), _) if is_ours => SettleOutcome::Settled(signature),
        (true, signature, _) => {
            let why = "success without its transaction, or of another payment";
            SettleOutcome::Unknown(Trouble::answered(why), signature)
        }
        (false, None, Some(reason)) if !names_one && is_sure(&reason) => {
            SettleOutcome::Refused(reason)
        }
        (false, signature, reason) => {
            let why = reason.unwrap_or_else(|| "no known reason".to_owned());
            SettleOutcome::Unknown(Trouble::answered(why), signature)
        }
    }
}

fn is_sure(reason: &str) -> bool {
    SURE_REFUSALS.iter().any(|beginning| reason.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::facilitator::client::outcome::Cause;

    const PAYER: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
    const NETWORK: &str = "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1";

    fn settled(body: &Value) -> SettleOutcome {
        let response = HttpResponse { status: 200, body: body.to_string() };
        judge_settle(&response, PAYER, NETWORK)
    }

    #[test]
    fn only_a_plausible_success_of_this_payment_is_one() {
        let signature = "5".repeat(87);
        let good =
            json!({"success": true, "transaction": signature, "network": NETWORK, "payer": PAYER});
        assert_eq!(settled(&good), SettleOutcome::Settled(signature.clone()));
        for (member, value) in [
            ("transaction", json!("")),
            ("transaction", json!(PAYER)),
            ("transaction", json!(format!("0x{}", "1".repeat(64)))),
            ("transaction", json!(null)),
            ("network", json!("solana-devnet")),
            ("network", json!("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp")),
            ("payer", json!(PAYER.to_lowercase())),
            ("payer", json!("")),
        ] {
            let mut other = good.clone();
            other[member] = value;
            assert!(matches!(settled(&other), SettleOutcome::Unknown(..)), "{other}");
        }
    }

    #[test]
    fn a_refusal_is_one_only_if_nothing_that_was_sent_before_can_cause_it() {
        let refused = |reason: &str, transaction: &str| {
            settled(&json!({"success": false, "errorReason": reason, "transaction": transaction}))
        };
        for reason in [
            "invalid_exact_svm_payload_memo_mismatch",
            "invalid_exact_svm_fee_payer_mismatch",
            "unsupported_scheme",
        ] {
            assert_eq!(refused(reason, ""), SettleOutcome::Refused(reason.to_owned()));
            assert!(matches!(refused(reason, "x"), SettleOutcome::Unknown(..)), "{reason}");
        }
        for reason in [
            "duplicate_settlement",
            "settlement_pending",
            "transaction_failed",
            "transaction_simulation_failed",
            "invalid_exact_svm_transaction_failed",
            "invalid_exact_svm_transaction_simulation_failed",
            "insufficient_funds",
            "post_settlement_transfer_not_confirmed",
            "it has Words",
            "",
        ] {
            assert!(matches!(refused(reason, ""), SettleOutcome::Unknown(..)), "{reason}");
        }
    }

    #[test]
    fn an_answer_without_a_verdict_tells_nothing_unless_the_request_was_not_taken() {
        let of = |status: u16, body: &str| {
            judge_settle(&HttpResponse { status, body: body.to_owned() }, PAYER, NETWORK)
        };
        for status in [401, 403, 404, 405, 413, 415, 429] {
            assert!(matches!(of(status, "no"), SettleOutcome::Unavailable(_)), "{status}");
        }
        for status in [200, 400, 409, 422, 500, 502, 504] {
            assert!(matches!(of(status, "no"), SettleOutcome::Unknown(..)), "{status}");
        }
        let SettleOutcome::Unknown(trouble, None) = of(503, "") else { panic!("it is unknown") };
        assert_eq!(trouble.cause, Cause::Transport);
    }

    #[test]
    fn a_verdict_holds_for_the_payer_in_its_exact_spelling() {
        let of = |body: &Value| {
            judge_verify(&HttpResponse { status: 200, body: body.to_string() }, PAYER)
        };
        assert_eq!(of(&json!({"isValid": true, "payer": PAYER})), VerifyOutcome::Valid);
        for other in ["", "x", &PAYER.to_lowercase()] {
            let found = of(&json!({"isValid": true, "payer": other}));
            assert!(matches!(found, VerifyOutcome::Invalid(_)), "{other}");
        }
        let refused = json!({"isValid": false, "invalidReason": "transaction_simulation_failed"});
        let reason = "transaction_simulation_failed".to_owned();
        assert_eq!(of(&refused), VerifyOutcome::Invalid(reason));
    }
}
