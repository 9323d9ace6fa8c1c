//! Carries out what words ask for. Money goes the same way as `call_tool`, under the same policy; before it is asked for,
//! what the wallet has already is shown.

use serde_json::{Value, json};

use crate::base::money::Usdc;
use crate::base::text;
use crate::chat::answers::{self, Answer};
use crate::chat::intents::{Intent, Item, Missing, Topic};
use crate::guest::again::{self, Again};
use crate::guest::cx::{Cx, GuestWorld, Trouble};
use crate::guest::held::{self, HAS_SEAT_WORDS, OPEN_TICKET, SEAT, SECRET};
use crate::guest::lists::Catalog;
use crate::guest::messages::{Cards, Out};
use crate::guest::party::{self, NotSeveral};
use crate::guest::purchase::machine::Event;
use crate::guest::purchase::model::{Origin, Purchase, State};
use crate::guest::purchase::{run, store};
use crate::guest::report;
use crate::guest::session::ChatColumn;
use crate::guest::views::BoughtView;
use crate::guest::{abilities, connection, everything, history, refunds, server, session, sums};

/// The longest subject of a ticket at the helpdesk, characters.
const SUBJECT_CHARS_MAX: usize = 120;
const DESK_TICKET: &str = "getTicketContext";

/// Carries out an intent. `text` is what was typed.
pub(super) async fn carry_out<W: GuestWorld>(
    cx: &Cx<W>,
    text: &str,
    intent: Intent,
    catalog: &Catalog,
) -> Result<(), Trouble> {
    let missing = if let Intent::Ask { missing, .. } = &intent { Some(missing) } else { None };
    session::set_chat(&cx.world, ChatColumn::Missing, missing)?;
    let before = session::chat(&cx.world, ChatColumn::Seen)?.unwrap_or_default();
    let seen = intent.seen(before);
    session::set_chat(&cx.world, ChatColumn::Seen, Some(&seen))?;
    match intent {
        Intent::Connect { url } => server::connect(cx, &url).await,
        Intent::Disconnect => server::leave(cx),
        Intent::ListTools => say(cx, abilities::tools(cx)?),
        Intent::Hello => tell(
            cx,
            catalog,
            Answer::of("Hello. Ask me what is on, or name what you want.")
                .with("What is on?")
                .with("My tickets")
                .with("Help"),
        ),
        Intent::Thanks => say(cx, "You are welcome."),
        Intent::Help => say(cx, abilities::HELP),
        Intent::Status => say(cx, abilities::status(cx)?),
        Intent::Wallet => say(cx, sums::wallet(cx)?),
        Intent::Balance => say(cx, sums::balance(cx).await?),
        Intent::History => {
            cx.tell(&history::message(cx)?);
            say(cx, sums::spent(cx)?)
        }
        Intent::Limits => say(cx, sums::limits(cx)?),
        Intent::SetLimit { per, amount } => say(cx, sums::set_limit(cx, per, amount).await?),
        Intent::Payment => say(cx, sums::newest_payment(cx)?),
        Intent::Yes => answer_newest(cx, Event::Confirmed, "Nothing waits for a yes.").await,
        Intent::No => answer_newest(cx, Event::Declined, "Nothing waits for a no.").await,
        Intent::Say(text) => say(cx, text),
        Intent::Ask { text, missing } => {
            tell(cx, catalog, answers::ask(&text, &missing, &catalog.lists))
        }
        // Asked again with the lists before it comes here.
        Intent::Look | Intent::Unknown => unknown(cx, text, catalog, "I do not understand that."),
        Intent::NotFound { name } => {
            let sentence =
                format!("I find nothing here that is called “{}”.", text::line(&name, 80));
            unknown(cx, text, catalog, &sentence)
        }
        Intent::Events { ids, typed, is_pick } => {
            tell(cx, catalog, answers::events(&ids, &typed, is_pick))
        }
        Intent::Secrets { ids, typed } => tell(cx, catalog, answers::secrets(&ids, &typed)),
        Intent::Tell { id, topic } => about(cx, catalog, &id, topic).await,
        Intent::Rsvp { event_id, max_price } => seats(cx, &event_id, 1, max_price).await,
        Intent::BuySecret { secret_id, max_price } => {
            secret(cx, catalog, &secret_id, max_price).await
        }
        Intent::Several { event_id, seats, max_price } => {
            several(cx, catalog, (&event_id, seats), max_price).await
        }
        Intent::Tickets { event_id } => tickets(cx, catalog, event_id.as_deref()).await,
        Intent::Refund { event_id } => {
            tell(cx, catalog, refunds::answer(cx, catalog, event_id.as_deref())?)
        }
        Intent::OpenTicket { text } => {
            let subject = text::line(&text, SUBJECT_CHARS_MAX);
            by_chat(cx, OPEN_TICKET, json!({"subject": subject, "body": text})).await
        }
        Intent::TicketStatus { id } => ticket_status(cx, id).await,
        Intent::Analytics { event_id } => {
            by_chat(cx, "getEventAnalytics", json!({"eventId": event_id})).await
        }
        Intent::CreateEvent(arguments) => by_chat(cx, "createEvent", arguments).await,
    }
}

