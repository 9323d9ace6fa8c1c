//! The desk for its host: articles, tickets with everything in them, the approval queue, the breaker.

use serde_json::{Value, json};

use crate::base::fields;
use crate::base::http::Reply;
use crate::base::id::{ArticleId, DraftId, ScopeId, TicketId};
use crate::base::text;
use crate::host::Host;
use crate::host::api::{PAGE, ok, read_body};
use crate::host::caller::Caller;
use crate::host::command::Command;
use crate::host::desk::{DeskCall, author_of};
use crate::host::profile::Profile;
use crate::host::views::{Approvals, Articles, DraftView, TicketView, Tickets};
use crate::http::route::AtDesk;
use crate::ledger::wallets;
use crate::ports::paging::{Found, Page};
use crate::ports::{SqlError, World};
use crate::products::desk::drafts::{self, Draft, State};
use crate::products::desk::input::{
    self, ArticleChanges, CreateKbArticle, DeskChanges, Note, TicketChanges, Verdict,
};
use crate::products::desk::rules::{DeskView, Held, Rules};
use crate::products::desk::tickets::{self, EntryKind};
use crate::products::desk::{Author, Status, kb};
use crate::rails::outcome::{Abort, Failure};

/// Entries of a thread that are shown.
const THREAD_MAX: u32 = 1_000;

impl<W: World> Host<W> {
    /// What the signed-in host asks of its desk.
    pub(super) fn desk(
        &self,
        profile: &Profile,
        command: &Command,
        caller: &Caller,
        asked: &AtDesk,
        body: &[u8],
    ) -> Result<Reply, Failure> {
        let scope = &profile.scope;
        let cursor = command.cursor.as_deref();
        let author = author_of(caller);
        Ok(match asked {
            AtDesk::Articles => ok(&self.articles(cursor)?),
            AtDesk::CreateArticle => {
                Reply { status: 201, ..ok(&self.create_article(&read_body(body)?)?) }
            }
            AtDesk::ChangeArticle(id) => ok(&self.change_article(id, &read_body(body)?)?),
            AtDesk::RemoveArticle(id) => ok(&self.remove_article(id)?),
            AtDesk::Tickets => ok(&self.own_tickets(cursor)?),
            AtDesk::Ticket(id) => ok(&self.own_ticket(id)?),
            AtDesk::ChangeTicket(id) => ok(&self.change_ticket(id, &read_body(body)?, &author)?),
            AtDesk::AddNote(id) => {
                let Note { body } = read_body(body)?;
                ok(&self.add_note(id, &body, &author)?)
            }
            AtDesk::Reply(id) => {
                let Note { body } = read_body(body)?;
                let call = DeskCall::Send { ticket: id.clone(), text: input::body(&body)? };
                ok(&self.desk_of_the_house(scope, &call, caller)?)
            }
            AtDesk::Approvals => ok(&self.approvals(cursor)?),
            AtDesk::Approve(id) => ok(&self.approve(scope, id)?),
            AtDesk::Reject(id) => {
                let verdict = if body.is_empty() { Verdict::default() } else { read_body(body)? };
                ok(&self.reject(id, &verdict)?)
            }
            AtDesk::Settings => ok(&self.desk_settings()?),
            AtDesk::ChangeSettings => ok(&self.change_desk(&read_body(body)?)?),
            AtDesk::ResetBreaker => ok(&self.reset_breaker()?),
        })
    }

    /// Writes an article.
    pub(super) fn create_article(&self, asked: &CreateKbArticle) -> Result<Value, Failure> {
        let title = fields::line("title", &asked.title, 1, 200)?;
        let body = input::article(&asked.body)?;
        if kb::count(&self.world)? >= kb::ARTICLES_MAX {
            let detail = format!("a host may have at most {} articles", kb::ARTICLES_MAX);
            return Err(Abort::new("too_many_articles", 409, detail).into());
        }
        let id = ArticleId::random(&self.world);
        let now = self.world.now();
        self.world.atomically(|| kb::insert(&self.world, &id, &title, &body, now))?;
        self.article(&id)
    }

