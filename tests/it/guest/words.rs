//! What a guest gets done in words, without a language model.

use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use events_concierge::sale::bought::{Bought, Kind, State};
use events_concierge::tickets::views::{Line, SoldBy, Tickets};
use events_concierge::wallets::smart::SmartWallet;
use serde_json::{Value, json};

use crate::guest::deployment::{Deployment, Mood, deployment};
use crate::guest::kit::{ADA, Visit, event, person, said, url_of};
use crate::support::{FACTORY, NOW, Server, Wallet};

fn ada(deployment: &std::rc::Rc<Deployment>) -> Visit {
    Visit::buying(deployment, Some(&person(ADA, NOW)))
}

fn text(answer: &Value) -> &str {
    answer["text"].as_str().unwrap()
}

#[test]
fn lists_are_read_to_their_last_page_and_answered_with_one_sentence_and_cards() {
    let deployment = deployment();
    for number in 0..120 {
        event(&deployment.server, &format!("Evening {number}"), "Hamburg");
    }
    event(&deployment.server, "Rooftop jazz", "Dachterrasse, Berlin");
    let visit = ada(&deployment);
    let answer = said(&visit, "anything on in Berlin?");
    assert_eq!(text(&answer), "There is one event in Berlin.");
    assert_eq!(answer["cards"]["kind"], "events");
    assert_eq!(answer["cards"]["events"][0]["title"], "Rooftop jazz");
    assert!(
        text(&said(&visit, "when is it?")).contains("starts Mon 1 Mar 2027, 19:30 (Berlin time)")
    );
    assert_eq!(
        text(&said(&visit, "How many seats are left?")),
        "“Rooftop jazz” has 10 seats left."
    );
    assert!(text(&said(&visit, "list events")).contains("121 events"));
    assert!(visit.all("tool_result").is_empty(), "nothing is said twice");
    deployment.mood.set(Mood::Away);
    visit.say(&json!({"type": "chat", "text": "list events"}));
    assert!(visit.last("error")["message"].as_str().unwrap().contains("try again"));
}

#[test]
fn nothing_is_bought_unless_exactly_one_thing_is_meant() {
    let deployment = deployment();
    for title in ["Python night", "Python morning", "Rust meetup"] {
        event(&deployment.server, title, "Berlin");
    }
    // The policy would pay a dollar without asking.
    let visit = ada(&deployment);
    let answer = said(&visit, "book python");
    assert_eq!(answer["suggestions"], json!(["1. Python night", "2. Python morning"]));
    for text in [
        "buy some tickets for the rust meetup",
        "buy rust meetup shares",
        "should I buy the rust meetup?",
        "don't buy the rust meetup",
        "buy the rust meetup if it is nice",
        "is there a lift?",
        "the rust meetup",
    ] {
        said(&visit, text);
    }
    assert_eq!((deployment.transfers(), visit.all("payment_required").len()), (0, 0));
    assert_eq!(said(&visit, "is there a lift?")["suggestions"].as_array().unwrap().len(), 3);
    said(&visit, "book python");
    assert!(text(&said(&visit, "2. Python morning")).starts_with("Done."));
    let bought = &visit.tickets()[0]["result"]["structuredContent"]["event"]["title"];
    assert_eq!((bought, deployment.transfers()), (&json!("Python morning"), 1));
}

#[test]
fn what_was_bought_is_listed_and_a_second_wish_for_it_is_no_question_to_pay() {
    let deployment = deployment();
    event(&deployment.server, "Rust meetup", "Berlin");
    let visit = ada(&deployment);
    assert_eq!(text(&said(&visit, "my tickets")), "You have bought nothing yet.");
    said(&visit, "buy a ticket for the rust meetup");
    assert_eq!(
        text(&said(&visit, "did my payment go through?")),
        "Yes, $0.05 for a seat at “Rust meetup” went through."
    );
    let shown = said(&visit, "show me my tickets");
    let bought = &shown["cards"]["bought"][0];
    let (title, zone) = (&bought["title"], &bought["timeZone"]);
    assert_eq!((title, zone), (&json!("Rust meetup"), &json!("Europe/Berlin")));
    let ticket = visit.tickets()[0]["result"]["structuredContent"]["ticketUrl"].clone();
    assert_eq!(bought["ticketUrl"], ticket);
    let again = said(&visit, "buy a ticket for the rust meetup");
    assert_eq!(text(&again), "You already have a seat with this wallet. Nothing was charged.");
    assert_eq!(again["cards"]["bought"][0]["ticketUrl"], ticket);
    assert_eq!(
        text(&said(&visit, "do I have a seat at the rust meetup?")),
        "Yes, this is your ticket."
    );
    assert_eq!((deployment.transfers(), visit.all("payment_required").len()), (1, 0));
    assert!(visit.all("tool_error").is_empty());
}