async fn by_chat<W: GuestWorld>(cx: &Cx<W>, tool: &str, arguments: Value) -> Result<(), Trouble> {
    Box::pin(server::call(cx, tool, arguments, None, Origin::Chat)).await
}

async fn about<W: GuestWorld>(
    cx: &Cx<W>,
    catalog: &Catalog,
    id: &str,
    topic: Topic,
) -> Result<(), Trouble> {
    match catalog.lists.by_id(id) {
        Some(item) => tell(cx, catalog, answers::tell(item, topic, cx.world.now())),
        // The server may know an event that it does not list any more.
        None => by_chat(cx, "getEvent", json!({"eventId": id})).await,
    }
}

/// One seat or several. Those that the wallet has already are shown instead.
async fn seats<W: GuestWorld>(
    cx: &Cx<W>,
    event_id: &str,
    count: u32,
    max_price: Option<Usdc>,
) -> Result<(), Trouble> {
    let server = connection::here(cx)?.url;
    if let Some(seat) = held::seat(cx, &server, event_id)? {
        return show_bought(cx, HAS_SEAT_WORDS, vec![seat]);
    }
    let listed = session::listed(&cx.world, &server, event_id)?;
    let price = listed.and_then(|event| event.price.checked_mul(count));
    if let Some(why) = party::too_dear(price, max_price) {
        return say(cx, why);
    }
    let arguments = match count {
        1 => json!({"eventId": event_id}),
        _ => json!({"eventId": event_id, "seats": count}),
    };
    by_chat(cx, SEAT, arguments).await
}

/// A secret. One that the wallet has bought already is read again without paying.
async fn secret<W: GuestWorld>(
    cx: &Cx<W>,
    catalog: &Catalog,
    secret_id: &str,
    max_price: Option<Usdc>,
) -> Result<(), Trouble> {
    let arguments = json!({"secretId": secret_id});
    let connection = connection::here(cx)?;
    let is_known = held::has_bought(cx, &connection.url, SECRET, ("secretId", secret_id))?;
    // A wallet that signs by itself asks a server of this deployment even if it was bought in another session.
    if is_known || (again::signs_itself(cx)? && cx.rules.is_own(&connection.url)) {
        match read_again(cx, SECRET, &arguments).await? {
            Again::Read(result) => {
                report::show(cx, SECRET, &result);
                return say(cx, "You have bought this before. Nothing was charged.");
            }
            Again::Asked => return say(cx, SIGN_TO_SHOW),
            // Nobody pays a second time by asking for what they have.
            Again::NotShown(_) if is_known => {
                let text = "You have bought this before, and the host does not show it now; to buy what it sells today, use its card.";
                return tell(
                    cx,
                    catalog,
                    Answer { ids: vec![secret_id.to_owned()], ..Answer::of(text) },
                );
            }
            Again::NotShown(_) => {}
        }
    }
    let price = catalog.lists.by_id(secret_id).map(Item::price);
    if let Some(why) = party::too_dear(price, max_price) {
        return say(cx, why);
    }
    by_chat(cx, SECRET, arguments).await
}

