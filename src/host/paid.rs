//! Paid tools: price, payment, and what is handed over for it.
//!
//! `rsvpToEvent` settles first: the seat is held, the money moves, then the ticket exists.
//! `getEventAnalytics` reads only, so computing it after the settlement is the same as before it,
//! and nothing has to be taken back when the settlement is refused.

use alloy_primitives::Address;
use serde_json::{Value, json};

use crate::chain::networks::Network;
use crate::events::input::{self, GuestDetails, OneEvent, RsvpToEvent};
use crate::events::rsvp::Rsvp;
use crate::events::store;
use crate::host::Host;
use crate::host::answers::{
    busy, no_money, other_call, pending, receipt, settlement_refused, unavailable, unpaid,
};
use crate::host::profile::Profile;
use crate::host::tools::{ToolCall, publish_event, read_arguments};
use crate::id::{EventId, RsvpId, TicketCode};
use crate::ledger::payments::{self, Payment, Settled, State};
use crate::ledger::{outbox, revenue};
use crate::mcp::catalog::{ANALYTICS_PRICE, Tool};
use crate::outcome::{Abort, Done, Failure, Fatal, Money};
use crate::ports::{Level, SqlError, World};
use crate::x402::flow::{Call, Claiming, Stop, key_of};
use crate::x402::quote::{PaidCall, Quote};
use crate::x402::wire::PaymentPayload;

/// The most payments that `getEventAnalytics` lists.
const ANALYTICS_RSVPS_MAX: u32 = 1_000;

/// What a paid call wants, read and checked.
enum Wanted {
    Seat { event_id: EventId, wallet: Option<Address> },
    Analytics { event_id: EventId },
}

impl<W: World> Host<W> {
    /// Calls a paid tool.
    pub(super) async fn paid_tool(
        &self,
        profile: &Profile,
        tool: Tool,
        call: ToolCall,
    ) -> Result<Done, Failure> {
        let wanted = read_wanted(tool, call.arguments.clone())?;
        let call_of = PaidCall::new(tool.name(), call.arguments);
        let payment = match call.payment {
            Ok(Some(received)) => {
                Some(PaymentPayload::read(received.payment).map_err(|e| e.to_string()))
            }
            Ok(None) => None,
            Err(unreadable) => Some(Err(unreadable.to_string())),
        };
        if let Some(Ok(payment)) = &payment
            && let Some(known) = self.known_payment(payment)?
        {
            // What was paid for is handed over even if the event is full or over by now.
            return self.again(profile, known, &call_of).await;
        }
        let quote = self.quote(profile, &wanted, call_of)?;
        self.breaker.borrow().check(self.world.now()).map_err(unavailable)?;
        let payment = match payment {
            None => return Err(unpaid(quote, "payment required")),
            Some(Err(reason)) => return Err(unpaid(quote, &reason)),
            Some(Ok(payment)) => payment,
        };
        self.pay(profile, &wanted, quote, payment).await
    }

    async fn pay(
        &self,
        profile: &Profile,
        wanted: &Wanted,
        quote: Quote,
        payment: PaymentPayload,
    ) -> Result<Done, Failure> {
        let call = Call::new(quote.clone())
            .verify(payment, self.world.now())
            .map_err(|refused| unpaid(refused.0, &refused.1.to_string()))?;
        check_wallet(wanted, call.checked().payer())?;
        self.breaker.borrow_mut().admit(self.world.now()).map_err(unavailable)?;
        let claimed = match call.claim(&self.world)? {
            Claiming::Go(call) => call,
            Claiming::Again(known) => return self.again(profile, *known, &quote.call).await,
            Claiming::OtherCall => return Err(other_call().into()),
            Claiming::Busy => return Err(busy().into()),
            Claiming::UnknownBefore => return Err(pending(None, "", 2).into()),
        };
        let facilitator = &self.config.facilitator;
        let stopped = |stop| self.stopped(stop, &quote);
        let vouched = claimed.vouch(&self.world, facilitator).await.map_err(stopped)?;
        let reserved = vouched
            .reserve(&self.world, |payer, payment| self.check_available(wanted, payer, payment))?;
        let settled = reserved.settle(&self.world, facilitator).await;
        self.count(&settled);
        let settled = settled.map_err(stopped)?;
        self.deliver(profile, &settled)
    }

