//! What is handed over for a settled payment, in one block with the books.

use serde_json::{Value, json};

use crate::base::id::{EventId, RsvpId, TicketCode};
use crate::base::money::Usdc;
use crate::host::Host;
use crate::host::desk::{Asker, DeskCall};
use crate::host::profile::Profile;
use crate::host::repeat::Kept;
use crate::host::tools::event_record;
use crate::host::wanted::Wanted;
use crate::ledger::payments::{self, Payment, Settled, State};
use crate::ledger::{outbox, revenue};
use crate::mcp::catalog::{Product, Tool};
use crate::ports::{SqlError, World};
use crate::products::desk::tickets::{self, EntryKind};
use crate::products::desk::{Author, drafts};
use crate::products::events::input::RsvpToEvent;
use crate::products::events::rsvp::Rsvp;
use crate::products::events::store;
use crate::products::vault::store as secrets;
use crate::rails::outcome::{Failure, Fatal, Money};

/// The most payments that `getEventAnalytics` lists.
const ANALYTICS_RSVPS_MAX: u32 = 1_000;

impl<W: World> Host<W> {
    /// Hands over what was paid for, in one block with the books, and once: `settled` may be older than
    /// its row, because the alarm and a late answer of the facilitator find out the same. If the delivery
    /// fails, the payment stays settled: the alarm, or the same payment again, delivers it without another
    /// charge.
    pub(super) fn deliver(&self, profile: &Profile, settled: &Settled) -> Result<Kept, Failure> {
        let row = payments::find(&self.world, &settled.payment().id)?;
        match row.as_ref().map(|row| row.state) {
            Some(State::Settled) => {}
            Some(State::Delivered) => {
                let kept = row.as_ref().and_then(Kept::of);
                return kept.ok_or_else(|| broken("a delivered payment without an answer"));
            }
            Some(
                State::Claimed
                | State::Verified
                | State::Settling
                | State::Refused
                | State::Failed
                | State::Unknown,
            )
            | None => return Err(broken("a payment that is not settled any more")),
        }
        let result = match Tool::by_name(&settled.payment().tool) {
            Some(Tool::RsvpToEvent) => self.deliver_seat(profile, settled),
            Some(Tool::GetEventAnalytics) => self.deliver_staged(profile, settled),
            Some(Tool::RetrieveSecret) => self.deliver_secret(profile, settled),
            Some(tool) if tool.product() == Product::Desk => {
                self.deliver_desk(profile, tool, settled)
            }
            _ => Err(SqlError("a payment for a tool that is not sold".to_owned())),
        };
        result.map(Kept::new).map_err(|error| broken(&error.to_string()))
    }

    fn deliver_seat(&self, profile: &Profile, settled: &Settled) -> Result<Value, SqlError> {
        let now = self.world.now();
        let payment = settled.payment();
        // Without them if the payment had ended in between.
        let arguments: Option<RsvpToEvent> = serde_json::from_value(payment.arguments.clone())
            .map_err(|error| SqlError(format!("stored arguments: {error}")))?;
        let guest = arguments.and_then(|arguments| arguments.guest().ok());
        let event_id = payment.event_id.clone();
        let event_id = event_id.ok_or_else(|| SqlError("a seat without an event".to_owned()))?;
        let rsvp = Rsvp {
            id: RsvpId::random(&self.world),
            event_id: event_id.clone(),
            payer: payment.payer.clone(),
            code: TicketCode::random(&profile.scope, &self.world),
            guest: guest.unwrap_or_default(),
            paid: payment.amount,
            transaction: settled.transaction().to_owned(),
            network: payment.network.clone(),
            created_at: now,
            checked_in_at: None,
        };
        let sql = &self.world;
        sql.atomically(|| {
            store::insert_rsvp(sql, &rsvp, payment.id.as_str())?;
            let answer = self.ticket_answer(profile, &rsvp, settled)?;
            payments::mark_delivered(sql, settled, &answer, now)?;
            self.publish_seat(profile, payment)?;
            self.publish_revenue(profile)?;
            Ok(answer)
        })
    }

    fn ticket_answer(
        &self,
        profile: &Profile,
        rsvp: &Rsvp,
        settled: &Settled,
    ) -> Result<Value, SqlError> {
        let now = self.world.now();
        let (event, seats) = store::find(&self.world, &rsvp.event_id)?
            .ok_or_else(|| SqlError("a seat at an event that is not there".to_owned()))?;
        // The seat's own hold counts as taken by now.
        let seats = crate::products::events::Seats { held: seats.held.saturating_sub(1), ..seats };
        let url = &self.config.public_url;
        Ok(json!({
            "success": true,
            "event": event.view(seats, now),
            "rsvp": {"id": rsvp.id, "code": rsvp.code, "payer": rsvp.payer},
            "transactionHash": settled.transaction(),
            "message": format!(
                "You have a seat. ${} was paid. Show the ticket at the entrance.", rsvp.paid
            ),
            "ticketUrl": format!("{url}/t/{}", rsvp.code),
            "calendarUrl": format!("{url}/e/{}/{}/calendar.ics", profile.scope, event.id),
        }))
    }

    /// What a tool that settles last was worked out to answer, before the money moved.
    fn deliver_staged(&self, profile: &Profile, settled: &Settled) -> Result<Value, SqlError> {
        let payment = settled.payment();
        let answer = match &payment.staged {
            Some(answer) => answer.clone(),
            // A payment from before results were staged.
            None => self.analytics(&analysed(payment)?)?,
        };
        self.world.atomically(|| {
            payments::mark_delivered(&self.world, settled, &answer, self.world.now())?;
            self.publish_revenue(profile)
        })?;
        Ok(answer)
    }