async fn several<W: GuestWorld>(
    cx: &Cx<W>,
    catalog: &Catalog,
    (event_id, count): (&str, Option<u32>),
    max_price: Option<Usdc>,
) -> Result<(), Trouble> {
    let why = match party::wanted(&session::tools(&cx.world)?, count) {
        Ok(count) => return seats(cx, event_id, count, max_price).await,
        Err(why) => why,
    };
    let one = catalog.lists.by_id(event_id).and_then(answers::to_buy);
    let (text, suggestion) = match why {
        NotSeveral::OneEach => {
            let text = "This host sells one seat to a wallet, so I can buy one; your guests buy theirs with wallets of their own.";
            (text.to_owned(), one)
        }
        NotSeveral::TooMany(max) => (format!("One purchase has at most {max} seats here."), one),
        NotSeveral::NoNumber => {
            let two = one.map(|one| one.replacen("a ticket", "2 tickets", 1));
            ("How many seats? Say the number, with yourself.".to_owned(), two)
        }
    };
    let suggestions = suggestion.into_iter().collect();
    tell(cx, catalog, Answer { suggestions, ..Answer::of(text) })
}

/// What was bought, or the ticket of one event.
async fn tickets<W: GuestWorld>(
    cx: &Cx<W>,
    catalog: &Catalog,
    event_id: Option<&str>,
) -> Result<(), Trouble> {
    let Some(event_id) = event_id else {
        let (text, bought) = Box::pin(everything::bought(cx)).await?;
        if bought.is_empty() {
            return tell(cx, catalog, Answer::of(text).with("What is on?"));
        }
        return show_bought(cx, &text, bought);
    };
    let connection = connection::here(cx)?;
    if let Some(seat) = held::seat(cx, &connection.url, event_id)? {
        return show_bought(cx, "Yes, this is your ticket.", vec![seat]);
    }
    let title =
        catalog.lists.by_id(event_id).map(|item| text::line(item.title(), 80)).unwrap_or_default();
    let listed = session::listed(&cx.world, &connection.url, event_id)?;
    if listed.is_some_and(|event| event.price.is_zero()) {
        // A proof takes a free seat, and a question shall not.
        let text = format!(
            "I have taken no ticket for “{title}” in this session. It is free, and if this wallet has one, taking it again shows the same."
        );
        let take = catalog.lists.by_id(event_id).and_then(answers::to_buy);
        return tell(
            cx,
            catalog,
            Answer { suggestions: take.into_iter().collect(), ..Answer::of(text) },
        );
    }
    match read_again(cx, SEAT, &json!({"eventId": event_id})).await? {
        Again::Read(result) => {
            report::show(cx, SEAT, &result);
            say(cx, "Yes, this is your ticket. Nothing was charged.")
        }
        Again::Asked => say(cx, SIGN_TO_SHOW),
        Again::NotShown(_) if again::cannot_prove(cx)? => say(cx, NO_PROOF),
        Again::NotShown(_) => {
            let answer =
                Answer::of(format!("No, this wallet has no ticket for “{title}” that I can show."));
            let buy = catalog.lists.by_id(event_id).and_then(answers::to_buy);
            tell(cx, catalog, Answer { suggestions: buy.into_iter().collect(), ..answer })
        }
    }
}

/// Asks the server, without a payment, for what the wallet has bought there.
async fn read_again<W: GuestWorld>(
    cx: &Cx<W>,
    tool: &str,
    arguments: &Value,
) -> Result<Again, Trouble> {
    match Box::pin(server::ask_unpaid(cx, tool, arguments)).await? {
        Some((mut connection, arguments, refusal)) => {
            Box::pin(again::read(cx, &mut connection, (tool, &arguments), &refusal)).await
        }
        None => Ok(Again::NotShown(None)),
    }
}

