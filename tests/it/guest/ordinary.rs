//! What a guest answers to ordinary sentences, most of which only the second reading takes (`src/chat/general.rs`).

use events_concierge::base::id::EventId;
use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use serde_json::json;

use crate::guest::deployment::deployment;
use crate::guest::kit::{ADA, Visit, event, person, said};
use crate::support::NOW;

/// Says one after the other; what is answered in other words than these.
fn faults(visit: &Visit, talk: &[(&str, &str)]) -> Vec<String> {
    let fault = |(sentence, wanted): &(&str, &str)| {
        let answer = said(visit, sentence);
        let text = answer["text"].as_str().unwrap();
        (!text.contains(wanted)).then(|| format!("{sentence}: {text} (not: {wanted})"))
    };
    talk.iter().filter_map(fault).collect()
}

#[test]
fn ordinary_sentences_are_answered_and_what_costs_money_is_asked_about() {
    let deployment = deployment();
    let server = &deployment.server;
    event(server, "Rust meetup", "Lindenhof 4, Berlin");
    event(server, "Rooftop jazz", "Dachterrasse, Berlin");
    event(server, "Python night", "Hamburg");
    let secret = json!({"name": "Wifi password", "value": "hunter2", "price": "0.05"});
    let reply = server.as_owner(Action::Own(Own::StoreSecret), &secret);
    assert_eq!(reply.status, 201, "{}", reply.body);
    // The policy would pay a dollar without asking.
    let visit = Visit::buying(&deployment, Some(&person(ADA, NOW)));
    let talk = [
        ("yo whats on in berlin", "There are two events in berlin."),
        ("any evnts for less than 50 cents pls", "There are three events for less than 50 cents."),
        ("hey could u tell me a bit more about that jazz thing", "This is “Rooftop jazz”."),
        ("and what would that cost me", "A seat at “Rooftop jazz” costs $0.05."),
        ("any spots left?", "“Rooftop jazz” has 10 seats left."),
        ("hm, where's that?", "takes place here: Dachterrasse, Berlin"),
        ("when does the jazz kick off", "starts Mon 1 Mar 2027, 19:30 (Berlin time)"),
        ("is it safe, will you spend my money without asking me?", "I spend at most $"),
        ("what's the capital of france", "Do you mean one of these?"),
        ("got the wifi password for sale?", "Yes, it is for sale."),
        ("hmm ok not the jazz, what about the python one", "This is “Python night”."),
        ("if the sun shines, book the rust meetup", "I bought nothing"),
        ("please never buy the rust meetup", "All right, I bought nothing."),
        (
            "I only want the python night if it's less than 3 cents",
            "you said less than $0.03. I did nothing.",
        ),
        (
            "stick me down for three seats at the python night will you",
            "Shall I buy 3 tickets for “Python night”, at $0.05 each?",
        ),
        ("tell me about the jazz", "This is “Rooftop jazz”."),
        ("lovely, I want to be there", "Shall I buy a ticket for “Rooftop jazz” for $0.05?"),
    ];
    let mut found = faults(&visit, &talk);
    assert_eq!((deployment.transfers(), visit.all("payment_required").len()), (0, 0), "{found:?}");
    let last = visit.last("chat");
    assert_eq!(last["suggestions"], json!(["Buy a ticket for Rooftop jazz"]));
    let bought = [
        ("yes", "Done."),
        ("did my money go thru or nah", "Yes, $0.05 for a seat at “Rooftop jazz” went through."),
        ("how much dough i got left", "You have $"),
        ("how much have I blown so far", "$0.05 spent in this session"),
        (
            "I can't make it to the jazz anymore, money back please",
            "You can cancel your ticket for “Rooftop jazz” under Tickets",
        ),
        ("okay thanks, see ya", "You are welcome."),
    ];
    found.extend(faults(&visit, &bought));
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(deployment.transfers(), 1);
    let shown = said(&visit, "show everything i bought");
    assert_eq!(shown["cards"]["bought"][0]["title"], "Rooftop jazz");
}

#[test]
fn an_offer_is_over_when_something_else_is_said() {
    let deployment = deployment();
    event(&deployment.server, "Rust meetup", "Berlin");
    let visit = Visit::buying(&deployment, Some(&person(ADA, NOW)));
    let offered = said(&visit, "I like crabs, buy the rust meetup");
    assert_eq!(offered["suggestions"], json!(["Buy a ticket for Rust meetup"]));
    for text in ["what's on?", "yes", "I like crabs, buy the rust meetup", "no", "yes"] {
        said(&visit, text);
    }
    assert_eq!((deployment.transfers(), visit.all("payment_required").len()), (0, 0));
    let id = EventId::parse(&deployment.server.text("SELECT id FROM events")).unwrap();
    let reprice = |price: &str| {
        let update = Action::Own(Own::UpdateEvent(id.clone()));
        assert_eq!(deployment.server.as_owner(update, &json!({"price": price})).status, 200);
    };
    // What was offered counts, not what the server lists when it is accepted.
    for acceptance in ["yes", "Buy a ticket for Rust meetup"] {
        said(&visit, "I like crabs, buy the rust meetup");
        reprice("0.06");
        let refusal = said(&visit, acceptance);
        assert!(refusal["text"].as_str().unwrap().contains("$0.06"), "{refusal}");
        assert_eq!(deployment.transfers(), 0);
        reprice("0.05");
    }
    said(&visit, "I like crabs, buy the rust meetup");
    assert!(said(&visit, "yes")["text"].as_str().unwrap().starts_with("Done."));
    assert_eq!(deployment.transfers(), 1);
}