#[test]
fn a_browsers_wallet_signs_to_read_again_what_it_has_bought_elsewhere_and_pays_nothing() {
    let deployment = deployment();
    let server = &deployment.server;
    event(server, "Rust meetup", "Berlin");
    let id = server.text("SELECT id FROM events");
    let wallet = Wallet::new(7);
    let offer = server.challenge("rsvpToEvent", &json!({"eventId": id}));
    let payment = wallet.pay(&offer["accepts"][0], 7);
    let (status, bought) = crate::support::pay(server, &id, &payment);
    assert_eq!(status, 200, "{bought}");
    let visit = Visit::begin(&deployment, None);
    let address = wallet.address.to_checksum(None);
    visit.say(&json!({"type": "use_wallet", "kind": "browser", "address": address}));
    visit.connect(&url_of(server));
    let transfers = deployment.transfers();
    assert!(
        text(&said(&visit, "do I have a ticket for the rust meetup?"))
            .starts_with("Sign with your wallet")
    );
    let asked = visit.last("sign_message");
    assert_eq!(asked["address"], address);
    let message = asked["message"].as_str().unwrap();
    assert!(message.starts_with("localhost:8787 wants you to sign in"), "{message}");
    let signature = wallet.sign(alloy_primitives::eip191_hash_message(message));
    let answer =
        json!({"type": "signature", "requestId": asked["requestId"], "signature": signature});
    visit.say(&answer);
    assert_eq!(visit.tickets().len(), 1);
    assert_eq!(visit.tickets()[0]["result"]["structuredContent"]["ticketUrl"], bought["ticketUrl"]);
    // Only once, and only for the wallet that paid.
    visit.say(&answer);
    assert!(visit.last("error")["message"].as_str().unwrap().contains("no such payment"));
    said(&visit, "do I have a ticket for the rust meetup?");
    let asked = visit.last("sign_message");
    let other = Wallet::new(8)
        .sign(alloy_primitives::eip191_hash_message(asked["message"].as_str().unwrap()));
    visit.say(&json!({"type": "signature", "requestId": asked["requestId"], "signature": other}));
    assert!(visit.last("chat")["text"].as_str().unwrap().contains("shows nothing to this wallet"));
    assert_eq!((visit.tickets().len(), deployment.transfers()), (1, transfers));
    said(&visit, "do I have a ticket for the rust meetup?");
    let asked = visit.last("sign_message");
    visit.say(&json!({"type": "cancel", "confirmationId": asked["requestId"]}));
    assert!(visit.last("chat")["text"].as_str().unwrap().contains("nothing was charged"));
}

#[test]
fn a_wallet_that_we_keep_proves_itself_in_another_session_of_its_owner_and_is_not_asked_to_pay() {
    let deployment = deployment();
    event(&deployment.server, "Rust meetup", "Berlin");
    let secret = json!({"name": "Wifi", "value": "hunter2", "price": "0.05"});
    let reply = deployment.server.as_owner(Action::Own(Own::StoreSecret), &secret);
    assert_eq!(reply.status, 201, "{}", reply.body);
    let first = ada(&deployment);
    said(&first, "buy a ticket for the rust meetup");
    said(&first, "buy the wifi secret");
    // Its first payment has brought the wallet to the chain, where it accepts its owner's key.
    let keys = &crate::support::config().keys;
    let key = SmartWallet::derive(keys, &format!("user:{ADA}"), FACTORY.parse().unwrap()).owner();
    let chain = &deployment.server.world.memory.chain;
    let wallet = first.last("wallet_info")["guestAddress"].as_str().unwrap().to_lowercase();
    chain.contracts.borrow_mut().insert(wallet);
    chain.owner.set(Some(key));
    assert_eq!(deployment.transfers(), 2);
    let ticket = first.tickets()[0]["result"]["structuredContent"]["ticketUrl"].clone();
    let visit = ada(&deployment);
    said(&visit, "do I have a ticket for the rust meetup?");
    assert_eq!(visit.tickets()[0]["result"]["structuredContent"]["ticketUrl"], ticket);
    let held = said(&visit, "buy a ticket for the rust meetup");
    assert!(text(&held).starts_with("You already have a seat with this wallet."), "{held}");
    assert!(
        visit.last("tool_error")["result"].as_str().unwrap().contains(ticket.as_str().unwrap())
    );
    assert_eq!(
        text(&said(&visit, "buy the wifi secret")),
        "You have bought this before. Nothing was charged."
    );
    assert_eq!(visit.last("tool_result")["result"]["structuredContent"]["secret"], "hunter2");
    assert_eq!((deployment.transfers(), visit.all("payment_required").len()), (2, 0));
}

