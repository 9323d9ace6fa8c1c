//! Words: understood by patterns, or by a language model that may call the door's tools. Neither touches
//! money: whatever they call goes the same way as `call_tool`, under the same policy.

use serde_json::{Value, json};

use crate::base::money::Usdc;
use crate::base::text;
use crate::base::time::{UnixSeconds, ZoneName};
use crate::chat::intents::{self, Context, Intent, KnownEvent, Missing};
use crate::chat::llm::{Conversation, Step, ToolSpec};
use crate::guest::messages::Out;
use crate::guest::purchases::{self, Origin, Purchase, State};
use crate::guest::store::ChatColumn;
use crate::guest::{Guest, GuestWorld, Trouble, store};
use crate::mcp::client::DoorTool;

/// The longest text that is understood, characters.
const TEXT_CHARS_MAX: usize = 2_000;

impl<W: GuestWorld> Guest<W> {
    /// The person says something.
    pub(super) async fn talk(&self, text: &str) -> Result<(), Trouble> {
        if text.chars().count() > TEXT_CHARS_MAX {
            return Err(Trouble::Said(format!("say it in at most {TEXT_CHARS_MAX} characters")));
        }
        // While a server's question waits, what is typed is its answer, and never a yes to anything else.
        if let Some(said) = self.questions.hear(text) {
            return self.reply(&said);
        }
        let is_late = self.questions.take_late();
        let intent = self.understand(text)?;
        if is_late && intent == Intent::Yes {
            return self.reply("The server's question is over, so this answer was not used. If you mean a payment that waits, say yes again.");
        }
        if self.config.llm.is_some() && !is_ours(&intent) {
            return self.converse(text).await;
        }
        self.do_it(intent).await
    }

    /// What came of a call is told to whoever waits for it.
    pub(super) async fn report(
        &self,
        origin: &Origin,
        tool: &str,
        outcome: Result<&Value, &str>,
    ) -> Result<(), Trouble> {
        match origin {
            Origin::Call => Ok(()),
            Origin::Chat => {
                self.say(&in_words(tool, outcome));
                Ok(())
            }
            Origin::Model(id) => {
                let result = match outcome {
                    Ok(result) => result.clone(),
                    Err(text) => json!({"error": text}),
                };
                self.go_on(id, &result).await
            }
        }
    }

    /// A caller hears that the person is asked first, and what they have already.
    pub(super) fn asked_for(&self, purchase: &Purchase, had: Option<&str>) -> Result<(), Trouble> {
        if purchase.origin != Origin::Call {
            let had = had.map(|had| format!("Note: {had}. ")).unwrap_or_default();
            self.say(&format!("{had}This costs ${}. Shall I pay? (yes or no)", purchase.amount));
        }
        Ok(())
    }