    /// Does the desk's work, or hands over what was worked out before.
    fn deliver_desk(
        &self,
        profile: &Profile,
        tool: Tool,
        settled: &Settled,
    ) -> Result<Value, SqlError> {
        let payment = settled.payment();
        let stored = |what: String| SqlError(format!("stored arguments: {what}"));
        let asked = DeskCall::read(tool, payment.arguments.clone());
        let asked = asked.map_err(|failure| stored(failure.to_string()))?;
        let asked = asked.ok_or_else(|| stored("not of the desk".to_owned()))?;
        let now = self.world.now();
        self.world.atomically(|| {
            let answer = match &payment.staged {
                Some(staged) => staged.clone(),
                None => {
                    let author = Author::Wallet(payment.payer.clone());
                    let held = self.held_back(&payment.payer)?;
                    let asker = Asker { author, held, payment: Some(&payment.id) };
                    self.do_at_desk(&profile.scope, &asked, &asker)?
                }
            };
            let mut answer = answer;
            if let Some(members) = answer.as_object_mut() {
                members.insert("transactionHash".to_owned(), settled.transaction().into());
            }
            payments::mark_delivered(&self.world, settled, &answer, now)?;
            self.publish_revenue(profile)?;
            Ok(answer)
        })
    }

    /// Does the work of a tool that settles last, and fixes which version of a secret is bought.
    pub(super) fn stage(&self, wanted: &Wanted, amount: Usdc) -> Result<Option<Value>, Failure> {
        match wanted {
            // What this does counts from the delivery on, in one block with the books.
            Wanted::Seat { .. } => Ok(None),
            Wanted::Secret { secret_id } => Ok(Some(self.stage_secret(secret_id, amount)?)),
            Wanted::Desk(_, asked) => match asked.read_only() {
                Some(ticket) => Ok(Some(self.context_of(ticket)?)),
                None => Ok(None),
            },
            Wanted::Analytics { event_id } => Ok(Some(self.analytics(event_id)?)),
        }
    }

    /// What `getEventAnalytics` answers.
    pub(super) fn analytics(&self, id: &EventId) -> Result<Value, SqlError> {
        let earned = store::earned(&self.world, id)?;
        let rsvps = store::rsvps(&self.world, id, ANALYTICS_RSVPS_MAX)?;
        Ok(json!({
            "totalRsvps": earned.rsvps,
            "totalRevenue": earned.revenue.to_string(),
            "totalRevenueAtomic": earned.revenue,
            "rsvps": rsvps.iter().map(Rsvp::public_line).collect::<Vec<_>>(),
        }))
    }

    /// The chain has the money in another transaction than was written down.
    pub(super) fn correct(
        &self,
        profile: &Profile,
        settled: &Settled,
        transaction: &str,
    ) -> Result<(), SqlError> {
        let sql = &self.world;
        let payment = settled.payment();
        let now = sql.now();
        let corrected = payments::correct_transaction(sql, settled, transaction, now, || {
            store::correct_rsvp(sql, &payment.id, transaction)?;
            secrets::correct_sale(sql, &payment.id, transaction)?;
            self.publish_seat(profile, payment)
        });
        corrected.map(drop)
    }

    /// The chain has dropped the money for good: takes back what was bought.
    pub(super) fn take_back(&self, profile: &Profile, settled: &Settled) -> Result<(), SqlError> {
        let sql = &self.world;
        let payment = settled.payment();
        let now = sql.now();
        sql.atomically(|| {
            store::remove_rsvp(sql, &payment.id)?;
            secrets::remove_sale(sql, &payment.id)?;
            drafts::withdraw(sql, &payment.id, now)?;
            if let Some(ticket) = tickets::opened_with(sql, &payment.id)? {
                let what = "the chain has dropped the payment for this ticket";
                tickets::add(sql, &ticket, EntryKind::Change, &Author::Owner, what, None, now)?;
            }
            payments::mark_reversed(sql, settled, now)?;
            self.publish_seat(profile, payment)?;
            self.publish_revenue(profile)
        })
    }

    /// Publishes what there is now of the seat that a payment bought, and of its event.
    fn publish_seat(&self, profile: &Profile, payment: &Payment) -> Result<(), SqlError> {
        let sql = &self.world;
        let now = sql.now();
        let (Some(id), Some(Tool::RsvpToEvent)) = (&payment.event_id, Tool::by_name(&payment.tool))
        else {
            return Ok(());
        };
        let key = format!("{}:rsvps:{id}:{}", profile.scope, payment.payer);
        match store::rsvp_of_payer(sql, id, &payment.payer)? {
            Some(rsvp) => outbox::put(sql, &key, &rsvp.record(), now)?,
            None => outbox::remove(sql, &key, now)?,
        }
        match store::find(sql, id)? {
            Some((event, seats)) => {
                let (key, record) = event_record(&profile.scope, &event, seats, now);
                outbox::put_soon(sql, &key, &record.to_string(), now)
            }
            None => Ok(()),
        }
    }

    pub(super) fn publish_revenue(&self, profile: &Profile) -> Result<(), SqlError> {
        let total = revenue::total(&self.world)?.atomic().to_string();
        let key = format!("{}:revenue", profile.scope);
        outbox::put_soon(&self.world, &key, &total, self.world.now())
    }
}

/// Money moved, and what it has bought could not be handed over now.
fn broken(what: &str) -> Failure {
    Failure::Fatal(Fatal { what: what.to_owned(), money: Money::Moved })
}

/// The event that a payment for analytics names.
fn analysed(payment: &Payment) -> Result<EventId, SqlError> {
    EventId::parse(payment.wanted.as_deref().unwrap_or_default())
        .map_err(|error| SqlError(format!("stored id: {error}")))
}