#[test]
fn several_seats_are_bought_together_for_the_price_of_all() {
    let deployment = deployment();
    event(&deployment.server, "Rust meetup", "Berlin");
    let visit = ada(&deployment);
    assert!(text(&said(&visit, "12 tickets for the rust meetup")).contains("at most 10 seats"));
    let how_many = said(&visit, "book the rust meetup for us");
    assert_eq!(how_many["suggestions"], json!(["Buy 2 tickets for Rust meetup"]));
    let dear = said(&visit, "buy 2 tickets for the rust meetup if it costs less than $0.06");
    assert!(text(&dear).contains("$0.10"), "{dear}");
    assert_eq!(deployment.transfers(), 0);
    assert!(text(&said(&visit, "buy 2 tickets for the rust meetup")).starts_with("Done."));
    let result = visit.tickets()[0]["result"]["structuredContent"].clone();
    assert_eq!(result["tickets"].as_array().map(Vec::len), Some(2), "{result}");
    assert_eq!(deployment.transfers(), 1, "one payment for both");
    let went = said(&visit, "did my payment go through?");
    assert_eq!(text(&went), "Yes, $0.10 for 2 seats at “Rust meetup” went through.");
}

/// A free event at the sample host; its id.
fn free_event(server: &Server, title: &str) -> String {
    let event =
        json!({"title": title, "startsAt": "2027-03-01T18:30:00Z", "capacity": 10, "price": "0"});
    server.new_event(event, &json!({}))
}

#[test]
fn a_free_seat_is_taken_with_a_proof_and_a_question_takes_none() {
    let deployment = deployment();
    free_event(&deployment.server, "Open evening");
    let taken = || deployment.server.int("SELECT count(*) FROM rsvps");
    let visit = ada(&deployment);
    assert!(text(&said(&visit, "is the open evening free?")).contains("is free"));
    let answer = said(&visit, "do I have a ticket for the open evening?");
    assert!(text(&answer).contains("It is free"), "{answer}");
    assert_eq!(taken(), 0, "a question takes no seat");
    // The wallet is on the chain, where it accepts its owner's key.
    let keys = &crate::support::config().keys;
    let key = SmartWallet::derive(keys, &format!("user:{ADA}"), FACTORY.parse().unwrap()).owner();
    let chain = &deployment.server.world.memory.chain;
    let wallet = visit.last("wallet_info")["guestAddress"].as_str().unwrap().to_lowercase();
    chain.contracts.borrow_mut().insert(wallet);
    chain.owner.set(Some(key));
    let done = said(&visit, "buy a ticket for the open evening");
    assert_eq!(text(&done), "Done. Nothing was charged.");
    said(&visit, "buy a ticket for the open evening");
    let tickets = visit.tickets();
    let url = |at: usize| tickets[at]["result"]["structuredContent"]["ticketUrl"].clone();
    assert_eq!((tickets.len(), taken(), url(0)), (2, 1, url(1)), "the same ticket again");
    assert_eq!((deployment.transfers(), visit.all("payment_required").len()), (0, 0));
}

