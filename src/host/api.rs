//! REST for the host, and the pages that anybody may see.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::http::Reply;
use crate::base::id::{EventId, ScopeId, TicketCode};
use crate::base::{csv, fields};
use crate::host::Host;
use crate::host::caller::Caller;
use crate::host::command::Command;
use crate::host::limits::{LimitChanges, Limits};
use crate::host::profile::{Profile, read_products};
use crate::host::tools::read_arguments;
use crate::host::views::{OwnEvent, OwnEvents, OwnMails, OwnPayments, ProfileView, Rsvps};
use crate::http::explorer::transaction_url;
use crate::http::route::{Format, Own};
use crate::ledger::{revenue, statement};
use crate::mail::outbox;
use crate::mcp::catalog;
use crate::ports::paging::{Found, PAGE_MAX, Page};
use crate::ports::{SqlError, World};
use crate::products::events::rsvp::{Rsvp, to_csv};
use crate::products::events::store::{self, Filter};
use crate::products::events::{calendar, pages};
use crate::rails::outcome::{Abort, Failure, Fatal, Money};

/// The most guests, and the most lines of a CSV file. Where more follow, it says so.
const CSV_LINES_MAX: u32 = 10_000;
/// Entries on one page of the host's lists.
pub(super) const PAGE: u32 = PAGE_MAX;

/// What a host may change about itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProfileChanges {
    limits: Option<LimitChanges>,
    #[serde(alias = "doors")]
    products: Option<Vec<String>>,
}

impl<W: World> Host<W> {
    /// What is asked of the host's own; that the caller may is known by now ([`Caller::check_own`]).
    ///
    /// [`Caller::check_own`]: crate::host::caller::Caller::check_own
    pub(super) async fn own(
        &self,
        profile: &Profile,
        command: &Command,
        caller: &Caller,
        own: &Own,
        body: &[u8],
    ) -> Result<Reply, Failure> {
        match own {
            // Carried out before.
            Own::Register | Own::Restore => Err(super::no_such_host()),
            Own::Profile => Ok(ok(&self.own_record(profile)?)),
            Own::ChangeProfile => {
                let ProfileChanges { limits, products } = read_body(body)?;
                let limits = Limits::load(&self.world)?.changed(&limits.unwrap_or_default())?;
                let products = products.map(|products| read_products(&products)).transpose()?;
                let products = products.unwrap_or(profile.products);
                let changed = Profile { products, updated_at: self.world.now(), ..profile.clone() };
                self.world.atomically(|| {
                    changed.save(&self.world)?;
                    limits.save(&self.world)
                })?;
                Ok(ok(&self.own_record(&changed)?))
            }
            Own::Events => self.own_events(command.cursor.as_deref()),
            Own::CreateEvent => {
                let answer = self.create_event(&profile.scope, read_body(body)?)?;
                Ok(Reply::json(201, member(&answer, "event")))
            }
            Own::UpdateEvent(event_id) => {
                let answer = self.update_event(&profile.scope, event_id, read_body(body)?)?;
                Ok(Reply::json(200, member(&answer, "event")))
            }
            Own::CancelEvent(event_id) => Ok(ok(&self.cancel_event(&profile.scope, event_id)?)),
            Own::Rsvps(event_id, format) => {
                self.rsvps(event_id, command.cursor.as_deref(), *format)
            }
            Own::CheckIn(event_id) => {
                let input: Value = read_body(body)?;
                let code = input.get("code").and_then(Value::as_str).unwrap_or_default();
                Ok(ok(&self.check_in(event_id, code)?))
            }
            Own::Secrets => Ok(ok(&self.own_secrets()?)),
            Own::StoreSecret => {
                let answer = self.store_secret(&profile.scope, read_body(body)?)?;
                Ok(Reply::json(201, member(&answer, "secret")))
            }
            Own::ChangeSecret(id) => {
                Ok(ok(&self.change_secret(&profile.scope, id, read_body(body)?)?))
            }
            Own::RevokeSecret(id) => Ok(ok(&self.revoke_secret(&profile.scope, id)?)),
            Own::Retrievals(id) => Ok(ok(&self.retrievals(id, command.cursor.as_deref())?)),
            Own::Desk(asked) => self.desk(profile, command, caller, asked, body),
            Own::Credentials => Ok(ok(&self.own_credentials()?)),
            Own::CreateCredential => {
                let is_fresh = command.user.as_ref().is_some_and(|user| user.fresh);
                let created = self.create_credential(profile, read_body(body)?, is_fresh)?;
                Ok(Reply { status: 201, ..ok(&created) })
            }
            Own::RevokeCredential(id) => Ok(ok(&self.revoke_credential(id)?)),
            Own::Export => self.export(profile),
            Own::Revenue => Ok(ok(&revenue::statement(&self.world)?)),
            Own::Mail => self.own_mails(command.cursor.as_deref()),
            Own::Payments(format) => self.payments(command.cursor.as_deref(), *format),
            Own::Decide(id) => Ok(ok(&self.decide(profile, id, &read_body(body)?).await?)),
        }
    }

