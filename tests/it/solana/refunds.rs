//! Money that goes back on Solana: the host sends it by hand, and only what the chain shows of its transfer counts.

use events_concierge::base::id::EventId;

use super::*;

/// What a node shows under this name.
type Shown = (&'static str, Value);

/// The transaction that pays back in these tests.
const BACK: u8 = 90;

/// Somebody has bought a seat, in the transaction of `signature(transaction)`, and the host has cancelled the event. The
/// refund's id.
fn owed(server: &Server, payer: u8, transaction: u8) -> String {
    let event = server.event(1);
    let payment = pay(payer, &offer(server, &event));
    let answer = json!({"success": true, "transaction": signature(transaction), "network": SOLANA, "payer": key(payer)});
    expect(server, &[valid(payer), ("settle", answer)]);
    assert_eq!(buy(server, &event, &payment).status, 200);
    for _ in 0..2 {
        expect(server, &[landed(&payment, &Value::Null)]);
        server.pass(31);
    }
    let id = EventId::parse(&event).unwrap();
    assert_eq!(server.as_owner(Action::Own(Own::CancelEvent(id)), &json!({})).status, 200);
    let id = format!("SELECT payment_id FROM refunds WHERE event_id = '{event}'");
    server.text(&id)
}

fn ask(server: &Server, body: &Value) -> Value {
    let reply = server.as_owner(Action::Own(Own::PayRefunds), body);
    assert_eq!(reply.status, 200, "{}", reply.body);
    json_of(&reply)
}

/// The host names a transaction: whether it is looked for, and what is said.
fn report(server: &Server, refund: &str, transaction: &str) -> (bool, String) {
    let paid = json!({"paid": [{"refundId": refund, "transaction": transaction}]});
    let taken = ask(server, &paid)["taken"][0].clone();
    (taken["success"].as_bool().unwrap(), taken["message"].as_str().unwrap().to_owned())
}

/// The alarm looks now, and is shown this.
fn look(server: &Server, shown: Shown) {
    server.sql("UPDATE refunds SET next_check_at = 0 WHERE next_check_at IS NOT NULL");
    expect(server, &[shown]);
    server.wake();
    all_was_asked(server);
}

fn of(server: &Server, refund: &str, column: &str) -> String {
    let column =
        format!("SELECT coalesce({column}, '') FROM refunds WHERE payment_id = '{refund}'");
    server.text(&column)
}

fn holds(index: u8, owner: u8, amount: &str) -> Value {
    json!({"accountIndex": index, "mint": USDC, "owner": key(owner), "programId": TOKEN,
        "uiTokenAmount": {"amount": amount, "decimals": 6, "uiAmount": null, "uiAmountString": "0"}})
}

/// A transfer of 0.05 from the host to this payer, as a node shows it.
fn sent(server: &Server, payer: u8) -> Value {
    json!({
        "slot": 7, "blockTime": server.world.memory.now.get(), "version": "legacy",
        "transaction": {"signatures": [signature(BACK)], "message": {"accountKeys": [key(50), key(101), key(102)]}},
        "meta": {
            "err": null,
            "preTokenBalances": [holds(1, 50, "900000")],
            "postTokenBalances": [holds(1, 50, "850000"), holds(2, payer, "50000")],
        },
    })
}

fn shown(transaction: &Value) -> Shown {
    ("getTransaction", transaction.clone())
}

fn changed(transaction: &Value, place: &str, value: Value) -> Value {
    let mut other = transaction.clone();
    *other.pointer_mut(place).unwrap() = value;
    other
}

fn without(transaction: &Value, place: &str, member: &str) -> Value {
    let mut other = transaction.clone();
    other.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(member).unwrap();
    other
}

#[test]
fn a_refund_on_solana_is_never_signed_and_says_where_to_send_what() {
    let server = host();
    let id = owed(&server, 1, 1);
    let list = json_of(&server.as_owner(Action::Own(Own::Refunds), &json!({})));
    let refund = &list["refunds"][0];
    assert_eq!((&list["owedCount"], &list["byHandCount"]), (&json!(1), &json!(1)));
    assert_eq!((&refund["to"], &refund["state"]), (&json!(key(1)), &json!("owed")));
    assert_eq!((&refund["canBePaid"], &refund["canBeSent"]), (&json!(false), &json!(true)));
    let asked = ask(&server, &json!({}));
    assert_eq!((&asked["toSign"], &asked["taken"]), (&json!([]), &json!([])));
    let message = asked["message"].as_str().unwrap();
    assert!(message.starts_with("1 to send by hand"), "{message}");
    let taken = ask(&server, &json!({"refundIds": [id]}));
    assert_eq!(taken["toSign"], json!([]));
    let message = taken["taken"][0]["message"].as_str().unwrap();
    assert!(message.contains(&key(1)) && message.contains("exactly $0.05"), "{message}");
    let hash = format!("0x{}", "1".repeat(64));
    for wrong in [hash.as_str(), "", &key(1), &signature(BACK)[..60], &"1".repeat(100_000)] {
        let (is_taken, message) = report(&server, &id, wrong);
        assert!(!is_taken);
        assert!(message.starts_with("transaction: must be the signature"), "{message}");
    }
    assert_eq!(of(&server, &id, "state"), "owed");
    all_was_asked(&server);
}

#[test]
fn what_the_host_has_sent_on_solana_is_seen_twice_and_pays_one_refund_once() {
    let server = host();
    let (id, other) = (owed(&server, 1, 1), owed(&server, 2, 2));
    // One transaction that gives both guests their money.
    let both = sent(&server, 1);
    let both = changed(&both, "/meta/postTokenBalances/0", holds(1, 50, "800000"));
    let third =
        json!([both["meta"]["postTokenBalances"][0], holds(2, 1, "50000"), holds(3, 2, "50000")]);
    let both = changed(&both, "/meta/postTokenBalances", third);
    assert!(report(&server, &id, &signature(BACK)).0);
    look(&server, shown(&both));
    let seen = json_of(&server.as_owner(Action::Own(Own::Refunds), &json!({})));
    let line = seen["refunds"].as_array().unwrap().iter().find(|it| it["refundId"] == *id).unwrap();
    assert_eq!((&line["state"], &line["isUnderWay"]), (&json!("paying"), &json!(true)));
    assert_eq!((&line["canBeSent"], &line["txHash"]), (&json!(false), &json!(signature(BACK))));
    look(&server, shown(&both));
    assert_eq!(
        (of(&server, &id, "state"), of(&server, &id, "tx_hash")),
        ("paid".to_owned(), signature(BACK))
    );
    let booked = "SELECT amount || ' ' || tx_hash FROM ledger WHERE entry = 'refunded'";
    assert_eq!(server.text(booked), format!("-50000 {}", signature(BACK)));
    let (is_taken, message) = report(&server, &other, &signature(BACK));
    assert_eq!((is_taken, of(&server, &other, "state").as_str()), (false, "owed"));
    assert!(message.starts_with("transaction: is named for another refund"), "{message}");
    assert_eq!(report(&server, &id, &signature(91)), (true, "it is paid already".to_owned()));
    // Also if both were named before either was seen.
    let named = "UPDATE refunds SET state = 'paying', next_check_at = 0, reported_tx";
    server.sql(&format!("{named} = '{}' WHERE payment_id = '{other}'", signature(BACK)));
    look(&server, shown(&both));
    assert_eq!(of(&server, &other, "state"), "owed");
    assert!(of(&server, &other, "reason").contains("another refund"));
    server.pass(600);
    assert_eq!(server.world.memory.kv.borrow()[&format!("{}:revenue", server.scope)], "50000");
    assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'refunded'"), 1);
    all_was_asked(&server);
    // Books that say otherwise are found.
    server.sql(&format!("UPDATE refunds SET state = 'paid', tx_hash = '{}'", signature(BACK)));
    let faults = audit(&server.world).unwrap();
    assert!(
        faults.iter().any(|it| it.starts_with("no transaction on Solana pays two")),
        "{faults:?}"
    );
}

#[test]
fn a_transaction_that_has_not_sent_a_refund_on_solana_is_refused_and_says_why() {
    let server = host();
    let id = owed(&server, 1, 1);
    let good = sent(&server, 1);
    let since = server.int("SELECT created_at FROM refunds");
    let post = |place: &str, value: Value| {
        changed(&good, &format!("/meta/postTokenBalances/{place}"), value)
    };
    let pre = |value: Value| changed(&good, "/meta/preTokenBalances", value);
    let both = |before: Value, after: Value| {
        let before = changed(&good, "/meta/preTokenBalances", before);
        changed(&before, "/meta/postTokenBalances", after)
    };
    let host = |amount| holds(1, 50, amount);
    let own = both(
        json!([host("900000"), holds(2, 1, "0"), holds(4, 1, "50000")]),
        json!([host("850000"), holds(2, 1, "50000"), holds(4, 1, "0")]),
    );
    let kept = both(
        json!([host("900000"), holds(4, 50, "0")]),
        json!([host("850000"), holds(4, 50, "50000"), holds(2, 1, "50000")]),
    );
    // The guest's own purchase: the other way round, and the facilitator has paid its fee.
    let bought = both(
        json!([holds(2, 1, "50000"), holds(3, 50, "0")]),
        json!([holds(2, 1, "0"), holds(3, 50, "50000")]),
    );
    let keys = json!([fee_payer(), key(1), key(101), key(102)]);
    let bought = changed(&bought, "/transaction/message/accountKeys", keys);
    for (case, transaction, why) in [
        ("failed", changed(&good, "/meta/err", json!("Custom")), "has failed on the chain"),
        ("older", changed(&good, "/blockTime", json!(since - 1)), "before this money was owed"),
        ("another token", post("1/mint", json!(key(60))), "did not get exactly"),
        ("another payee", post("1/owner", json!(key(60))), "did not get exactly"),
        ("less", post("1/uiTokenAmount/amount", json!("49999")), "did not get exactly"),
        ("more", post("1/uiTokenAmount/amount", json!("50001")), "did not get exactly"),
        ("nothing", pre(good["meta"]["postTokenBalances"].clone()), "did not get exactly"),
        // The account where it arrives has more, and the guest has not.
        ("from one own account to another", own, "did not get exactly"),
        ("the guest's own purchase", bought, "did not get exactly"),
        (
            "of another token",
            pre(json!([changed(&holds(1, 50, "900000"), "/mint", json!(key(60)))])),
            "did not come from",
        ),
        ("by somebody else", pre(json!([holds(1, 51, "900000")])), "did not come from"),
        (
            "less from the host",
            post("0/uiTokenAmount/amount", json!("850001")),
            "did not come from",
        ),
        ("from the host to itself", kept, "did not come from"),
        // What the host has bought of the guest: a facilitator pays the fee.
        (
            "a purchase",
            changed(&good, "/transaction/message/accountKeys/0", json!(fee_payer())),
            "network fee was paid by another",
        ),
    ] {
        assert!(report(&server, &id, &signature(BACK)).0, "{case}");
        look(&server, shown(&transaction));
        let reason = of(&server, &id, "reason");
        assert_eq!(of(&server, &id, "state"), "owed", "{case}: {reason}");
        assert!(reason.starts_with("transaction: ") && reason.contains(why), "{case}: {reason}");
    }
    assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'refunded'"), 0);
    // The very second counts, and so does what was in the account before.
    let good = changed(&good, "/blockTime", json!(since));
    let good =
        changed(&good, "/meta/preTokenBalances", json!([holds(1, 50, "900000"), holds(2, 1, "3")]));
    let good = changed(&good, "/meta/postTokenBalances/1", holds(2, 1, "50003"));
    assert!(report(&server, &id, &signature(BACK)).0);
    look(&server, shown(&good));
    look(&server, shown(&good));
    assert_eq!(of(&server, &id, "state"), "paid");
}

#[test]
fn what_an_endpoint_does_not_show_is_asked_again_and_neither_paid_nor_refused() {
    let server = host();
    let id = owed(&server, 1, 1);
    let good = sent(&server, 1);
    assert!(report(&server, &id, &signature(BACK)).0);
    for unclear in [
        // Silent; not final yet, or a node that lags.
        Value::Null,
        json!("null"),
        json!({}),
        changed(&good, "/transaction/signatures/0", json!(signature(91))),
        changed(&good, "/transaction/message", json!({})),
        changed(&good, "/blockTime", Value::Null),
        changed(&good, "/meta", Value::Null),
        without(&good, "", "slot"),
        without(&good, "/meta", "err"),
        without(&good, "/meta", "preTokenBalances"),
        changed(&good, "/meta/postTokenBalances", Value::Null),
        without(&good, "/meta/postTokenBalances/1", "owner"),
        changed(&good, "/meta/postTokenBalances/1/uiTokenAmount", json!({"amount": "-1"})),
        changed(&good, "/meta/postTokenBalances/1/uiTokenAmount", json!({"uiAmount": 0.05})),
    ] {
        look(&server, ("getTransaction", unclear.clone()));
        assert_eq!(of(&server, &id, "state"), "paying", "{unclear}");
        let reason = of(&server, &id, "reason");
        assert!(reason.contains("in no block that can be read"), "{unclear}: {reason}");
    }
    let list = json_of(&server.as_owner(Action::Own(Own::Refunds), &json!({})));
    assert_eq!(list["refunds"][0]["canBeSent"], true, "the host may have named the wrong one");
    look(&server, shown(&good));
    // Another node has not come so far, or shows another block.
    look(&server, ("getTransaction", json!("null")));
    look(&server, shown(&changed(&good, "/slot", json!(8))));
    assert_eq!(of(&server, &id, "state"), "paying");
    look(&server, shown(&changed(&good, "/slot", json!(8))));
    assert_eq!(of(&server, &id, "state"), "paid");
}

#[test]
fn a_refund_on_solana_comes_from_the_address_that_was_paid_or_the_one_of_now() {
    for (from, is_paid) in [(50, true), (51, true), (52, false)] {
        let server = host();
        let id = owed(&server, 1, 1);
        let body = json!({"userId": crate::support::PAY_TO, "solanaAddress": key(51)});
        assert_eq!(server.as_owner(Action::Own(Own::Register), &body).status, 200);
        let good = sent(&server, 1);
        let good = changed(&good, "/transaction/message/accountKeys/0", json!(key(from)));
        let good = changed(&good, "/meta/preTokenBalances", json!([holds(1, from, "50000")]));
        let good = changed(&good, "/meta/postTokenBalances", json!([holds(2, 1, "50000")]));
        assert!(report(&server, &id, &signature(BACK)).0);
        look(&server, shown(&good));
        if is_paid {
            look(&server, shown(&good));
        }
        assert_eq!(of(&server, &id, "state") == "paid", is_paid, "{from}");
    }
}

#[test]
fn without_an_endpoint_a_refund_on_solana_waits_and_another_transaction_can_be_named() {
    let mut server = host();
    let id = owed(&server, 1, 1);
    server.deploy(config_with(&WITHOUT_ENDPOINT));
    assert!(report(&server, &id, &signature(91)).0);
    server.pass(120);
    assert_eq!(of(&server, &id, "state"), "paying");
    assert!(of(&server, &id, "reason").contains("no endpoint"));
    server.deploy(config_with(&WITH_ENDPOINT));
    assert!(report(&server, &id, &signature(BACK)).0);
    let good = sent(&server, 1);
    expect(&server, &[shown(&good), shown(&good)]);
    server.pass(120);
    assert_eq!(of(&server, &id, "state"), "paid");
    all_was_asked(&server);
}
