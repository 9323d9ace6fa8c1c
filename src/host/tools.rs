//! What the free and the owner's tools do. REST and MCP both come here.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::base::fields;
use crate::base::id::{EventId, ScopeId, TicketCode};
use crate::base::time::UnixSeconds;
use crate::host::Host;
use crate::host::caller::Caller;
use crate::host::desk::DeskCall;
use crate::host::limits::CALL_COST;
use crate::host::profile::Profile;
use crate::host::views::CheckInAnswer;
use crate::http::source::Source;
use crate::ledger::outbox;
use crate::mcp::catalog::{Access, Product, Tool};
use crate::ports::paging::Page;
use crate::ports::{Sql, SqlError, World};
use crate::products::desk;
use crate::products::desk::input::{ArticleChanges, UpdateKbArticle};
use crate::products::events::input::{
    self, CheckIn, CreateEvent, EventChanges, ListEvents, OneEvent,
};
use crate::products::events::store::{self, Filter};
use crate::products::events::{Event, Seats, Status};
use crate::products::vault::input::{OneSecret, secret_id as secret_id_of};
use crate::rails::outcome::{Abort, Done, Failure};
use crate::rails::x402::dialects::{Received, Unreadable};

/// The most events a host may have.
const EVENTS_MAX: u64 = 10_000;
/// The longest text in which a ticket's code is looked for; a QR code holds 4,296 characters at the most.
const SCANNED_BYTES_MAX: usize = 4_296;

/// A call of a tool, in whatever protocol it came.
pub struct ToolCall {
    /// The tool's name.
    pub name: String,
    /// The arguments.
    pub arguments: Value,
    /// The payment that came with it.
    pub payment: Result<Option<Received>, Unreadable>,
    /// What proves a wallet that has paid before (header `SIGN-IN-WITH-X`).
    pub proof: Option<String>,
    /// The transaction that is to have paid (header `PAYMENT-TRANSACTION`).
    pub transaction: Option<String>,
    /// Who calls.
    pub caller: Caller,
    /// Where the call comes from, for counting.
    pub source: Source,
}

impl<W: World> Host<W> {
    /// Calls a tool. `None` if there is no tool of this name.
    pub async fn call_tool(
        &self,
        profile: &Profile,
        call: ToolCall,
    ) -> Option<Result<Done, Failure>> {
        let tool = Tool::by_name(&call.name)?;
        let is_paid =
            matches!(tool.access(), Access::Paid(..)) && !call.caller.is_free_of_charge(tool);
        // What was paid for while a server was open is handed over after it was closed.
        let may_be_known = is_paid && (matches!(call.payment, Ok(Some(_))) || call.proof.is_some());
        if !profile.products.has(tool.product()) && !may_be_known {
            return None;
        }
        if let Err(refused) = self.admit_agent(&call.caller).and_then(|()| call.caller.check(tool))
        {
            // Knocking at what is not theirs counts too.
            let admitted = self.admit_stranger(&call);
            return Some(admitted.and(Err(refused)));
        }
        Some(if is_paid {
            self.paid_tool(profile, tool, call).await
        } else {
            self.free_tool(profile, tool, call).map(|value| Done { value, receipt: None })
        })
    }

    fn admit_stranger(&self, call: &ToolCall) -> Result<(), Failure> {
        if call.caller.is_of_the_house() {
            Ok(())
        } else {
            self.admit_unpaid(&call.source, CALL_COST)
        }
    }