#[test]
fn a_wallet_in_the_browser_signs_for_a_free_seat_and_its_call_gets_the_result() {
    let deployment = deployment();
    let id = free_event(&deployment.server, "Open evening");
    let wallet = Wallet::new(7);
    let visit = Visit::begin(&deployment, None);
    let address = wallet.address.to_checksum(None);
    visit.say(&json!({"type": "use_wallet", "kind": "browser", "address": address}));
    visit.connect(&url_of(&deployment.server));
    said(&visit, "list events");
    let call = json!({"type": "call_tool", "tool": "rsvpToEvent", "arguments": {"eventId": id},
        "callId": "call_1"});
    visit.say(&call);
    let asked = visit.last("sign_message");
    let message = asked["message"].as_str().unwrap();
    assert!(message.contains("take what is free"), "{message}");
    visit.say(&json!({"type": "cancel", "confirmationId": asked["requestId"]}));
    let declined = visit.last("tool_error");
    assert_eq!((&declined["callId"], &declined["moneyMoved"]), (&json!("call_1"), &json!("no")));
    visit.say(&call);
    let asked = visit.last("sign_message");
    let hash = alloy_primitives::eip191_hash_message(asked["message"].as_str().unwrap());
    let signature = wallet.sign(hash);
    visit.say(
        &json!({"type": "signature", "requestId": asked["requestId"], "signature": signature}),
    );
    assert_eq!(visit.last("tool_result")["callId"], "call_1");
    assert_eq!((visit.tickets().len(), deployment.transfers()), (1, 0));
}

#[test]
fn what_a_server_cannot_do_is_said_with_what_to_do_instead() {
    let deployment = deployment();
    event(&deployment.server, "Rust meetup", "Berlin");
    let visit = ada(&deployment);
    assert!(text(&said(&visit, "I want a refund")).contains("cancel a ticket under Tickets"));
    assert!(text(&said(&visit, "open a ticket about the projector")).contains("no helpdesk"));
    assert!(text(&said(&visit, "do you sell t-shirts?")).starts_with("No, this host sells no"));
    assert_eq!(
        text(&said(&visit, "spend at most $2")),
        "From now on I spend at most $2.00 on one purchase."
    );
    assert_eq!(visit.last("policy")["policy"]["perCall"], "2.00");
    assert_eq!(deployment.transfers(), 0);
}

/// A list of everything bought with one more seat than the session knows.
fn everything(ticket: Value) -> Tickets {
    let seat = |ticket_url: &str, title: &str| Line {
        host: SoldBy {
            scope: "0".repeat(32),
            name: "Ada".to_owned(),
            server_url: "http://localhost:8787/mcp/users/0".to_owned(),
        },
        bought: Bought {
            kind: Kind::Seat,
            item: Some("evt_1".to_owned()),
            title: title.to_owned(),
            starts_at: None,
            ends_at: None,
            time_zone: None,
            place: None,
            cover_path: None,
            state: State::Valid,
            seats: Some(1),
            ticket_url: Some(ticket_url.to_owned()),
            again: None,
            refund: None,
            cancel: None,
        },
        paid_usd: "0.05".to_owned(),
        network: "eip155:84532".to_owned(),
        transaction: None,
        transaction_url: None,
        bought_at: "2026-11-20T12:00:00Z".to_owned(),
    };
    let tickets =
        vec![seat(ticket.as_str().unwrap(), "The same"), seat("http://localhost:8787/t/b", "Jazz")];
    Tickets {
        tickets,
        unavailable: Vec::new(),
        wallets: Vec::new(),
        wallets_unavailable: Vec::new(),
        next_cursor: None,
    }
}

#[test]
fn an_owner_hears_of_everything_that_their_wallets_bought_and_of_nothing_twice() {
    let deployment = deployment();
    let visit = Visit::buying(&deployment, Some(&person(ADA, NOW)));
    visit.say(&visit.seat());
    let ticket = visit.tickets()[0]["result"]["structuredContent"]["ticketUrl"].clone();
    deployment.list_is_down.set(true);
    // The list has no answer: what the session knows is shown, and that it may not be all.
    let answer = said(&visit, "my tickets");
    let seen = |answer: &Value| answer["cards"]["bought"].as_array().unwrap().len();
    assert!(seen(&answer) == 1 && text(&answer).contains("may not be all"), "{answer}");
    deployment.list_is_down.set(false);
    deployment.everything.borrow_mut().insert(ADA.to_owned(), everything(ticket));
    let answer = said(&visit, "my tickets");
    assert_eq!((text(&answer), seen(&answer)), ("You have bought 2 things.", 2));
    assert_eq!(answer["cards"]["bought"][1]["title"], "Jazz");
    // Somebody else's list is not theirs.
    let nobody = Visit::buying(&deployment, None);
    assert!(text(&said(&nobody, "my tickets")).contains("under Tickets, after a sign-in"));
}
