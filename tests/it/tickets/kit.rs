//! The gateway's list of everything bought, over hosts in memory.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use events_concierge::base::http::Reply;
use events_concierge::base::id::{RequestId, ScopeId};
use events_concierge::base::time::UnixSeconds;
use events_concierge::config::Config;
use events_concierge::host::command::{Action, Command};
use events_concierge::host::{Host, Request};
use events_concierge::http::problem;
use events_concierge::identity::{Session, UserId};
use events_concierge::ports::{
    Clock, Http, HttpError, HttpRequest, HttpResponse, Kv, KvError, Level, Log, Random, SignOuts,
    SignOutsError, Timer, Web, WebRequest, WebResponse,
};
use events_concierge::tickets::Caller;
use events_concierge::tickets::ask::{Ask, Deployment, NotTold, Told};
use events_concierge::tickets::serve::answer;
use serde_json::{Value, json};

use crate::support::{Server, Sqlite, Wallet, World, block_on, config, json_of};

/// The gateway of a deployment with these hosts.
pub(super) struct Gateway<'a> {
    world: World,
    hosts: Vec<&'a Server>,
    users: RefCell<BTreeMap<ScopeId, Host<World>>>,
    /// The host that gives no answer.
    pub(super) silent: RefCell<Option<ScopeId>>,
    /// What hosts were asked.
    pub(super) asked: RefCell<Vec<(ScopeId, Ask)>>,
    /// Requests to objects.
    pub(super) hops: Cell<u32>,
    /// Whether a signature that a chain must judge is over the limit.
    pub(super) is_limited: Cell<bool>,
    pub(super) config: std::rc::Rc<Config>,
}

impl<'a> Gateway<'a> {
    pub(super) fn of(hosts: Vec<&'a Server>) -> Self {
        let memory = std::rc::Rc::clone(&hosts[0].world.memory);
        Self {
            world: World { memory, sqlite: Sqlite::empty() },
            hosts,
            users: RefCell::default(),
            silent: RefCell::default(),
            asked: RefCell::default(),
            hops: Cell::default(),
            is_limited: Cell::default(),
            config: config(),
        }
    }

    /// One request.
    pub(super) fn get(&self, asked: Caller<'_>, cursor: Option<&str>) -> Reply {
        let is_admitted = || if self.is_limited.get() { Err(7) } else { Ok(()) };
        let reply = block_on(answer(self, &self.config, asked, cursor, &is_admitted));
        let id = RequestId::random(&self.world);
        reply.unwrap_or_else(|failure| problem::of_failure(&failure, &id))
    }

    /// The message to sign, as a refusal offers it.
    pub(super) fn offer(&self) -> Value {
        let refused = self.get(Caller::default(), None);
        assert_eq!(refused.status, 401, "{}", refused.body);
        json_of(&refused)
    }

    /// One page for a wallet that proves itself.
    pub(super) fn page(&self, wallet: &Wallet, cursor: Option<&str>) -> Value {
        let proof = wallet.prove(&self.offer());
        let reply = self.get(Caller { proof: Some(&proof), session: None }, cursor);
        assert_eq!(reply.status, 200, "{}", reply.body);
        json_of(&reply)
    }

    /// The first page of a wallet's list.
    pub(super) fn tickets(&self, wallet: &Wallet) -> Vec<Value> {
        let page = self.page(wallet, None);
        assert_eq!(page.get("nextCursor"), None, "{page}");
        page["tickets"].as_array().unwrap().clone()
    }

    /// The session of a user who signs in now.
    pub(super) fn session(&self, user: &str) -> Session {
        Session::start(&self.config.keys, UserId::parse(user).unwrap(), self.world.now())
    }

    /// One page for a signed-in user.
    pub(super) fn as_user(&self, session: &Session) -> Reply {
        self.get(Caller { proof: None, session: Some(session.clone()) }, None)
    }

    pub(super) async fn user(&self, scope: &ScopeId, action: Action) -> Reply {
        self.hops.set(self.hops.get() + 1);
        let new = || {
            let world = World { sqlite: Sqlite::empty(), ..self.world.clone() };
            Host::new(world, config())
        };
        let host = self.users.borrow_mut().remove(scope).unwrap_or_else(new);
        let id = RequestId::random(&self.world);
        let command = Command::of_ours(id, scope.clone(), action);
        let request = Request { command, headers: Default::default(), body: Vec::new() };
        let reply = host.handle(request).await;
        self.users.borrow_mut().insert(scope.clone(), host);
        reply
    }
}