    fn free_tool(&self, profile: &Profile, tool: Tool, call: ToolCall) -> Result<Value, Failure> {
        self.admit_stranger(&call)?;
        let ToolCall { arguments, caller, .. } = call;
        match tool.product() {
            Product::Events => self.event_tool(profile, tool, arguments),
            Product::Vault => self.secret_tool(profile, tool, arguments),
            Product::Desk => self.desk_tool(profile, tool, arguments, &caller),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the tools of other products go elsewhere")]
    fn event_tool(
        &self,
        profile: &Profile,
        tool: Tool,
        arguments: Value,
    ) -> Result<Value, Failure> {
        match tool {
            Tool::ListEvents => self.list_events(read_arguments(arguments)?),
            Tool::GetEvent => {
                let OneEvent { event_id } = read_arguments(arguments)?;
                let (event, seats) = self.event(&input::event_id(&event_id)?)?;
                Ok(json!({"event": event.view(seats, self.world.now())}))
            }
            Tool::GetEventAnalytics => {
                let OneEvent { event_id } = read_arguments(arguments)?;
                let id = input::event_id(&event_id)?;
                self.event(&id)?;
                Ok(self.analytics(&id)?)
            }
            Tool::CreateEvent => self.create_event(&profile.scope, read_arguments(arguments)?),
            Tool::UpdateEvent => {
                let (id, changes) = split_update(arguments)?;
                self.update_event(&profile.scope, &id, changes)
            }
            Tool::CancelEvent => {
                let OneEvent { event_id } = read_arguments(arguments)?;
                self.cancel_event(&profile.scope, &input::event_id(&event_id)?)
            }
            Tool::CheckIn => {
                let CheckIn { event_id, code } = read_arguments(arguments)?;
                self.check_in(&input::event_id(&event_id)?, &code)
            }
            _ => Err(is_paid()),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the tools of other products go elsewhere")]
    fn secret_tool(
        &self,
        profile: &Profile,
        tool: Tool,
        arguments: Value,
    ) -> Result<Value, Failure> {
        match tool {
            Tool::ListSecrets => self.list_secrets(read_arguments(arguments)?),
            Tool::StoreSecret => self.store_secret(&profile.scope, read_arguments(arguments)?),
            Tool::DeleteSecret => {
                let OneSecret { secret_id } = read_arguments(arguments)?;
                self.revoke_secret(&profile.scope, &secret_id_of(&secret_id)?)
            }
            _ => Err(is_paid()),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the tools of other products go elsewhere")]
    fn desk_tool(
        &self,
        profile: &Profile,
        tool: Tool,
        arguments: Value,
        caller: &Caller,
    ) -> Result<Value, Failure> {
        match tool {
            Tool::SearchKb => self.search_kb(&read_arguments(arguments)?),
            Tool::ListTickets => self.list_tickets(&read_arguments(arguments)?),
            Tool::CreateKbArticle => self.create_article(&read_arguments(arguments)?),
            Tool::UpdateKbArticle => {
                let UpdateKbArticle { article_id, title, body } = read_arguments(arguments)?;
                let id = desk::input::article_id(&article_id)?;
                self.change_article(&id, &ArticleChanges { title, body })
            }
            _ => match DeskCall::read(tool, arguments)? {
                Some(asked) => self.desk_of_the_house(&profile.scope, &asked, caller),
                None => Err(is_paid()),
            },
        }
    }

    fn list_events(&self, arguments: ListEvents) -> Result<Value, Failure> {
        let now = self.world.now();
        let cursor = arguments.cursor.as_deref();
        let page = Page::read(&store::BY_START, arguments.limit, cursor, now)?;
        let moment =
            |field, text: Option<&str>| text.map(|text| fields::moment(field, text)).transpose();
        let filter = Filter {
            from: moment("from", arguments.from.as_deref())?,
            to: moment("to", arguments.to.as_deref())?,
            scheduled_at: None,
        };
        let found = store::list(&self.world, filter, &page)?;
        Ok(found.map(|(event, seats)| event.view(seats, now)).answer("events").into())
    }

    /// Creates an event.
    pub(super) fn create_event(
        &self,
        scope: &ScopeId,
        arguments: CreateEvent,
    ) -> Result<Value, Failure> {
        let now = self.world.now();
        let event = arguments.into_event(EventId::random(&self.world), now)?;
        self.check_own_price(event.price)?;
        if store::count(&self.world)? >= EVENTS_MAX {
            let detail = format!("a host may have at most {EVENTS_MAX} events");
            return Err(Abort::new("too_many_events", 409, detail).into());
        }
        self.world.atomically(|| {
            store::insert(&self.world, &event)?;
            publish_event(&self.world, scope, &event, Seats::default(), now)
        })?;
        Ok(json!({
            "success": true,
            "eventId": event.id,
            "event": event.view(Seats::default(), now),
            "message": format!("The event is on sale for ${}.", event.price),
        }))
    }

    /// Changes an event.
    pub(super) fn update_event(
        &self,
        scope: &ScopeId,
        id: &EventId,
        changes: EventChanges,
    ) -> Result<Value, Failure> {
        let now = self.world.now();
        let (event, seats) = self.event(id)?;
        if event.cancelled {
            return Err(cancelled().into());
        }
        let price = event.price;
        let event = changes.apply(event, seats.taken.saturating_add(seats.held))?;
        if event.price != price {
            self.check_own_price(event.price)?;
        }
        self.save_event(scope, &event, seats, now)?;
        let view = event.view(seats, now);
        Ok(
            json!({"success": true, "eventId": id, "event": view, "message": "The event was changed."}),
        )
    }

    /// Cancels an event. A second time it answers the same.
    pub(super) fn cancel_event(&self, scope: &ScopeId, id: &EventId) -> Result<Value, Failure> {
        let now = self.world.now();
        let (mut event, seats) = self.event(id)?;
        if event.status(now) == Status::Past {
            return Err(Abort::new("event_past", 409, "this event is over").into());
        }
        if !event.cancelled {
            event.cancelled = true;
            event.sequence = event.sequence.saturating_add(1);
            self.save_event(scope, &event, seats, now)?;
        }
        let sold = match seats.taken {
            0 => "No seat was sold.".to_owned(),
            1 => "1 sold seat is yours to pay back.".to_owned(),
            sold => format!("{sold} sold seats are yours to pay back."),
        };
        let held = match seats.held {
            0 => String::new(),
            held => format!(
                " {held} more {} being paid for right now: no more money is asked for, but what is on its way may still arrive, and is then yours to pay back, too; look at your payments in a few minutes.",
                if held == 1 { "is" } else { "are" }
            ),
        };
        let message = format!("The event is cancelled. {sold}{held}");
        let view = event.view(seats, now);
        Ok(json!({"success": true, "eventId": id, "event": view, "message": message}))
    }

    /// Lets a guest in.
    pub(super) fn check_in(&self, id: &EventId, code: &str) -> Result<Value, Failure> {
        if code.len() > SCANNED_BYTES_MAX {
            let remedy = format!("must have at most {SCANNED_BYTES_MAX} bytes");
            return Err(fields::bad("code", remedy).into());
        }
        let code =
            TicketCode::scanned(code).map_err(|error| fields::bad("code", error.to_string()))?;
        let now = self.world.now();
        let (event, _) = self.event(id)?;
        let rsvp = store::rsvp_of_ticket(&self.world, &code)?.filter(|rsvp| rsvp.event_id == *id);
        let rsvp = rsvp.ok_or_else(|| {
            Abort::new("no_such_ticket", 404, "code: this is not a ticket of this event")
        })?;
        if event.cancelled {
            return Err(cancelled().into());
        }
        let first_used = store::check_in(&self.world, &rsvp, now)?;
        let message = match first_used {
            None => "Welcome: the ticket is good and is used now.".to_owned(),
            Some(moment) => format!("This ticket was used before, first at {moment}."),
        };
        Ok(json!(CheckInAnswer {
            success: first_used.is_none(),
            first_used_at: first_used.unwrap_or(now).to_string(),
            rsvp: rsvp.line(),
            message,
        }))
    }

    /// One event with its seats.
    pub(super) fn event(&self, id: &EventId) -> Result<(Event, Seats), Failure> {
        Ok(store::find(&self.world, id)?.ok_or_else(Abort::event_not_found)?)
    }

    fn save_event(
        &self,
        scope: &ScopeId,
        event: &Event,
        seats: Seats,
        now: UnixSeconds,
    ) -> Result<(), SqlError> {
        self.world.atomically(|| {
            store::update(&self.world, event, now)?;
            publish_event(&self.world, scope, event, seats, now)
        })
    }
}

/// Queues the published record of an event that its host has made or changed.
fn publish_event(
    sql: &impl Sql,
    scope: &ScopeId,
    event: &Event,
    seats: Seats,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let (key, record) = event_record(scope, event, seats, now);
    outbox::put(sql, &key, &record, now)
}

/// The published record of an event, with its key (product rule: KV key `{scope}:events:{eventId}`).
pub(super) fn event_record(
    scope: &ScopeId,
    event: &Event,
    seats: Seats,
    now: UnixSeconds,
) -> (String, Value) {
    // A held seat is nobody's yet, so the record does not count it.
    let seats = Seats { held: 0, ..seats };
    (format!("{scope}:events:{}", event.id), json!(event.view(seats, now)))
}

/// Arguments of a tool as its type; errors name the field.
pub(super) fn read_arguments<T: DeserializeOwned>(arguments: Value) -> Result<T, Failure> {
    serde_path_to_error::deserialize(arguments).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.inner();
        let detail =
            if path == "." { format!("arguments: {inner}") } else { format!("{path}: {inner}") };
        Abort::new("invalid_arguments", 422, detail).into()
    })
}

fn split_update(mut arguments: Value) -> Result<(EventId, EventChanges), Failure> {
    let id = arguments.as_object_mut().and_then(|members| members.remove("eventId"));
    let Some(Value::String(id)) = id else {
        return Err(fields::bad("eventId", "is missing; it must be an event's id").into());
    };
    Ok((input::event_id(&id)?, read_arguments(arguments)?))
}

fn cancelled() -> Abort {
    Abort::new("event_cancelled", 409, "this event was cancelled")
}

/// Never reached: who pays goes another way.
fn is_paid() -> Failure {
    Abort::new("payment_required", 402, "this tool is paid").into()
}