async fn ticket_status<W: GuestWorld>(cx: &Cx<W>, id: Option<String>) -> Result<(), Trouble> {
    let server = connection::here(cx)?.url;
    if !session::tools(&cx.world)?.iter().any(|tool| tool.name == DESK_TICKET) {
        return say(cx, "This host has no helpdesk here, so I cannot look up a ticket.");
    }
    let id = match id {
        Some(id) => Some(id),
        None => held::desk_ticket(cx, &server)?,
    };
    match id {
        Some(id) => by_chat(cx, DESK_TICKET, json!({"ticketId": id})).await,
        None => say(
            cx,
            "You have opened no ticket at this helpdesk in this session; to look up another one, ask for the status of its number.",
        ),
    }
}

async fn answer_newest<W: GuestWorld>(
    cx: &Cx<W>,
    event: Event,
    otherwise: &str,
) -> Result<(), Trouble> {
    let newest: Option<Purchase> = store::in_state(&cx.world, State::Asked)?.pop();
    match newest {
        Some(purchase) => Box::pin(run::feed_message(cx, &purchase.id, event)).await,
        None => say(cx, otherwise),
    }
}

fn unknown<W: GuestWorld>(
    cx: &Cx<W>,
    text: &str,
    catalog: &Catalog,
    sentence: &str,
) -> Result<(), Trouble> {
    let suggestions = answers::nearest(text, &catalog.lists, cx.world.now());
    tell(
        cx,
        catalog,
        Answer { suggestions, ..Answer::of(format!("{sentence} Do you mean one of these?")) },
    )
}

fn show_bought<W: GuestWorld>(
    cx: &Cx<W>,
    text: &str,
    bought: Vec<BoughtView>,
) -> Result<(), Trouble> {
    cx.tell(&Out::Chat {
        text: text.to_owned(),
        cards: Some(Cards::Bought { bought }),
        suggestions: Vec::new(),
        asks: None,
    });
    Ok(())
}

fn tell<W: GuestWorld>(cx: &Cx<W>, catalog: &Catalog, answer: Answer) -> Result<(), Trouble> {
    let Answer { text, ids, suggestions } = answer;
    let is_secret = ids.iter().any(|id| matches!(catalog.lists.by_id(id), Some(Item::Secret(_))));
    let items = catalog.cards(&ids);
    let mcp_url =
        session::connection(&cx.world)?.map(|connection| connection.url).unwrap_or_default();
    let cards = match (items.is_empty(), is_secret) {
        (true, _) => None,
        (false, true) => Some(Cards::Secrets { mcp_url, secrets: items }),
        (false, false) => Some(Cards::Events { mcp_url, events: items }),
    };
    cx.tell(&Out::Chat { text, cards, suggestions, asks: None });
    Ok(())
}

fn say<W: GuestWorld>(cx: &Cx<W>, text: impl AsRef<str>) -> Result<(), Trouble> {
    cx.say(text.as_ref());
    Ok(())
}

const SIGN_TO_SHOW: &str =
    "Sign with your wallet, and I show it again. Nothing is charged for that.";

const NO_PROOF: &str = "A Crossmint wallet cannot prove to a host what it has bought. Say “my tickets”, or look under Tickets. Nothing was charged.";

/// What the result of a proof is told with.
pub(super) fn shown_again<W: GuestWorld>(
    cx: &Cx<W>,
    tool: &str,
    again: Again,
) -> Result<(), Trouble> {
    match again {
        Again::Read(result) => {
            report::show(cx, tool, &result);
            say(cx, "Here it is again. Nothing was charged.")
        }
        Again::Asked | Again::NotShown(_) => say(
            cx,
            "The host shows nothing to this wallet, so it was not bought with it. Nothing was charged.",
        ),
    }
}

/// Whether a missing fact is asked for.
pub(super) fn awaits<W: GuestWorld>(cx: &Cx<W>) -> Result<Option<Missing>, Trouble> {
    Ok(session::chat(&cx.world, ChatColumn::Missing)?)
}
