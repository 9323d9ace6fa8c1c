//! Typed words: understood by patterns, or by a language model that may call the server's tools. Neither touches money:
//! what they call goes the same way as `call_tool`, under the same policy.

use serde_json::{Value, json};

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::chat::intents::{self, Context, Intent, KnownEvent, Missing};
use crate::chat::llm::{Conversation, Step, ToolSpec};
use crate::guest::cx::{Cx, GuestWorld, Report, Trouble};
use crate::guest::purchase::machine::Event;
use crate::guest::purchase::model::{Origin, Purchase, State};
use crate::guest::purchase::{run, store};
use crate::guest::session::ChatColumn;
use crate::guest::{budget, history, server, session, wallets};
use crate::mcp::client::ServerTool;

/// The longest text that is understood, characters.
const TEXT_CHARS_MAX: usize = 2_000;

/// The person says something.
pub(super) async fn talk<W: GuestWorld>(cx: &Cx<W>, text: &str) -> Result<(), Trouble> {
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(Trouble::Said(format!("say it in at most {TEXT_CHARS_MAX} characters")));
    }
    // While a server's question waits, what is typed is its answer, and never a yes to anything else.
    if let Some(said) = cx.questions.hear(text) {
        return reply(cx, &said);
    }
    let is_late = cx.questions.take_late();
    let intent = understand(cx, text)?;
    if is_late && intent == Intent::Yes {
        return reply(
            cx,
            "The server's question is over, so this answer was not used. If you mean a payment that waits, say yes again.",
        );
    }
    if cx.config.llm.is_some() && !is_ours(&intent) {
        return converse(cx, text).await;
    }
    do_it(cx, intent).await
}

/// The language model hears what came of its calls, and goes on. What it calls then may have an outcome at once, too.
pub(super) async fn hear_reports<W: GuestWorld>(cx: &Cx<W>) -> Result<(), Trouble> {
    loop {
        let Some(report) = cx.reports.borrow_mut().pop_front() else { return Ok(()) };
        go_on(cx, report).await?;
    }
}

fn understand<W: GuestWorld>(cx: &Cx<W>, text: &str) -> Result<Intent, Trouble> {
    let connection = session::connection(&cx.world)?;
    let server = connection.as_ref().map(|connection| connection.url.as_str());
    let listed = match server {
        Some(server) => session::listed(&cx.world, server)?,
        None => Vec::new(),
    };
    let events: Vec<KnownEvent> = listed
        .into_iter()
        .map(|event| KnownEvent {
            id: event.event_id,
            title: event.title,
            price: event.price,
            seats_left: event.seats_left,
            starts_at: UnixSeconds::from_rfc3339(&event.starts_at).unwrap_or_default(),
        })
        .collect();
    let tools = session::tools(&cx.world)?;
    let names: Vec<String> = tools.into_iter().map(|tool| tool.name).collect();
    let awaiting: Option<Missing> = session::chat(&cx.world, ChatColumn::Missing)?;
    let pending = !store::in_state(&cx.world, State::Asked)?.is_empty();
    let context = Context {
        connected: server,
        tools: &names,
        events: &events,
        pending,
        awaiting: awaiting.as_ref(),
        is_owner: session::owner(&cx.world)?.is_some(),
    };
    Ok(intents::understand(text, &context))
}

async fn do_it<W: GuestWorld>(cx: &Cx<W>, intent: Intent) -> Result<(), Trouble> {
    let missing = if let Intent::Ask { missing, .. } = &intent { Some(missing) } else { None };
    session::set_chat(&cx.world, ChatColumn::Missing, missing)?;
    match intent {
        Intent::Connect { url } => server::connect(cx, &url).await,
        Intent::Disconnect => server::leave(cx),
        Intent::ListEvents => by_chat(cx, "listEvents", json!({})).await,
        Intent::ListTools => reply(cx, &tools_in_words(cx)?),
        Intent::Rsvp { event_id, max_price } => rsvp(cx, &event_id, max_price).await,
        Intent::Analytics { event_id } => {
            by_chat(cx, "getEventAnalytics", json!({"eventId": event_id})).await
        }
        Intent::CreateEvent(arguments) => by_chat(cx, "createEvent", arguments).await,
        Intent::Status => reply(cx, &status_in_words(cx)?),
        Intent::Balance => wallets::look_at_wallet(cx).await,
        Intent::History => {
            cx.tell(&history::message(cx)?);
            reply(cx, &spent_in_words(cx)?)
        }
        Intent::Help => reply(cx, HELP),
        Intent::Yes => match newest_question(cx)? {
            Some(purchase) => run::feed_message(cx, &purchase.id, Event::Confirmed).await,
            None => reply(cx, "Nothing waits for a yes."),
        },
        Intent::No => match newest_question(cx)? {
            Some(purchase) => run::feed_message(cx, &purchase.id, Event::Declined).await,
            None => reply(cx, "Nothing waits for a no."),
        },
        Intent::Say(text) | Intent::Ask { text, .. } => reply(cx, &text),
        Intent::Unknown => reply(cx, "I do not understand that. Say \"help\" for what I can do."),
    }
}

async fn by_chat<W: GuestWorld>(cx: &Cx<W>, tool: &str, arguments: Value) -> Result<(), Trouble> {
    server::call(cx, tool, arguments, None, Origin::Chat).await
}