    /// Answers a payment that this door has seen before.
    async fn again(
        &self,
        profile: &Profile,
        known: Payment,
        call: &PaidCall,
    ) -> Result<Done, Failure> {
        if known.digest != call.digest {
            return Err(other_call().into());
        }
        let is_due = known.next_check_at.is_some_and(|due| due <= self.world.now());
        let known = match known.state {
            State::Settling | State::Unknown if is_due => self.find_out(known).await?,
            State::Claimed
            | State::Verified
            | State::Settling
            | State::Unknown
            | State::Settled
            | State::Delivered
            | State::Refused
            | State::Failed => known,
        };
        match (known.state, known.settled(), &known.answer) {
            (State::Delivered, Some(settled), Some(answer)) => {
                Ok(Done { value: answer.clone(), receipt: Some(receipt(&settled)) })
            }
            (State::Settled, Some(settled), _) => self.deliver(profile, &settled),
            (State::Claimed | State::Verified, ..) => Err(busy().into()),
            (State::Refused | State::Failed, ..) => {
                let detail = "this payment was not carried out; sign a new one";
                Err(Abort::new("payment_failed", 402, detail).with_money(Money::NotMoved).into())
            }
            (State::Settling | State::Unknown | State::Settled | State::Delivered, ..) => {
                Err(pending(known.transaction.clone(), &known.network, known.x402_version).into())
            }
        }
    }

    /// Hands over what was paid for, in one block with the books. If that fails, the payment stays
    /// settled: the alarm, or the same payment again, delivers it without another charge.
    pub(super) fn deliver(&self, profile: &Profile, settled: &Settled) -> Result<Done, Failure> {
        let result = match Tool::by_name(&settled.payment().tool) {
            Some(Tool::RsvpToEvent) => self.deliver_seat(profile, settled),
            Some(Tool::GetEventAnalytics) => self.deliver_analytics(profile, settled),
            _ => Err(SqlError("a payment for a tool that is not sold".to_owned())),
        };
        match result {
            Ok(value) => Ok(Done { value, receipt: Some(receipt(settled)) }),
            Err(error) => {
                Err(Failure::Fatal(Fatal { what: error.to_string(), money: Money::Moved }))
            }
        }
    }