    fn understand(&self, text: &str) -> Result<Intent, Trouble> {
        let connection = store::connection(&self.world)?;
        let door = connection.as_ref().map(|connection| connection.url.as_str());
        let listed = match door {
            Some(door) => store::listed(&self.world, door)?,
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
        let tools = store::tools(&self.world)?;
        let names: Vec<String> = tools.into_iter().map(|tool| tool.name).collect();
        let awaiting: Option<Missing> = store::chat(&self.world, ChatColumn::Missing)?;
        let pending = !purchases::in_state(&self.world, State::Asked)?.is_empty();
        let context = Context {
            connected: door,
            tools: &names,
            events: &events,
            pending,
            awaiting: awaiting.as_ref(),
            is_owner: store::owner(&self.world)?.is_some(),
        };
        Ok(intents::understand(text, &context))
    }

    async fn do_it(&self, intent: Intent) -> Result<(), Trouble> {
        let missing = if let Intent::Ask { missing, .. } = &intent { Some(missing) } else { None };
        store::set_chat(&self.world, ChatColumn::Missing, missing)?;
        match intent {
            Intent::Connect { url } => self.connect(&url).await,
            Intent::Disconnect => self.leave(),
            Intent::ListEvents => self.by_chat("listEvents", json!({})).await,
            Intent::ListTools => self.reply(&self.tools_in_words()?),
            Intent::Rsvp { event_id, max_price } => self.rsvp(&event_id, max_price).await,
            Intent::Analytics { event_id } => {
                self.by_chat("getEventAnalytics", json!({"eventId": event_id})).await
            }
            Intent::CreateEvent(arguments) => self.by_chat("createEvent", arguments).await,
            Intent::Status => self.reply(&self.status_in_words()?),
            Intent::Balance => self.look_at_wallet().await,
            Intent::History => {
                self.tell(&self.history_message()?);
                self.reply(&self.spent_in_words()?)
            }
            Intent::Help => self.reply(HELP),
            Intent::Yes => match self.newest_question()? {
                Some(purchase) => self.confirm(&purchase.id).await,
                None => self.reply("Nothing waits for a yes."),
            },
            Intent::No => match self.newest_question()? {
                Some(purchase) => self.decline(&purchase.id).await,
                None => self.reply("Nothing waits for a no."),
            },
            Intent::Say(text) | Intent::Ask { text, .. } => self.reply(&text),
            Intent::Unknown => {
                self.reply("I do not understand that. Say \"help\" for what I can do.")
            }
        }
    }

    async fn by_chat(&self, tool: &str, arguments: Value) -> Result<(), Trouble> {
        self.call(tool, arguments, None, Origin::Chat).await
    }

    async fn rsvp(&self, event_id: &str, max_price: Option<Usdc>) -> Result<(), Trouble> {
        let door = self.here()?.url;
        let listed = store::listed(&self.world, &door)?;
        let price = listed.iter().find(|event| event.event_id == event_id).map(|e| e.price);
        if let (Some(max), Some(price)) = (max_price, price)
            && price > max
        {
            return self.reply(&format!(
                "It costs ${price}, which is more than ${max}. I did not book it."
            ));
        }
        if max_price.is_some() && price.is_none() {
            return self.reply("I do not know what that event costs, so I did not book it. Say \"list events\" first.");
        }
        self.by_chat("rsvpToEvent", json!({"eventId": event_id})).await
    }

    /// Begins a conversation with the model, or goes on with it.
    async fn converse(&self, text: &str) -> Result<(), Trouble> {
        let kept: Option<Conversation> = store::chat(&self.world, ChatColumn::Conversation)?;
        let now = self.world.now();
        let conversation = match kept {
            Some(mut kept) => {
                kept.hear(text, now);
                kept
            }
            None => Conversation::start(text, now),
        };
        self.turn(conversation).await
    }

    /// The model hears what came of its call.
    async fn go_on(&self, id: &str, result: &Value) -> Result<(), Trouble> {
        let kept: Option<Conversation> = store::chat(&self.world, ChatColumn::Conversation)?;
        let Some(mut conversation) = kept else { return Ok(()) };
        if !conversation.add_result(id, result) {
            return Ok(());
        }
        // A call calls this again: boxed, because a future cannot hold itself.
        Box::pin(self.turn(conversation)).await
    }

    async fn turn(&self, mut conversation: Conversation) -> Result<(), Trouble> {
        let Some(settings) = &self.config.llm else { return Ok(()) };
        let tools = store::tools(&self.world)?;
        let specs: Vec<ToolSpec> = tools.iter().map(spec_of).collect();
        let step = conversation.next(&self.world, settings, &specs).await;
        store::set_chat(&self.world, ChatColumn::Conversation, Some(&conversation))?;
        match step {
            Step::Say(text) => self.reply(&text),
            Step::Call { id, name, arguments } => {
                self.call(&name, arguments, None, Origin::Model(id)).await
            }
            Step::Stopped(why) => {
                store::set_chat(&self.world, ChatColumn::Conversation, None::<&Conversation>)?;
                self.reply(&why.to_string())
            }
            Step::Failed(why) => {
                store::set_chat(&self.world, ChatColumn::Conversation, None::<&Conversation>)?;
                self.reply(&format!("The language model does not answer: {why}"))
            }
        }
    }

    fn newest_question(&self) -> Result<Option<Purchase>, Trouble> {
        Ok(purchases::in_state(&self.world, State::Asked)?.pop())
    }

    fn tools_in_words(&self) -> Result<String, Trouble> {
        let tools = store::tools(&self.world)?;
        let line = |tool: &DoorTool| {
            let price = match (tool.is_paid, tool.price) {
                (false, _) => "free".to_owned(),
                (true, Some(price)) => format!("${price}"),
                (true, None) => "paid".to_owned(),
            };
            format!("{} ({price})", tool.name)
        };
        let lines: Vec<String> = tools.iter().map(line).collect();
        Ok(if lines.is_empty() { "This door has no tools.".to_owned() } else { lines.join(", ") })
    }

    fn status_in_words(&self) -> Result<String, Trouble> {
        let door = match store::connection(&self.world)? {
            Some(connection) => format!("Connected to {}.", connection.url),
            None => "Not connected to a door.".to_owned(),
        };
        let wallet = match store::wallet(&self.world)? {
            Some(wallet) => format!("I pay with {}.", wallet.address.to_checksum(None)),
            None => "No wallet is chosen.".to_owned(),
        };
        Ok(format!("{door} {wallet} {}", self.spent_in_words()?))
    }

    fn spent_in_words(&self) -> Result<String, Trouble> {
        let wallet = store::wallet(&self.world)?.map(|wallet| wallet.address);
        let spent = self.spent(wallet)?;
        Ok(format!("${} spent in this session, ${} in 24 hours.", spent.session, spent.day))
    }

    fn reply(&self, text: &str) -> Result<(), Trouble> {
        self.say(text);
        Ok(())
    }

    fn say(&self, text: &str) {
        self.tell(&Out::Chat { text: text.to_owned() });
    }
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

const HELP: &str = "I can: connect to a door (\"connect to https://…\"), \"list events\", \"rsvp to <title or id>\" (also \"… if it is under 1 dollar\"), \"create an event\" at your own door, \"status\", \"balance\", \"history\". I ask before I pay, unless your policy lets me.";

fn spec_of(tool: &DoorTool) -> ToolSpec {
    ToolSpec {
        name: tool.name.clone(),
        description: tool.description.clone(),
        input_schema: tool.input_schema.clone(),
    }
}

/// What a tool answered, for people: its message if it has one.
fn in_words(tool: &str, outcome: Result<&Value, &str>) -> String {
    let result = match outcome {
        Err(text) => return format!("That did not work: {}", text::line(text, 500)),
        Ok(result) => result,
    };
    let content = result.get("structuredContent").unwrap_or(&Value::Null);
    if let Some(events) = content.get("events").and_then(Value::as_array) {
        return events_in_words(events);
    }
    let ticket = content.get("ticketUrl").and_then(Value::as_str);
    match (content.get("message").and_then(Value::as_str), ticket) {
        (Some(message), Some(ticket)) => {
            format!("{} Your ticket: {}", text::line(message, 500), text::line(ticket, 300))
        }
        (Some(message), None) => text::line(message, 500),
        (None, _) => format!("{} has answered.", text::line(tool, 80)),
    }
}

fn events_in_words(events: &[Value]) -> String {
    let line = |event: &Value| {
        let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
        let shown = |key: &str, chars_max| text::line(text(key), chars_max);
        let zone = ZoneName::parse(text("timeZone")).unwrap_or_else(|_| ZoneName::utc());
        let when = match UnixSeconds::from_rfc3339(text("startsAt")) {
            Ok(moment) => moment.to_words(&zone),
            Err(_) => shown("startsAt", 40),
        };
        format!("{} · ${} · {when}", shown("title", 120), shown("price", 40))
    };
    let lines: Vec<String> = events.iter().take(20).map(line).collect();
    if lines.is_empty() { "There are no events.".to_owned() } else { lines.join("\n") }
}