async fn rsvp<W: GuestWorld>(
    cx: &Cx<W>,
    event_id: &str,
    max_price: Option<Usdc>,
) -> Result<(), Trouble> {
    let server = server::here(cx)?.url;
    let listed = session::listed(&cx.world, &server)?;
    let price = listed.iter().find(|event| event.event_id == event_id).map(|e| e.price);
    if let (Some(max), Some(price)) = (max_price, price)
        && price > max
    {
        return reply(
            cx,
            &format!("It costs ${price}, which is more than ${max}. I did not book it."),
        );
    }
    if max_price.is_some() && price.is_none() {
        return reply(
            cx,
            "I do not know what that event costs, so I did not book it. Say \"list events\" first.",
        );
    }
    by_chat(cx, "rsvpToEvent", json!({"eventId": event_id})).await
}

/// Begins a conversation with the model, or goes on with it.
async fn converse<W: GuestWorld>(cx: &Cx<W>, text: &str) -> Result<(), Trouble> {
    let kept: Option<Conversation> = session::chat(&cx.world, ChatColumn::Conversation)?;
    let now = cx.world.now();
    let conversation = match kept {
        Some(mut kept) => {
            kept.hear(text, now);
            kept
        }
        None => Conversation::start(text, now),
    };
    turn(cx, conversation).await
}

async fn go_on<W: GuestWorld>(cx: &Cx<W>, report: Report) -> Result<(), Trouble> {
    let kept: Option<Conversation> = session::chat(&cx.world, ChatColumn::Conversation)?;
    let Some(mut conversation) = kept else { return Ok(()) };
    if !conversation.add_result(&report.id, &report.result) {
        return Ok(());
    }
    turn(cx, conversation).await
}

async fn turn<W: GuestWorld>(cx: &Cx<W>, mut conversation: Conversation) -> Result<(), Trouble> {
    let Some(settings) = &cx.config.llm else { return Ok(()) };
    let tools = session::tools(&cx.world)?;
    let specs: Vec<ToolSpec> = tools.iter().map(spec_of).collect();
    let step = conversation.next(&cx.world, settings, &specs).await;
    session::set_chat(&cx.world, ChatColumn::Conversation, Some(&conversation))?;
    match step {
        Step::Say(text) => reply(cx, &text),
        Step::Call { id, name, arguments } => {
            server::call(cx, &name, arguments, None, Origin::Model(id)).await
        }
        Step::Stopped(why) => {
            session::set_chat(&cx.world, ChatColumn::Conversation, None::<&Conversation>)?;
            reply(cx, &why.to_string())
        }
        Step::Failed(why) => {
            session::set_chat(&cx.world, ChatColumn::Conversation, None::<&Conversation>)?;
            reply(cx, &format!("The language model does not answer: {why}"))
        }
    }
}

fn newest_question<W: GuestWorld>(cx: &Cx<W>) -> Result<Option<Purchase>, Trouble> {
    Ok(store::in_state(&cx.world, State::Asked)?.pop())
}

fn tools_in_words<W: GuestWorld>(cx: &Cx<W>) -> Result<String, Trouble> {
    let tools = session::tools(&cx.world)?;
    let line = |tool: &ServerTool| {
        let price = match (tool.is_paid, tool.price) {
            (false, _) => "free".to_owned(),
            (true, Some(price)) => format!("${price}"),
            (true, None) => "paid".to_owned(),
        };
        format!("{} ({price})", tool.name)
    };
    let lines: Vec<String> = tools.iter().map(line).collect();
    Ok(if lines.is_empty() { "This server has no tools.".to_owned() } else { lines.join(", ") })
}

fn status_in_words<W: GuestWorld>(cx: &Cx<W>) -> Result<String, Trouble> {
    let server = match session::connection(&cx.world)? {
        Some(connection) => format!("Connected to {}.", connection.url),
        None => "Not connected to a server.".to_owned(),
    };
    let wallet = match session::wallet(&cx.world)? {
        Some(wallet) => format!("I pay with {}.", wallet.address.to_checksum(None)),
        None => "No wallet is chosen.".to_owned(),
    };
    Ok(format!("{server} {wallet} {}", spent_in_words(cx)?))
}

fn spent_in_words<W: GuestWorld>(cx: &Cx<W>) -> Result<String, Trouble> {
    let wallet = session::wallet(&cx.world)?.map(|wallet| wallet.address);
    let spent = budget::spent(cx, wallet)?;
    Ok(format!("${} spent in this session, ${} in 24 hours.", spent.session, spent.day))
}

fn reply<W: GuestWorld>(cx: &Cx<W>, text: &str) -> Result<(), Trouble> {
    cx.say(text);
    Ok(())
}

/// What a language model is not asked about: the person's own answers, and what needs no thinking.
fn is_ours(intent: &Intent) -> bool {
    matches!(
        intent,
        Intent::Yes
            | Intent::No
            | Intent::Connect { .. }
            | Intent::Disconnect
            | Intent::Status
            | Intent::Balance
            | Intent::History
            | Intent::Help
    )
}

const HELP: &str = "I can: connect to a server (\"connect to https://…\"), \"list events\", \"rsvp to <title or id>\" (also \"… if it is under 1 dollar\"), \"create an event\" at your own server, \"status\", \"balance\", \"history\". I ask before I pay, unless your policy lets me.";

fn spec_of(tool: &ServerTool) -> ToolSpec {
    ToolSpec {
        name: tool.name.clone(),
        description: tool.description.clone(),
        input_schema: tool.input_schema.clone(),
    }
}
