//! What a host says and asks on its public pages, and what these pages show.

use events_concierge::base::http::Reply;
use events_concierge::base::id::{EventId, TicketCode};
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Own};
use serde_json::{Value, json};

use crate::support::{Server, Sqlite, Wallet, block_on, json_of};

fn update(server: &Server, event: &str, changes: &Value) -> Reply {
    let action = Action::Own(Own::UpdateEvent(EventId::parse(event).unwrap()));
    server.as_owner(action, changes)
}

fn event(server: &Server, event: &str) -> Value {
    let asked = json!({"eventId": event});
    json_of(&block_on(server.tool("getEvent", &asked, None)))["event"].clone()
}

#[test]
fn what_a_host_asks_for_is_asked_before_any_price_and_named() {
    let server = Server::open();
    let id = server.event(5);
    assert_eq!(event(&server, &id)["askName"], "optional");
    let changes = json!({"askName": "required", "askEmail": "required"});
    assert_eq!(update(&server, &id, &changes).status, 200);
    assert_eq!(event(&server, &id)["askEmail"], "required");
    let whole = json!({"eventId": id, "name": "Ada", "email": "ada@example.org"});
    for (missing, field) in [("name", "name: "), ("email", "email: ")] {
        let mut arguments = whole.clone();
        arguments.as_object_mut().unwrap().remove(missing);
        let reply = block_on(server.tool("rsvpToEvent", &arguments, None));
        assert_eq!(reply.status, 422, "{}", reply.body);
        let problem = json_of(&reply);
        assert!(problem["detail"].as_str().unwrap().starts_with(field), "{problem}");
        assert_eq!(problem["moneyMoved"], "no", "{problem}");
        assert!(problem.get("accepts").is_none(), "{problem}");
    }
    let offer = server.challenge("rsvpToEvent", &whole);
    let payment = Wallet::new(1).pay(&offer["accepts"][0], 1);
    assert_eq!(block_on(server.tool("rsvpToEvent", &whole, Some(&payment))).status, 200);
    assert_eq!(server.text("SELECT name || ' ' || email FROM rsvps"), "Ada ada@example.org");
    // Whoever has a ticket sees it again without saying anything anew.
    let bare = json!({"eventId": id});
    let proof = Wallet::new(1).prove(&server.challenge("rsvpToEvent", &whole));
    let headers = [("sign-in-with-x", proof.as_str())];
    assert_eq!(block_on(server.tool_with("rsvpToEvent", &bare, &headers)).status, 200);
}

#[test]
fn what_is_not_asked_for_is_not_kept() {
    let server = Server::open();
    let id = server.event(5);
    assert_eq!(update(&server, &id, &json!({"askEmail": "notAsked"})).status, 200);
    let arguments = json!({"eventId": id, "name": "Ada", "email": "ada@example.org"});
    let offer = server.challenge("rsvpToEvent", &arguments);
    let payment = Wallet::new(1).pay(&offer["accepts"][0], 1);
    assert_eq!(block_on(server.tool("rsvpToEvent", &arguments, Some(&payment))).status, 200);
    assert_eq!(server.text("SELECT name || ' ' || coalesce(email, '-') FROM rsvps"), "Ada -");
    assert_eq!(server.int("SELECT count(*) FROM rsvps WHERE email IS NOT NULL"), 0);
}

#[test]
fn a_host_chooses_the_cover_of_an_event() {
    let server = Server::open();
    let id = server.event(5);
    let path = |event: &Value| event["coverPath"].as_str().unwrap().to_owned();
    assert_eq!(path(&event(&server, &id)), format!("/covers/{id}/0-own/wide.svg"));
    let changes = json!({"coverShuffle": 3, "coverPalette": "plum"});
    let changed = json_of(&update(&server, &id, &changes));
    assert_eq!(path(&changed), format!("/covers/{id}/3-plum/wide.svg"));
    assert_eq!(path(&json_of(&update(&server, &id, &json!({"title": "x"})))), path(&changed));
    let changed = json_of(&update(&server, &id, &json!({"coverPalette": null})));
    assert_eq!(path(&changed), format!("/covers/{id}/3-own/wide.svg"));
    for (changes, field) in [
        (json!({"coverShuffle": 1_000_000}), "coverShuffle"),
        (json!({"coverPalette": "red"}), "coverPalette"),
        (json!({"askName": "maybe"}), "askName"),
    ] {
        let reply = update(&server, &id, &changes);
        assert_eq!(reply.status, 422, "{}", reply.body);
        assert!(json_of(&reply)["detail"].as_str().unwrap().contains(field), "{}", reply.body);
    }
}

