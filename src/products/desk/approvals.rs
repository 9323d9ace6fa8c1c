//! The host's decisions about drafts. What is approved is what was seen: the draft, its recipient, and the question that it
//! answers. If one of them is another by now, the approval is refused.

use alloy_primitives::hex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::base::code::Code;
use crate::base::fields;
use crate::base::id::DraftId;
use crate::ledger::wallets;
use crate::ports::paging::Page;
use crate::ports::{SqlError, World};
use crate::products::desk::drafts::{self, Draft, State};
use crate::products::desk::input::{self, Approval, DraftChanges, Verdict};
use crate::products::desk::outgoing::write_to_customer;
use crate::products::desk::rules::{Held, Rules};
use crate::products::desk::tickets::Entry;
use crate::products::desk::views::{Approvals, DraftView, Question, Record};
use crate::products::desk::work::{assign, find_ticket, resolve, stored_ticket};
use crate::products::desk::{Ticket, messages};
use crate::rails::outcome::{Abort, Failure};
use crate::sale::cx::Cx;
use crate::sale::request::PAGE;

/// Characters of the hash that stands for what was seen.
const SEEN_CHARS: usize = 32;

/// A page of the approval queue.
pub fn approvals(cx: &Cx<'_, impl World>, cursor: Option<&str>) -> Result<Approvals, Failure> {
    let page = Page::of(&drafts::OLDEST_FIRST, PAGE, cursor, cx.world.now())?;
    let found = drafts::waiting(cx.world, &page)?;
    let needed = Rules::load(cx.world, cx.world.now())?.approvals_needed;
    let views = found.entries.iter().map(|draft| view(cx, draft, needed));
    let approvals = views.collect::<Result<_, SqlError>>()?;
    let total = drafts::count_waiting(cx.world)?;
    Ok(Approvals { approvals, total, next_cursor: found.next_cursor })
}

/// Approves a draft: its work is carried out now, once.
pub fn approve(
    cx: &Cx<'_, impl World>,
    id: &DraftId,
    approval: &Approval,
) -> Result<Value, Failure> {
    let draft = waiting_draft(cx, id)?;
    let ticket = find_ticket(cx, &draft.ticket)?;
    check_seen(cx, &draft, &ticket, approval.seen.as_deref())?;
    let now = cx.world.now();
    if draft.kind == drafts::Kind::Reply {
        let rules = Rules::load(cx.world, now)?;
        if let Err(held @ Held::Breaker) = rules.check_breaker() {
            return Err(Abort::new(Code::SendingStopped, held.to_string()).into());
        }
    }
    cx.world.atomically(|| {
        if !drafts::decide(cx.world, id, State::Approved, "", now)? {
            return Ok::<(), SqlError>(());
        }
        match draft.kind {
            drafts::Kind::Reply => {
                write_to_customer(cx, &ticket, &draft.text, &draft.author)?;
            }
            drafts::Kind::Resolution => {
                resolve(cx, &draft.ticket, &draft.text, &draft.author)?;
            }
            drafts::Kind::Assignment => {
                assign(cx, &draft.ticket, &draft.text, &draft.author)?;
            }
        }
        // What the host had to write anew says nothing for its author.
        match draft.author.wallet().filter(|_| draft.original.is_none()) {
            Some(wallet) => wallets::count_approval(cx.world, wallet, now),
            None => Ok(()),
        }
    })?;
    let message = match draft.kind {
        drafts::Kind::Reply => "The reply is on its way.",
        drafts::Kind::Resolution => "The ticket is resolved.",
        drafts::Kind::Assignment => "The ticket is assigned.",
    };
    Ok(json!({"success": true, "draftId": id, "message": message}))
}

/// Changes a waiting draft before it is approved.
pub fn edit(
    cx: &Cx<'_, impl World>,
    id: &DraftId,
    changes: &DraftChanges,
) -> Result<DraftView, Failure> {
    let draft = waiting_draft(cx, id)?;
    let ticket = find_ticket(cx, &draft.ticket)?;
    check_seen(cx, &draft, &ticket, changes.seen.as_deref())?;
    let text = match draft.kind {
        drafts::Kind::Reply => input::body(&changes.text)?,
        drafts::Kind::Resolution => input::resolution(&changes.text)?,
        drafts::Kind::Assignment => input::assignee(&changes.text)?,
    };
    drafts::change(cx.world, id, &text)?;
    let needed = Rules::load(cx.world, cx.world.now())?.approvals_needed;
    Ok(view(cx, &waiting_draft(cx, id)?, needed)?)
}