    fn deliver_seat(&self, profile: &Profile, settled: &Settled) -> Result<Value, SqlError> {
        let now = self.world.now();
        let payment = settled.payment();
        let arguments: RsvpToEvent = serde_json::from_value(payment.arguments.clone())
            .map_err(|error| SqlError(format!("stored arguments: {error}")))?;
        let event_id = payment.event_id.clone();
        let event_id = event_id.ok_or_else(|| SqlError("a seat without an event".to_owned()))?;
        let rsvp = Rsvp {
            id: RsvpId::random(&self.world),
            event_id: event_id.clone(),
            payer: payment.payer.clone(),
            code: TicketCode::random(&profile.scope, &self.world),
            guest: arguments.guest().unwrap_or_else(|_| GuestDetails::default()),
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
            let (event, seats) = store::find(sql, &event_id)?
                .ok_or_else(|| SqlError("a seat at an event that is not there".to_owned()))?;
            publish_event(sql, &profile.scope, &event, seats, now)?;
            let key = format!("{}:rsvps:{event_id}:{}", profile.scope, rsvp.payer);
            outbox::put(sql, &key, &rsvp.record(), now)?;
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
        let seats = crate::events::Seats { held: seats.held.saturating_sub(1), ..seats };
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

    fn deliver_analytics(&self, profile: &Profile, settled: &Settled) -> Result<Value, SqlError> {
        let payment = settled.payment();
        let id = payment.arguments.get("eventId").and_then(Value::as_str).unwrap_or_default();
        let id = EventId::parse(id).map_err(|error| SqlError(format!("stored id: {error}")))?;
        let sql = &self.world;
        let earned = store::earned(sql, &id)?;
        let rsvps = store::rsvps(sql, &id, ANALYTICS_RSVPS_MAX)?;
        let answer = json!({
            "totalRsvps": earned.rsvps,
            "totalRevenue": earned.revenue.to_string(),
            "totalRevenueAtomic": earned.revenue,
            "rsvps": rsvps.iter().map(Rsvp::public_line).collect::<Vec<_>>(),
        });
        sql.atomically(|| {
            payments::mark_delivered(sql, settled, &answer, sql.now())?;
            self.publish_revenue(profile)
        })?;
        Ok(answer)
    }

    fn publish_revenue(&self, profile: &Profile) -> Result<(), SqlError> {
        let total = revenue::total(&self.world)?.atomic().to_string();
        let key = format!("{}:revenue", profile.scope);
        outbox::put_text(&self.world, &key, &total, self.world.now())
    }

    /// What the call costs, if it can be had at all.
    fn quote(&self, profile: &Profile, wanted: &Wanted, call: PaidCall) -> Result<Quote, Failure> {
        let (event_id, amount, seat) = match wanted {
            Wanted::Seat { event_id, wallet } => {
                let (event, seats) = self.event(event_id).map_err(no_money)?;
                event.check_on_sale(seats, self.world.now())?;
                if let Some(wallet) = wallet {
                    self.check_no_seat(event_id, &wallet.to_checksum(None))?;
                }
                (event_id, event.price, Some(event_id.clone()))
            }
            Wanted::Analytics { event_id } => {
                self.event(event_id).map_err(no_money)?;
                (event_id, ANALYTICS_PRICE, None)
            }
        };
        let description = match seat {
            Some(_) => format!("A seat at {event_id} for ${amount} USDC"),
            None => format!("Analytics of {event_id} for ${amount} USDC"),
        };
        Ok(Quote {
            resource_url: format!(
                "{}/x402/users/{}/tools/{}",
                self.config.public_url, profile.scope, call.tool
            ),
            call,
            amount,
            pay_to: profile.wallet,
            networks: self.config.networks.clone(),
            seat,
            description,
        })
    }

    /// Everything that the quote checked, once more: time has passed since.
    fn check_available(
        &self,
        wanted: &Wanted,
        payer: &str,
        payment: &crate::id::PaymentId,
    ) -> Result<(), Failure> {
        if payments::is_busy(&self.world, payer, Some(payment), self.world.now())? {
            return Err(busy().into());
        }
        let Wanted::Seat { event_id, .. } = wanted else { return Ok(()) };
        let (event, seats) = self.event(event_id).map_err(no_money)?;
        event.check_on_sale(seats, self.world.now())?;
        self.check_no_seat(event_id, payer)?;
        if payments::holds_seat(&self.world, event_id, payer, payment)? {
            return Err(pending(None, "", 2).into());
        }
        Ok(())
    }

    fn check_no_seat(&self, event_id: &EventId, payer: &str) -> Result<(), Failure> {
        if store::rsvp_of_payer(&self.world, event_id, payer)?.is_none() {
            return Ok(());
        }
        let detail = "this wallet has a seat at this event already; repeat the call with the payment of that seat to see the ticket again";
        Err(Abort::new("already_has_seat", 409, detail).with_money(Money::NotMoved).into())
    }

    fn known_payment(&self, payment: &PaymentPayload) -> Result<Option<Payment>, SqlError> {
        let network = match payment.version.number() {
            1 => Network::by_v1_name(&payment.network),
            _ => Network::by_caip2(&payment.network),
        };
        let Some(network) = network else { return Ok(None) };
        payments::find_open_or_paid(&self.world, &key_of(network, payment))
    }

    /// Tells the breaker how settling went. `/verify` is not counted: what makes it fail is chosen by
    /// strangers, who could close the door for everybody.
    fn count(&self, settled: &Result<Settled, Stop>) {
        let mut breaker = self.breaker.borrow_mut();
        match settled {
            Ok(_) | Err(Stop::Refused(_)) => breaker.succeeded(),
            // A named transaction shows that it works, only slowly.
            Err(Stop::Unknown(Some(_)) | Stop::Storage(_)) => {}
            Err(Stop::Unavailable(_) | Stop::Unknown(None)) => breaker.failed(self.world.now()),
        }
    }

    fn stopped(&self, stop: Stop, quote: &Quote) -> Failure {
        match stop {
            Stop::Refused(reason) => settlement_refused(quote.clone(), reason),
            Stop::Unavailable(why) => {
                self.world.line(Level::Warn, "facilitator unavailable", &[("why", &why)]);
                unavailable(10)
            }
            Stop::Unknown(transaction) => {
                let network = quote.networks.first().map_or("", |network| network.caip2);
                pending(transaction, network, 2).into()
            }
            Stop::Storage(error) => {
                Failure::Fatal(Fatal { what: error.to_string(), money: Money::MayHaveMoved })
            }
        }
    }
}

fn read_wanted(tool: Tool, arguments: Value) -> Result<Wanted, Failure> {
    if tool == Tool::GetEventAnalytics {
        let OneEvent { event_id } = read_arguments(arguments)?;
        return Ok(Wanted::Analytics { event_id: input::event_id(&event_id)? });
    }
    let arguments: RsvpToEvent = read_arguments(arguments)?;
    arguments.guest()?;
    let wallet = arguments.wallet_address.as_deref().map(|text| {
        text.parse::<Address>()
            .map_err(|_| input::bad("walletAddress", "must be an Ethereum address, or be left out"))
    });
    Ok(Wanted::Seat {
        event_id: input::event_id(&arguments.event_id)?,
        wallet: wallet.transpose()?,
    })
}

fn check_wallet(wanted: &Wanted, payer: Address) -> Result<(), Failure> {
    match wanted {
        Wanted::Seat { wallet: Some(wallet), .. } if *wallet != payer => {
            let remedy = "must be the wallet that pays, or be left out";
            Err(no_money(input::bad("walletAddress", remedy).into()))
        }
        Wanted::Seat { .. } | Wanted::Analytics { .. } => Ok(()),
    }
}