    /// Tools, prices, networks and payTo.
    pub(super) fn manifest(&self, profile: &Profile) -> Reply {
        let networks: Vec<Value> = self
            .config
            .networks
            .iter()
            .map(|network| {
                json!({
                    "network": network.caip2,
                    "x402V1Network": network.v1_name,
                    "asset": network.usdc.to_checksum(None),
                })
            })
            .collect();
        ok(&json!({
            "mcpUrl": self.server_url(&profile.scope),
            "httpUrl": format!("{}/x402/users/{}/tools/{{tool}}", self.config.public_url, profile.scope),
            "payTo": profile.wallet.to_checksum(None),
            "networks": networks,
            "tools": catalog::prices(profile.products),
        }))
    }

    fn own_record(&self, profile: &Profile) -> Result<ProfileView, SqlError> {
        Ok(ProfileView {
            user_id: profile.user_id.to_string(),
            wallet_address: profile.wallet.to_checksum(None),
            url_safe_id: profile.scope.to_string(),
            mcp_url: self.server_url(&profile.scope),
            products: profile.products.names(),
            doors: profile.products.names(),
            limits: Limits::load(&self.world)?.view(),
            stuck_payments: statement::count_stuck(&self.world, self.world.now())?,
            created_at: profile.created_at.to_string(),
            updated_at: profile.updated_at.to_string(),
        })
    }

    fn own_events(&self, cursor: Option<&str>) -> Result<Reply, Failure> {
        let now = self.world.now();
        let page = Page::of(&store::BY_START, PAGE, cursor, now)?;
        let found = store::list(&self.world, Filter::default(), &page)?;
        let mut events = Vec::new();
        for (event, seats) in &found.entries {
            let earned = store::earned(&self.world, &event.id)?;
            events.push(OwnEvent {
                event: event.view(*seats, now),
                revenue: earned.revenue.to_string(),
                revenue_atomic: earned.revenue,
                seats_held: seats.held,
            });
        }
        Ok(ok(&OwnEvents { events, next_cursor: found.next_cursor }))
    }

    fn payments(&self, cursor: Option<&str>, format: Format) -> Result<Reply, Failure> {
        let now = self.world.now();
        let page = Page::of(&statement::STUCK_FIRST, length_of(format), cursor, now)?;
        let found = statement::list(&self.world, &page, now)?;
        Ok(match format {
            Format::Csv => {
                let next = found.next_cursor.as_deref().map(|cursor| ("payments.csv", cursor));
                self.csv("payments.csv", statement::to_csv(&found.entries), next)
            }
            Format::Json => {
                ok(&OwnPayments { payments: found.entries, next_cursor: found.next_cursor })
            }
        })
    }

    fn own_mails(&self, cursor: Option<&str>) -> Result<Reply, Failure> {
        let page = Page::of(&outbox::NEWEST_FIRST, PAGE, cursor, self.world.now())?;
        let Found { entries: mails, next_cursor } = outbox::list(&self.world, &page)?;
        Ok(ok(&OwnMails { mails, next_cursor }))
    }

    fn rsvps(
        &self,
        event_id: &EventId,
        cursor: Option<&str>,
        format: Format,
    ) -> Result<Reply, Failure> {
        self.event(event_id)?;
        let page = Page::of(&store::BY_SALE, CSV_LINES_MAX, cursor, self.world.now())?;
        let Found { entries, next_cursor } = store::guests(&self.world, event_id, &page)?;
        Ok(match format {
            Format::Csv => {
                let path = format!("events/{event_id}/rsvps.csv");
                let next = next_cursor.as_deref().map(|cursor| (path.as_str(), cursor));
                self.csv(&format!("rsvps-{event_id}.csv"), to_csv(&entries), next)
            }
            Format::Json => {
                ok(&Rsvps { rsvps: entries.iter().map(Rsvp::line).collect(), next_cursor })
            }
        })
    }