    /// Changes an article.
    pub(super) fn change_article(
        &self,
        id: &ArticleId,
        changes: &ArticleChanges,
    ) -> Result<Value, Failure> {
        let title = changes.title.as_deref().map(|title| fields::line("title", title, 1, 200));
        let title = title.transpose()?;
        let body = changes.body.as_deref().map(input::article).transpose()?;
        let now = self.world.now();
        let (title, body) = (title.as_deref(), body.as_deref());
        let sql = &self.world;
        sql.atomically(|| kb::update(sql, id, title, body, now))?;
        self.article(id)
    }

    /// Removes an article.
    pub(super) fn remove_article(&self, id: &ArticleId) -> Result<Value, Failure> {
        if !self.world.atomically(|| kb::remove(&self.world, id))? {
            return Err(no_article());
        }
        Ok(json!({"success": true, "articleId": id, "message": "The article is removed."}))
    }

    /// A page of articles.
    pub(super) fn articles(&self, cursor: Option<&str>) -> Result<Articles, Failure> {
        let page = Page::of(&kb::NEWEST_FIRST, PAGE, cursor, self.world.now())?;
        let Found { entries: articles, next_cursor } = kb::list(&self.world, &page)?;
        Ok(Articles { articles, next_cursor })
    }

    /// A page of tickets.
    pub(super) fn own_tickets(&self, cursor: Option<&str>) -> Result<Tickets, Failure> {
        let page = Page::of(&tickets::MOST_URGENT_FIRST, PAGE, cursor, self.world.now())?;
        let found = tickets::list(&self.world, &page)?.map(|ticket| TicketView::from(&ticket));
        Ok(Tickets { tickets: found.entries, next_cursor: found.next_cursor })
    }

    /// A ticket with its whole thread.
    pub(super) fn own_ticket(&self, id: &TicketId) -> Result<TicketView, Failure> {
        let mut view = TicketView::from(&self.ticket_at_desk(id)?);
        view.thread = tickets::thread(&self.world, id, true, THREAD_MAX)?;
        Ok(view)
    }

    /// Changes a ticket.
    pub(super) fn change_ticket(
        &self,
        id: &TicketId,
        changes: &TicketChanges,
        author: &Author,
    ) -> Result<TicketView, Failure> {
        let mut ticket = self.ticket_at_desk(id)?;
        let mut what = Vec::new();
        if let Some(status) = changes.status {
            ticket.status = status;
            what.push(if status == Status::Open { "opened again" } else { "resolved" }.to_owned());
        }
        if let Some(priority) = changes.priority {
            ticket.priority = priority;
            what.push(format!("priority {}", priority.as_str()));
        }
        if let Some(category) = &changes.category {
            ticket.category = input::category(category)?;
            what.push("category changed".to_owned());
        }
        if let Some(tags) = &changes.tags {
            ticket.tags = input::tags(tags)?;
            what.push("tags changed".to_owned());
        }
        if let Some(assignee) = &changes.assignee {
            let is_nobody = text::is_blank(assignee);
            ticket.assignee = if is_nobody { None } else { Some(input::assignee(assignee)?) };
            what.push("assignee changed".to_owned());
        }
        let what = what.join(", ");
        self.world.atomically(|| self.save_ticket(&ticket, author, &what))?;
        self.own_ticket(id)
    }

    /// Adds a note that only the host sees.
    pub(super) fn add_note(
        &self,
        id: &TicketId,
        body: &str,
        author: &Author,
    ) -> Result<TicketView, Failure> {
        let body = input::body(body)?;
        self.ticket_at_desk(id)?;
        let now = self.world.now();
        tickets::add(&self.world, id, EntryKind::Note, author, &body, None, now)?;
        self.own_ticket(id)
    }