#[test]
fn what_a_host_says_about_itself_is_published_and_comes_back_with_its_choices() {
    let mut server = Server::open();
    let id = server.event(5);
    let words = json!({"displayName": "Ada's events", "about": "Small evenings.\nIn Berlin."});
    let changed = server.as_owner(Action::Own(Own::ChangeProfile), &words);
    assert_eq!(changed.status, 200, "{}", changed.body);
    let choices = json!({"askName": "required", "coverShuffle": 2, "coverPalette": "moss"});
    assert_eq!(update(&server, &id, &choices).status, 200);
    let shown = |server: &Server| {
        let profile = json_of(&server.as_owner(Action::Own(Own::Profile), &json!({})));
        let manifest = json_of(&server.as_owner(Action::AtHost(AtHost::Manifest), &json!({})));
        assert_eq!(manifest["host"], words);
        let said = [profile["displayName"].clone(), profile["about"].clone()];
        (said, event(server, &id))
    };
    let before = shown(&server);
    assert_eq!(before.0, [words["displayName"].clone(), words["about"].clone()]);
    server.pass(30);
    server.world.sqlite = Sqlite::empty();
    server.evict();
    assert_eq!(shown(&server), before);
    let gone = json!({"displayName": "", "about": " "});
    let changed = json_of(&server.as_owner(Action::Own(Own::ChangeProfile), &gone));
    assert_eq!((&changed["displayName"], &changed["about"]), (&json!(""), &json!("")));
    for (words, field) in [
        (json!({"displayName": "a\nb"}), "displayName"),
        (json!({"displayName": "x".repeat(81)}), "displayName"),
        (json!({"about": "x".repeat(501)}), "about"),
    ] {
        let reply = server.as_owner(Action::Own(Own::ChangeProfile), &words);
        assert_eq!(reply.status, 422, "{}", reply.body);
        assert!(json_of(&reply)["detail"].as_str().unwrap().starts_with(field), "{}", reply.body);
    }
}

/// A page as a browser gets it.
fn page(server: &Server, asked: AtHost) -> String {
    let reply = server.as_owner(Action::AtHost(asked), &json!({}));
    assert_eq!(reply.status, 200, "{}", reply.body);
    let policy = reply.headers.iter().find(|(name, _)| *name == "content-security-policy");
    assert!(policy.unwrap().1.starts_with("default-src 'none'; style-src 'unsafe-inline';"));
    let scripts = reply.body.matches("<script").count();
    assert_eq!(scripts, reply.body.matches("<script type=\"application/ld+json\">").count());
    reply.body
}

fn event_page(server: &Server, id: &str) -> String {
    page(server, AtHost::EventPage(EventId::parse(id).unwrap()))
}

/// The data that a page holds for machines.
fn json_ld(page: &str) -> Value {
    let (_, data) = page.split_once("<script type=\"application/ld+json\">").unwrap();
    serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap()
}

fn buy(server: &Server, event: &str, arguments: &Value, wallet: u8) -> Value {
    let mut arguments = arguments.clone();
    arguments["eventId"] = json!(event);
    let offer = server.challenge("rsvpToEvent", &arguments);
    let payment = Wallet::new(wallet).pay(&offer["accepts"][0], wallet);
    let reply = block_on(server.tool("rsvpToEvent", &arguments, Some(&payment)));
    assert_eq!(reply.status, 200, "{}", reply.body);
    json_of(&reply)
}

#[test]
fn an_event_s_page_says_what_is_bought_and_leads_there() {
    let server = Server::open();
    let words = json!({"displayName": "Ada & friends"});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &words).status, 200);
    let asked = json!({"title": "Rust <meetup>", "startsAt": "2026-12-12T17:30:00Z",
        "endsAt": "2026-12-12T20:00:00Z", "timeZone": "Europe/Berlin", "capacity": 10, "price": "0.05",
        "location": "Werkraum, Berlin", "description": "**Two** talks\n\n- one\n- [two](https://a.example)"});
    let id = json_of(&server.as_owner(Action::Own(Own::CreateEvent), &asked))["id"].clone();
    let id = id.as_str().unwrap();
    let shown = event_page(&server, id);
    let scope = &server.scope;
    for expected in [
        "<h1>Rust &#60;meetup&#62;</h1>",
        "Saturday 12 December 2026",
        "18:30 \u{2013} 21:00, Berlin time (CET)",
        "Ada &#38; friends",
        "10 seats left",
        "<strong>Two</strong> talks",
        "<a rel=\"noopener nofollow\" href=\"https://a.example/\">two</a>",
        &format!("href=\"http://localhost:8787/buy/{scope}/{id}\">Get a ticket \u{b7} $0.05</a>"),
        &format!("<code class=\"copy\">http://localhost:8787/e/{scope}/{id}</code>"),
        "https://www.google.com/maps/search/",
        "https://calendar.google.com/calendar/render",
        "https://outlook.live.com/calendar/",
        "/calendar.ics\"",
    ] {
        assert!(shown.contains(expected), "{expected} is not in {shown}");
    }
    let data = json_ld(&shown);
    assert_eq!((&data["@type"], &data["name"]), (&json!("Event"), &json!("Rust <meetup>")));
    assert_eq!(data["offers"]["availability"], "https://schema.org/InStock");
    assert_eq!(data["organizer"]["name"], "Ada & friends");
    assert_eq!(data["description"], "Two talks one two");
    let picture = format!("http://localhost:8787/e/{scope}/{id}/share.png");
    assert!(shown.contains(&format!("<meta property=\"og:image\" content=\"{picture}\">")));
    let asked = Action::AtHost(AtHost::Share(EventId::parse(id).unwrap()));
    let card = json_of(&server.as_owner(asked, &json!({})));
    let on_it = ["title", "when", "price"].map(|name| card[name].clone());
    assert_eq!(on_it, ["Rust <meetup>", "Sat 12 Dec 2026, 18:30", "$0.05"]);
}