    /// A file for a spreadsheet. Where more lines follow (at a path of the host's own, after a cursor), its last line
    /// tells people, and a header (RFC 8288) programs.
    fn csv(&self, name: &str, mut text: String, next: Option<(&str, &str)>) -> Reply {
        let more = next.map(|(path, cursor)| {
            format!("{}/api/users/{path}?cursor={cursor}", self.config.public_url)
        });
        if let Some(more) = &more {
            text.push_str(&csv::line(&[format!("more lines follow: {more}")]));
        }
        let reply = Reply::text(200, "text/csv; charset=utf-8", text)
            .with_header("content-disposition", format!("attachment; filename=\"{name}\""))
            .with_header("cache-control", "no-store".to_owned());
        match more {
            Some(more) => reply.with_header("link", format!("<{more}>; rel=\"next\"")),
            None => reply,
        }
    }

    /// The host's events that are under way or still to come.
    pub(super) fn host_page(
        &self,
        profile: &Profile,
        cursor: Option<&str>,
    ) -> Result<Reply, Failure> {
        let now = self.world.now();
        let filter = Filter { scheduled_at: Some(now), ..Filter::default() };
        let asked = Page::of(&store::BY_START, PAGE, cursor, now)?;
        let found = store::list(&self.world, filter, &asked)?;
        let url = format!("{}/e/{}", self.config.public_url, profile.scope);
        page(pages::host_page(&found, &url, &self.at(&profile.scope), profile.wallet))
    }

    pub(super) fn event_page(&self, scope: &ScopeId, event_id: &EventId) -> Result<Reply, Failure> {
        let (event, seats) = self.event(event_id)?;
        let url = self.event_url(scope, event_id);
        page(pages::event_page(&event, seats, &url, &self.at(scope), self.world.now()))
    }

    /// Where a visitor of a page can go on.
    fn at(&self, scope: &ScopeId) -> pages::Server {
        let url = self.server_url(scope);
        let chat = url::Url::parse_with_params(&self.config.public_url, [("door", &url)]);
        let chat_url = chat.map_or_else(|_| self.config.public_url.clone(), String::from);
        pages::Server { url, chat_url }
    }

    pub(super) fn calendar(&self, scope: &ScopeId, event_id: &EventId) -> Result<Reply, Failure> {
        let (event, _) = self.event(event_id)?;
        let url = self.event_url(scope, event_id);
        let ics = calendar::to_ics(&event, &url, self.world.now());
        Ok(Reply::text(200, "text/calendar; charset=utf-8", ics))
    }

    pub(super) fn ticket(&self, scope: &ScopeId, code: &TicketCode) -> Result<Reply, Failure> {
        let no_ticket = || Abort::new("no_such_ticket", 404, "there is no such ticket");
        let rsvp = store::rsvp_of_ticket(&self.world, code)?.ok_or_else(no_ticket)?;
        let (event, _) = self.event(&rsvp.event_id)?;
        let ticket_url = format!("{}/t/{code}", self.config.public_url);
        let calendar_url = format!("{}/calendar.ics", self.event_url(scope, &event.id));
        let network = crate::chain::networks::Network::by_caip2(&rsvp.network);
        let link = |network| transaction_url(&self.config, network, &rsvp.transaction);
        let transaction_url = network.map(link).unwrap_or_default();
        let now = self.world.now();
        let html =
            pages::ticket_page(&event, &rsvp, &ticket_url, &calendar_url, &transaction_url, now);
        // A ticket is a secret: it is kept by nobody on the way.
        Ok(page(html)?.with_header("cache-control", "no-store".to_owned()))
    }

    fn event_url(&self, scope: &ScopeId, event_id: &EventId) -> String {
        format!("{}/e/{scope}/{event_id}", self.config.public_url)
    }
}

/// The body of a REST request as its type; errors name the field.
pub(super) fn read_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    let value: Value = serde_json::from_slice(body).map_err(|_| {
        Abort::new("malformed_json", 400, "the body is not JSON; send a JSON object")
    })?;
    read_arguments(fields::with_integers(value))
}

pub(super) fn ok(value: &impl Serialize) -> Reply {
    // Text and numbers can always be written.
    let json = serde_json::to_string(value).unwrap_or_default();
    Reply::json(200, json).with_header("cache-control", "no-store".to_owned())
}

/// Entries of a list in one answer.
const fn length_of(format: Format) -> u32 {
    match format {
        Format::Json => PAGE,
        Format::Csv => CSV_LINES_MAX,
    }
}

fn member(value: &Value, name: &str) -> String {
    value.get(name).map(Value::to_string).unwrap_or_default()
}

fn page(html: Result<String, String>) -> Result<Reply, Failure> {
    let html = html.map_err(|what| Failure::Fatal(Fatal { what, money: Money::NotAsked }))?;
    Ok(Reply::text(200, "text/html; charset=utf-8", html)
        .with_header("content-security-policy", pages::CONTENT_SECURITY_POLICY.to_owned())
        .with_header("x-content-type-options", "nosniff".to_owned())
        .with_header("referrer-policy", "no-referrer".to_owned()))
}