impl Deployment for Gateway<'_> {
    async fn list_keys(
        &self,
        prefix: &str,
        cursor: Option<&str>,
    ) -> Result<(Vec<String>, Option<String>), KvError> {
        Kv::list(&self.world, prefix, cursor).await
    }

    async fn bought_by(&self, host: &ScopeId, ask: &Ask) -> Result<Told, NotTold> {
        self.hops.set(self.hops.get() + 1);
        self.asked.borrow_mut().push((host.clone(), ask.clone()));
        if self.silent.borrow().as_ref() == Some(host) {
            self.world.sleep(60_000).await;
            return Err(NotTold::NoAnswer("cut".to_owned()));
        }
        let server = self.hosts.iter().find(|server| server.scope == *host);
        let Some(server) = server else { return Err(NotTold::Gone) };
        let id = RequestId::random(&self.world);
        let command = Command::of_ours(id, host.clone(), Action::BoughtBy(ask.clone()));
        let request = Request { command, headers: Default::default(), body: Vec::new() };
        let reply = server.handle(request).await;
        // As `edge/rpc.rs` reads it.
        match reply.status {
            200 => Ok(serde_json::from_str(&reply.body).unwrap()),
            404 => Err(NotTold::Gone),
            503 => Err(NotTold::BeingRestored),
            status => Err(NotTold::NoAnswer(status.to_string())),
        }
    }

    async fn use_nonce(
        &self,
        user: &ScopeId,
        nonce: &str,
        expires_at: UnixSeconds,
    ) -> Result<bool, String> {
        let action = Action::UseNonce { nonce: nonce.to_owned(), expires_at };
        match self.user(user, action).await.status {
            204 => Ok(true),
            401 => Ok(false),
            status => Err(status.to_string()),
        }
    }
}

impl SignOuts for Gateway<'_> {
    async fn signed_out_at(&self, scope: &ScopeId) -> Result<Option<UnixSeconds>, SignOutsError> {
        let reply = self.user(scope, Action::SignedOutAt).await;
        let at: Option<i64> = serde_json::from_str(&reply.body).unwrap();
        Ok(at.map(UnixSeconds::new))
    }
}

impl Clock for Gateway<'_> {
    fn now(&self) -> UnixSeconds {
        self.world.now()
    }
}

impl Random for Gateway<'_> {
    fn fill(&self, buffer: &mut [u8]) {
        self.world.fill(buffer);
    }
}

impl Http for Gateway<'_> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.world.send(request).await
    }
}

impl Web for Gateway<'_> {
    async fn exchange(&self, request: WebRequest) -> Result<WebResponse, HttpError> {
        self.world.exchange(request).await
    }
}

impl Timer for Gateway<'_> {
    async fn sleep(&self, millis: u32) {
        self.world.sleep(millis).await;
    }
}

impl Log for Gateway<'_> {
    fn line(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        self.world.line(level, message, fields);
    }
}

/// Pays for a tool; the answer.
pub(super) fn buy(server: &Server, tool: &str, arguments: &Value, wallet: u8, nonce: u8) -> Value {
    let challenge = server.challenge(tool, arguments);
    let payment = Wallet::new(wallet).pay(&challenge["accepts"][0], nonce);
    let reply = block_on(server.tool(tool, arguments, Some(&payment)));
    assert_eq!(reply.status, 200, "{tool}: {}", reply.body);
    json_of(&reply)
}

/// A secret on sale; its id.
pub(super) fn secret(server: &Server) -> String {
    use events_concierge::http::route::Own;
    let secret = json!({"name": "Key", "value": "sk-live-5f2e9c0b1a", "price": "0.10"});
    let stored = json_of(&server.as_owner(Action::Own(Own::StoreSecret), &secret));
    stored["id"].as_str().unwrap().to_owned()
}

/// The keys of the index of buyers.
pub(super) fn index(server: &Server) -> Vec<String> {
    let kv = server.world.memory.kv.borrow();
    kv.keys().filter(|key| key.starts_with("holders:")).cloned().collect()
}