    /// A page of what waits for a person.
    pub(super) fn approvals(&self, cursor: Option<&str>) -> Result<Approvals, Failure> {
        let page = Page::of(&drafts::OLDEST_FIRST, PAGE, cursor, self.world.now())?;
        let found = drafts::waiting(&self.world, &page)?;
        let mut approvals = Vec::new();
        for draft in &found.entries {
            let ticket = self.stored_ticket(&draft.ticket)?;
            approvals.push(DraftView {
                draft_id: draft.id.to_string(),
                ticket_id: draft.ticket.to_string(),
                number: ticket.number,
                subject: ticket.subject,
                to: ticket.email.filter(|_| draft.kind == drafts::Kind::Reply),
                kind: draft.kind,
                text: draft.text.clone(),
                reason: draft.reason.clone(),
                author: draft.author.as_str().to_owned(),
                created_at: draft.created_at.to_string(),
            });
        }
        Ok(Approvals { approvals, next_cursor: found.next_cursor })
    }

    /// A person says yes: what waited happens now, once.
    pub(super) fn approve(&self, scope: &ScopeId, id: &DraftId) -> Result<Value, Failure> {
        let draft = self.waiting_draft(id)?;
        let now = self.world.now();
        if draft.kind == drafts::Kind::Reply {
            let rules = Rules::load(&self.world, now)?;
            if let Err(held @ Held::Breaker) = rules.check_breaker() {
                return Err(Abort::new("sending_stopped", 409, held.to_string()).into());
            }
        }
        let ticket = self.ticket_at_desk(&draft.ticket)?;
        self.world.atomically(|| {
            if !drafts::decide(&self.world, id, State::Approved, "", now)? {
                return Ok::<(), SqlError>(());
            }
            match draft.kind {
                drafts::Kind::Reply => {
                    self.write_to_customer(scope, &ticket, &draft.text, &draft.author)?;
                }
                drafts::Kind::Resolution => {
                    self.resolve(&draft.ticket, &draft.text, &draft.author)?;
                }
                drafts::Kind::Assignment => {
                    self.assign(&draft.ticket, &draft.text, &draft.author)?;
                }
            }
            match draft.author.wallet() {
                Some(wallet) => wallets::count_approval(&self.world, wallet, now),
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

    /// A person says no.
    pub(super) fn reject(&self, id: &DraftId, verdict: &Verdict) -> Result<Value, Failure> {
        let reason = fields::text("reason", &verdict.reason, 500)?;
        let draft = self.waiting_draft(id)?;
        let now = self.world.now();
        self.world.atomically(|| {
            if !drafts::decide(&self.world, id, State::Rejected, &reason, now)? {
                return Ok::<(), SqlError>(());
            }
            match draft.author.wallet() {
                Some(wallet) => wallets::count_rejection(&self.world, wallet, now),
                None => Ok(()),
            }
        })?;
        Ok(json!({"success": true, "draftId": id, "message": "The draft is rejected."}))
    }

    /// The desk's rules, and how its mail fares.
    pub(super) fn desk_settings(&self) -> Result<DeskView, SqlError> {
        let now = self.world.now();
        Rules::load(&self.world, now)?.view(&self.world, now)
    }

    /// Changes the rules.
    pub(super) fn change_desk(&self, changes: &DeskChanges) -> Result<DeskView, Failure> {
        let rules = Rules::load(&self.world, self.world.now())?.changed(changes)?;
        rules.save(&self.world)?;
        Ok(self.desk_settings()?)
    }

    /// A person has looked at what came back: mail may leave again.
    pub(super) fn reset_breaker(&self) -> Result<DeskView, SqlError> {
        let now = self.world.now();
        Rules::load(&self.world, now)?.reset(now).save(&self.world)?;
        self.desk_settings()
    }

    fn waiting_draft(&self, id: &DraftId) -> Result<Draft, Failure> {
        let missing = || Abort::new("draft_not_found", 404, "there is no such draft");
        let draft = drafts::find(&self.world, id)?.ok_or_else(missing)?;
        if draft.state == State::Waiting {
            return Ok(draft);
        }
        let detail = "somebody has decided on this draft already";
        Err(Abort::new("draft_decided", 409, detail).into())
    }

    fn article(&self, id: &ArticleId) -> Result<Value, Failure> {
        Ok(json!(kb::find(&self.world, id)?.ok_or_else(no_article)?))
    }
}

fn no_article() -> Failure {
    Abort::new("article_not_found", 404, "articleId: there is no such article").into()
}