/// Rejects a waiting draft, with the host's reason.
pub fn reject(cx: &Cx<'_, impl World>, id: &DraftId, verdict: &Verdict) -> Result<Value, Failure> {
    let reason = fields::text("reason", &verdict.reason, 500)?;
    let draft = waiting_draft(cx, id)?;
    let now = cx.world.now();
    cx.world.atomically(|| {
        if !drafts::decide(cx.world, id, State::Rejected, &reason, now)? {
            return Ok::<(), SqlError>(());
        }
        match draft.author.wallet() {
            Some(wallet) => wallets::count_rejection(cx.world, wallet, now),
            None => Ok(()),
        }
    })?;
    Ok(json!({"success": true, "draftId": id, "message": "The draft is rejected."}))
}

/// `needed`: approved drafts that a wallet needs before it may send directly.
fn view(cx: &Cx<'_, impl World>, draft: &Draft, needed: u32) -> Result<DraftView, SqlError> {
    let ticket = stored_ticket(cx, &draft.ticket)?;
    let latest = messages::latest(cx.world, &ticket.id)?;
    let seen = seen(draft, &ticket, latest.as_ref());
    let question = match latest {
        Some((_, Entry { author, text, at, verdict, files, .. })) => {
            Question { from: Some(author), text, at, verdict, files }
        }
        None => Question {
            from: ticket.email.clone(),
            text: ticket.body.clone(),
            at: ticket.created_at.to_string(),
            verdict: None,
            files: Vec::new(),
        },
    };
    let record = match draft.author.wallet() {
        Some(wallet) => {
            let reputation = wallets::reputation(cx.world, wallet)?;
            Some(Record { approved: reputation.approvals, rejected: reputation.rejections, needed })
        }
        None => None,
    };
    Ok(DraftView {
        draft_id: draft.id.to_string(),
        ticket_id: draft.ticket.to_string(),
        number: ticket.number,
        to: ticket.email.filter(|_| draft.kind == drafts::Kind::Reply),
        subject: ticket.subject,
        question,
        kind: draft.kind,
        text: draft.text.clone(),
        is_edited: draft.original.is_some(),
        reason: draft.reason.clone(),
        author: draft.author.as_str().to_owned(),
        record,
        seen,
        created_at: draft.created_at.to_string(),
    })
}

/// Stands for everything that a person sees before they decide.
fn seen(draft: &Draft, ticket: &Ticket, latest: Option<&(i64, Entry)>) -> String {
    let question = latest.map(|(seq, _)| *seq);
    let whole = json!([draft.id, ticket.id, draft.kind, draft.text, ticket.email, question]);
    let mut hash = hex::encode(Sha256::digest(whole.to_string()));
    hash.truncate(SEEN_CHARS);
    hash
}

fn check_seen(
    cx: &Cx<'_, impl World>,
    draft: &Draft,
    ticket: &Ticket,
    said: Option<&str>,
) -> Result<(), Failure> {
    let Some(said) = said else { return Ok(()) };
    let latest = messages::latest(cx.world, &ticket.id)?;
    if said == seen(draft, ticket, latest.as_ref()) {
        return Ok(());
    }
    let detail = format!(
        "the draft or the customer's question has changed since you read it, and nothing was sent; read both again. The draft is now: {}",
        draft.text
    );
    Err(Abort::new(Code::DraftChanged, detail).into())
}

fn waiting_draft(cx: &Cx<'_, impl World>, id: &DraftId) -> Result<Draft, Failure> {
    let missing = || Abort::new(Code::DraftNotFound, "there is no such draft");
    let draft = drafts::find(cx.world, id)?.ok_or_else(missing)?;
    if draft.state == State::Waiting {
        return Ok(draft);
    }
    let detail = "somebody has decided on this draft already";
    Err(Abort::new(Code::DraftDecided, detail).into())
}
