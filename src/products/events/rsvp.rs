//! A seat that was paid for, and its views.

use serde::Serialize;
use serde_json::{Value, json};

use crate::base::csv;
use crate::base::id::{EventId, RsvpId, TicketCode};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::products::events::Event;
use crate::products::events::asks::GuestDetails;
use crate::products::events::promos::code_of;
use crate::products::events::questions::Answer;

/// A seat at an event. The payer is the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rsvp {
    pub id: RsvpId,
    pub event_id: EventId,
    /// The wallet that the settled payment came from (EIP-55).
    pub payer: String,
    /// The code that the guest shows at the entrance.
    pub code: TicketCode,
    /// Its number among the seats of its purchase, from 1.
    pub place: u32,
    /// The guest, as far as the caller said.
    pub guest: GuestDetails,
    /// The ticket type, by its id.
    pub ticket_type: Option<String>,
    /// The promo code that it was bought with, by its id.
    pub promo: Option<String>,
    pub paid: Usdc,
    /// The transaction that moved the money.
    pub transaction: String,
    /// The network of the transaction (CAIP-2).
    pub network: String,
    /// When the payment was delivered.
    pub created_at: UnixSeconds,
    /// When the guest arrived.
    pub checked_in_at: Option<UnixSeconds>,
}

/// A line of the host's guest list.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct RsvpLine<'a> {
    id: &'a str,
    wallet: &'a str,
    /// The name of the ticket type.
    ticket_type: Option<&'a str>,
    /// The promo code that it was bought with.
    promo_code: Option<&'a str>,
    #[cfg_attr(test, ts(type = "string"))]
    paid_atomic: Usdc,
    tx_hash: &'a str,
    network: &'a str,
    timestamp: String,
    name: Option<&'a str>,
    email: Option<&'a str>,
    /// What the buyer answered, each with the text of its question.
    answers: &'a [Answer],
    code: &'a str,
    checked_in_at: Option<String>,
}

impl Rsvp {
    /// Whether it cost nothing, so that there is no transaction.
    #[must_use]
    pub const fn is_free(&self) -> bool {
        self.paid.is_zero()
    }

    /// The promo code as its host wrote it.
    fn promo_code(&self) -> Option<&str> {
        self.promo.as_deref().map(code_of)
    }

    /// The line of the host's guest list.
    #[must_use]
    pub fn line<'a>(&'a self, event: &'a Event) -> RsvpLine<'a> {
        RsvpLine {
            id: self.id.as_str(),
            wallet: &self.payer,
            ticket_type: event.type_name(self.ticket_type.as_deref()),
            promo_code: self.promo_code(),
            paid_atomic: self.paid,
            tx_hash: &self.transaction,
            network: &self.network,
            timestamp: self.created_at.to_string(),
            name: self.guest.name.as_deref(),
            email: self.guest.email.as_deref(),
            answers: &self.guest.answers,
            code: self.code.as_str(),
            checked_in_at: self.checked_in_at.map(|moment| moment.to_string()),
        }
    }

    /// The line in `getEventAnalytics`. It has no name, e-mail or ticket code, because any caller may buy it.
    #[must_use]
    pub fn public_line(&self) -> Value {
        json!({
            // The chain shows who has paid, and nothing shows who comes for free.
            "wallet": (!self.is_free()).then_some(&self.payer),
            "paidAtomic": self.paid,
            "txHash": self.transaction,
            "timestamp": self.created_at.to_string(),
        })
    }
}

/// The published record of a purchase under the KV key `{scope}:rsvps:{eventId}:{payer}` (docs/storage.md); `None` if it
/// has no seat.
#[must_use]
pub fn record(rsvps: &[Rsvp]) -> Option<Value> {
    let first = rsvps.first()?;
    let mut record = json!({
        "eventId": first.event_id,
        "walletAddress": first.payer,
        "seats": rsvps.len(),
        "paidAtomic": paid_together(rsvps),
        "txHash": first.transaction,
        "network": first.network,
        "timestamp": first.created_at.to_string(),
    });
    if let (Some(kind), Some(members)) = (&first.ticket_type, record.as_object_mut()) {
        members.insert("ticketType".to_owned(), json!(kind));
    }
    Some(record)
}

/// What the seats of one purchase cost together.
#[must_use]
pub fn paid_together(rsvps: &[Rsvp]) -> Usdc {
    // The amount of a payment is their sum, so it fits.
    let add = |sum: Usdc, rsvp: &Rsvp| sum.checked_add(rsvp.paid).unwrap_or(Usdc::MAX);
    rsvps.iter().fold(Usdc::ZERO, add)
}

/// The guest list as CSV with a header line. The last columns are questions: those of the event, then earlier ones that
/// some of these guests have answered.
#[must_use]
pub fn to_csv(rsvps: &[Rsvp], event: &Event) -> String {
    let names =
        ["id", "wallet", "name", "email", "paid", "txHash", "network", "timestamp", "checkedInAt"];
    let has_types = !event.types.is_empty();
    let has_codes = rsvps.iter().any(|rsvp| rsvp.promo.is_some());
    let mut questions: Vec<&str> =
        event.questions.iter().map(|question| question.text.as_str()).collect();
    for answer in rsvps.iter().flat_map(|rsvp| &rsvp.guest.answers) {
        if !questions.contains(&answer.question.as_str()) {
            questions.push(&answer.question);
        }
    }
    let names = names.iter().chain(has_types.then_some(&"ticketType"));
    let names = names.chain(has_codes.then_some(&"promoCode")).chain(&questions);
    let names: Vec<String> = names.map(|name| (*name).to_owned()).collect();
    let line = |rsvp: &Rsvp| {
        let mut fields = vec![
            rsvp.id.as_str().to_owned(),
            rsvp.payer.clone(),
            rsvp.guest.name.clone().unwrap_or_default(),
            rsvp.guest.email.clone().unwrap_or_default(),
            rsvp.paid.to_string(),
            rsvp.transaction.clone(),
            rsvp.network.clone(),
            rsvp.created_at.to_string(),
            rsvp.checked_in_at.map(|moment| moment.to_string()).unwrap_or_default(),
        ];
        if has_types {
            let name = event.type_name(rsvp.ticket_type.as_deref());
            fields.push(name.unwrap_or_default().to_owned());
        }
        if has_codes {
            fields.push(rsvp.promo_code().unwrap_or_default().to_owned());
        }
        let answers = &rsvp.guest.answers;
        let given = |question: &&str| answers.iter().find(|it| it.question == *question);
        fields.extend(
            questions.iter().map(|it| given(it).map(|it| it.answer.clone()).unwrap_or_default()),
        );
        fields
    };
    csv::file_of(&names, rsvps.iter().map(line))
}
