//! Typed words: understood by patterns, or by a language model that may call the server's tools. Neither touches money:
//! what they call goes the same way as `call_tool`, under the same policy.

use crate::chat::intents::{self, Context, Intent, Lists, Seen};
use crate::chat::llm::{Conversation, Step, ToolSpec};
use crate::guest::cx::{Cx, GuestWorld, Report, Trouble};
use crate::guest::lists::{self, Catalog};
use crate::guest::purchase::model::{Origin, State};
use crate::guest::purchase::store;
use crate::guest::session::ChatColumn;
use crate::guest::{server, session, wishes};
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
    let intent = understand(cx, text, None)?;
    if is_late && intent == Intent::Yes {
        return reply(
            cx,
            "The server's question is over, so this answer was not used. If you mean a payment that waits, say yes again.",
        );
    }
    if cx.config.llm.is_some() && !is_ours(&intent) {
        return converse(cx, text).await;
    }
    do_it(cx, text, intent).await
}

/// The language model hears what came of its calls, and goes on. What it calls then may have an outcome at once, too.
pub(super) async fn hear_reports<W: GuestWorld>(cx: &Cx<W>) -> Result<(), Trouble> {
    loop {
        let Some(report) = cx.reports.borrow_mut().pop_front() else { return Ok(()) };
        go_on(cx, report).await?;
    }
}

/// Understands words by patterns. `lists` are read if they are needed.
fn understand<W: GuestWorld>(
    cx: &Cx<W>,
    text: &str,
    lists: Option<&Lists>,
) -> Result<Intent, Trouble> {
    let connection = session::connection(&cx.world)?;
    let tools = session::tools(&cx.world)?;
    let names: Vec<String> = tools.into_iter().map(|tool| tool.name).collect();
    let awaiting = wishes::awaits(cx)?;
    let seen: Seen = session::chat(&cx.world, ChatColumn::Seen)?.unwrap_or_default();
    let context = Context {
        connected: connection.as_ref().map(|connection| connection.url.as_str()),
        tools: &names,
        lists,
        seen: &seen,
        pending: !store::in_state(&cx.world, State::Asked)?.is_empty(),
        awaiting: awaiting.as_ref(),
        is_owner: session::owner(&cx.world)?.is_some(),
        now: cx.world.now(),
    };
    Ok(intents::understand(text, &context))
}

/// What was understood without what the server lists, and then with it if that is needed.
async fn do_it<W: GuestWorld>(cx: &Cx<W>, text: &str, intent: Intent) -> Result<(), Trouble> {
    let is_unknown = intent == Intent::Unknown && session::connection(&cx.world)?.is_some();
    let needs_lists = is_unknown || intent == Intent::Look;
    if !needs_lists {
        return Box::pin(wishes::carry_out(cx, text, intent, &Catalog::default())).await;
    }
    let catalog = match Box::pin(lists::read(cx)).await {
        Ok(catalog) => catalog,
        // A person who said something that means nothing is not told that a list is away.
        Err(Trouble::Said(_)) if is_unknown => Catalog::default(),
        Err(trouble) => return Err(trouble),
    };
    let intent = understand(cx, text, Some(&catalog.lists))?;
    Box::pin(wishes::carry_out(cx, text, intent, &catalog)).await
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
            | Intent::Wallet
            | Intent::Balance
            | Intent::History
            | Intent::Limits
            | Intent::SetLimit { .. }
            | Intent::Payment
            | Intent::Tickets { event_id: None }
            | Intent::Help
    )
}

fn spec_of(tool: &ServerTool) -> ToolSpec {
    ToolSpec {
        name: tool.name.clone(),
        description: tool.description.clone(),
        input_schema: tool.input_schema.clone(),
    }
}