#[test]
fn what_is_not_sold_has_words_and_no_button() {
    let server = Server::open();
    let full = server.event(1);
    buy(&server, &full, &json!({}), 1);
    let cancelled = server.event(5);
    let action = Action::Own(Own::CancelEvent(EventId::parse(&cancelled).unwrap()));
    assert_eq!(server.as_owner(action, &json!({})).status, 200);
    let closed = server.event(5);
    for (id, words, ways) in
        [(&full, "This event is full", 1), (&cancelled, "cancelled by its host", 0)]
    {
        let shown = event_page(&server, id);
        assert!(shown.contains(words) && !shown.contains("Get a ticket"), "{shown}");
        // Of a full event only the waitlist is open.
        assert_eq!(shown.matches("/buy/").count(), ways, "{shown}");
        assert_eq!(shown.matches("Join the waitlist").count(), ways, "{shown}");
    }
    assert_eq!(
        json_ld(&event_page(&server, &full))["offers"]["availability"],
        "https://schema.org/SoldOut"
    );
    assert_eq!(
        json_ld(&event_page(&server, &cancelled))["eventStatus"],
        "https://schema.org/EventCancelled"
    );
    let products = json!({"products": ["vault"]});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &products).status, 200);
    let shown = event_page(&server, &closed);
    assert!(shown.contains("sells no seats at the moment") && !shown.contains("Get a ticket"));
    let products = json!({"products": ["events"]});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &products).status, 200);
    server.pass(200 * 86_400);
    let shown = event_page(&server, &closed);
    assert!(shown.contains("This event is over") && !shown.contains("Get a ticket"), "{shown}");
}

#[test]
fn a_ticket_shows_its_guest_and_the_short_code_lets_in_at_its_event_only() {
    let server = Server::open();
    let (id, other) = (server.event(5), server.event(5));
    let ticket = buy(&server, &id, &json!({"name": "Mira Kova\u{10d}"}), 1);
    let code = ticket["rsvp"]["code"].as_str().unwrap();
    let shown = page(&server, AtHost::Ticket(TicketCode::parse(code).unwrap()));
    let short = TicketCode::parse(code).unwrap().short();
    for expected in ["Mira Kova\u{10d}", "Valid, not used yet", "You have a seat", &short] {
        assert!(shown.contains(expected), "{expected} is not in {shown}");
    }
    let seen = shown.replace(&format!("/give/{id}/{code}"), "");
    assert!(!seen.contains(code), "the whole code is in the QR code and in a link only");
    assert_eq!(server.check_in(&other, &short).status, 404);
    assert_eq!(json_of(&server.check_in(&id, &short))["success"], true);
    assert_eq!(json_of(&server.check_in(&id, &short.to_lowercase()))["success"], false);
    let shown = page(&server, AtHost::Ticket(TicketCode::parse(code).unwrap()));
    assert!(shown.contains("Checked in on "), "{shown}");
    // Two tickets with the same end: neither is taken for the other.
    buy(&server, &id, &json!({}), 2);
    server.sql("UPDATE rsvps SET code = substr(code, 1, 49) || '00000000'");
    assert_eq!(server.check_in(&id, "0000 0000").status, 404);
}

#[test]
fn a_host_s_page_shows_what_it_offers_and_its_server_once() {
    let server = Server::open();
    let id = server.event(5);
    let secret = json!({"name": "Wifi <word>", "value": "sk-live", "price": "0.50"});
    assert_eq!(server.as_owner(Action::Own(Own::StoreSecret), &secret).status, 201);
    let words = json!({"displayName": "Ada's events", "about": "Small & cheap.\nIn Berlin."});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &words).status, 200);
    let shown = page(&server, AtHost::HostPage);
    for expected in [
        "<h1>Ada&#39;s events</h1>",
        "Small &#38; cheap.\nIn Berlin.",
        &format!("src=\"/covers/{id}/0-own/wide.svg\""),
        &format!("/e/{}/{id}\"", server.scope),
        "Wifi &#60;word&#62;",
        "$0.50",
        "5 seats left",
    ] {
        assert!(shown.contains(expected), "{expected} is not in {shown}");
    }
    let url =
        format!("<code class=\"copy\">http://localhost:8787/mcp/users/{}</code>", server.scope);
    assert_eq!(shown.matches(&url).count(), 1);
    assert!(!shown.contains("sk-live") && !shown.contains("0x"), "{shown}");
}
