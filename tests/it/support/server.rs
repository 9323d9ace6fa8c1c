//! A host with a server, and requests to it.

use std::rc::Rc;

use events_concierge::base::http::{Headers, Reply};
use events_concierge::base::id::{EventId, RequestId, ScopeId};
use events_concierge::base::time::UnixSeconds;
use events_concierge::config::Config;
use events_concierge::host::command::{Action, Command, SignedIn};
use events_concierge::host::{Host, Request};
use events_concierge::http::route::{AtHost, Own};
use events_concierge::http::source::Source;
use events_concierge::identity::{Session, UserId};
use events_concierge::ports::{Delivery, Row, Sql, SqlValue};
use serde_json::{Value, json};

use crate::support::{
    NEIGHBOUR, NOW, PAY_TO, Wallet, World, block_on, config, config_with, json_of,
};

/// Where requests come from, unless a test says otherwise.
const SOURCE: &str = "203.0.113.1";

/// A host with a server, and requests to it.
pub(crate) struct Server {
    pub(crate) world: World,
    pub(crate) host: Host<World>,
    pub(crate) scope: ScopeId,
    user: UserId,
}

impl Server {
    /// A registered host.
    pub(crate) fn open() -> Self {
        Self::registered(World::new(), PAY_TO)
    }

    /// A registered host that has opened its desk, in a world in which mail arrives.
    pub(crate) fn with_desk() -> Self {
        let server = Self::open();
        server.world.memory.post_office.delivery.set(Some(Delivery::ExactlyOnce));
        let products = json!({"products": ["events", "vault", "desk"]});
        assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &products).status, 200);
        server
    }

    /// Another host in the same world, with the same payout address.
    pub(crate) fn beside(&self) -> Self {
        let memory = Rc::clone(&self.world.memory);
        Self::registered(World { memory, ..World::new() }, NEIGHBOUR)
    }

    /// One of many hosts in the same world, with the same payout address.
    pub(crate) fn neighbour(&self, number: usize) -> Self {
        let memory = Rc::clone(&self.world.memory);
        Self::registered(World { memory, ..World::new() }, &format!("host-{number}@example.org"))
    }

    /// A registered host of a deployment that settles by itself.
    pub(crate) fn settling_itself() -> Self {
        let key = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
        let more = [("FACILITATOR_URL", "self"), ("RELAYER_PRIVATE_KEY", key)];
        Self::register(Self::with(World::new(), PAY_TO, config_with(&more)), PAY_TO)
    }

    /// A registered host that signs in with another wallet than the one that is paid.
    pub(crate) fn signing_in_with(wallet: &str) -> Self {
        Self::registered(World::new(), wallet)
    }

    fn registered(world: World, user: &str) -> Self {
        Self::register(Self::of(world, user), user)
    }

    fn register(server: Self, user: &str) -> Self {
        let body = json!({"userId": user, "walletAddress": PAY_TO});
        assert_eq!(server.as_owner(Action::Own(Own::Register), &body).status, 201);
        server
    }

    /// Has the money of a payment moved, by nobody of ours.
    pub(crate) fn spend(&self, payment: &Value) {
        let authorization = &payment["payload"]["authorization"];
        let text = |name: &str| authorization[name].as_str().unwrap().to_owned();
        let paid = (text("from"), text("value").parse().unwrap());
        self.world.memory.settled.borrow_mut().insert(text("nonce"), paid);
    }

    /// A host over storage that is there already.
    pub(crate) fn on(world: World) -> Self {
        Self::of(world, PAY_TO)
    }

    fn of(world: World, user: &str) -> Self {
        Self::with(world, user, config())
    }

    /// A host that has not registered, where more is set.
    pub(crate) fn with(world: World, user: &str, config: Rc<Config>) -> Self {
        let user = UserId::parse(user).unwrap();
        let scope = config.keys.scope_of(&user);
        let host = Host::new(world.clone(), config);
        Self { world, host, scope, user }
    }

    /// The same storage in a new instance with other settings, as after a deployment.
    pub(crate) fn deploy(&mut self, config: Rc<Config>) {
        self.host = Host::new(self.world.clone(), config);
    }

    /// The same storage in a new instance, as after an eviction.
    pub(crate) fn evict(&mut self) {
        self.host = Host::new(self.world.clone(), config());
    }

    /// An event at $0.05.
    pub(crate) fn event(&self, capacity: u32) -> String {
        let event = json!({"title": "Rust meetup", "startsAt": "2027-03-01T18:30:00Z",
            "capacity": capacity, "price": "0.05"});
        self.new_event(event, &json!({}))
    }

    /// A new event with these words, and `more`, which wins.
    pub(crate) fn new_event(&self, mut event: Value, more: &Value) -> String {
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = self.as_owner(Action::Own(Own::CreateEvent), &event);
        assert_eq!(reply.status, 201, "{}", reply.body);
        json_of(&reply)["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn change_event(&self, event: &str, changes: &Value) -> Reply {
        let id = EventId::parse(event).unwrap();
        self.as_owner(Action::Own(Own::UpdateEvent(id)), changes)
    }

    pub(crate) fn check_in(&self, event: &str, code: &str) -> Reply {
        let id = EventId::parse(event).unwrap();
        self.as_owner(Action::Own(Own::CheckIn(id)), &json!({"code": code}))
    }

    /// Anybody asks, without a payment or a proof.
    pub(crate) fn as_stranger(&self, asked: AtHost) -> Reply {
        block_on(self.handle(self.request(Action::AtHost(asked), false, &[], &json!({}))))
    }

    /// A wallet signs in with a call.
    pub(crate) fn proven(&self, tool: &str, arguments: &Value, wallet: u8) -> Reply {
        self.proven_from(tool, arguments, wallet, SOURCE)
    }

    /// The same from another address.
    pub(crate) fn proven_from(
        &self,
        tool: &str,
        arguments: &Value,
        wallet: u8,
        source: &str,
    ) -> Reply {
        let refused = json_of(&block_on(self.tool(tool, arguments, None)));
        let proof = Wallet::new(wallet).prove(&refused);
        let headers = [("sign-in-with-x", proof.as_str())];
        let action = Action::AtHost(AtHost::Tool(tool.to_owned()));
        let mut request = self.request(action, false, &headers, arguments);
        request.command.source = Source::parse(source);
        block_on(self.handle(request))
    }

    pub(crate) fn as_owner(&self, action: Action, body: &Value) -> Reply {
        block_on(self.handle(self.request(action, true, &[], body)))
    }

    /// A plain HTTP call of a tool, paid with `payment`.
    pub(crate) async fn tool(
        &self,
        name: &str,
        arguments: &Value,
        payment: Option<&Value>,
    ) -> Reply {
        use base64::Engine;
        let encode =
            |payment: &Value| base64::engine::general_purpose::STANDARD.encode(payment.to_string());
        let header = match payment {
            Some(payment) if payment["x402Version"] == 1 => vec![("x-payment", encode(payment))],
            Some(payment) => vec![("payment-signature", encode(payment))],
            None => vec![],
        };
        let headers: Vec<_> = header.iter().map(|(n, v)| (*n, v.as_str())).collect();
        self.tool_with(name, arguments, &headers).await
    }

    /// A plain HTTP call of a tool with these headers.
    pub(crate) async fn tool_with(
        &self,
        name: &str,
        arguments: &Value,
        headers: &[(&str, &str)],
    ) -> Reply {
        let action = Action::AtHost(AtHost::Tool(name.to_owned()));
        self.handle(self.request(action, false, headers, arguments)).await
    }

    /// Handles a request, and checks that the answer of a tool fits what the tool declares.
    pub(crate) async fn handle(&self, request: Request) -> Reply {
        let (action, body) = (request.command.action.clone(), request.body.clone());
        let reply = self.host.handle(request).await;
        crate::support::answers::check(&action, &body, &reply);
        reply
    }

    /// A JSON-RPC call at the server.
    pub(crate) fn mcp(&self, owner: bool, headers: &[(&str, &str)], body: &Value) -> Reply {
        block_on(self.handle(self.request(Action::AtHost(AtHost::Mcp), owner, headers, body)))
    }

    /// The challenge for a tool, version 2.
    pub(crate) fn challenge(&self, name: &str, arguments: &Value) -> Value {
        use base64::Engine;
        let reply = block_on(self.tool(name, arguments, None));
        assert_eq!(reply.status, 402, "{}", reply.body);
        let header = reply.headers.iter().find(|(name, _)| *name == "payment-required").unwrap();
        let decoded = base64::engine::general_purpose::STANDARD.decode(&header.1).unwrap();
        serde_json::from_slice(&decoded).unwrap()
    }

    pub(crate) fn wake(&self) {
        self.world.memory.alarm.set(None);
        block_on(self.host.wake());
    }

    /// Lets alarms go off until nothing is left to do, for at most `seconds`.
    pub(crate) fn pass(&self, seconds: i64) {
        let end = self.world.memory.now.get() + seconds;
        while let Some(at) = self.world.memory.alarm.get().filter(|at| *at <= end) {
            self.world.memory.now.set(at.max(self.world.memory.now.get()));
            self.wake();
        }
        self.world.memory.now.set(end);
    }

    pub(crate) fn sql(&self, statement: &str) -> Vec<Row> {
        self.world.run(statement, &[]).unwrap()
    }

    pub(crate) fn int(&self, statement: &str) -> i64 {
        match self.sql(statement)[0][0] {
            SqlValue::Int(number) => number,
            ref other @ (SqlValue::Null | SqlValue::Text(_)) => panic!("not a number: {other:?}"),
        }
    }

    pub(crate) fn text(&self, statement: &str) -> String {
        match &self.sql(statement)[0][0] {
            SqlValue::Text(text) => text.clone(),
            other @ (SqlValue::Null | SqlValue::Int(_)) => panic!("not a text: {other:?}"),
        }
    }

    /// All of the object's storage, and of KV, as text.
    pub(crate) fn everything(&self) -> String {
        let mut text = String::new();
        let tables = self.sql(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '*_text_*'",
        );
        for table in &tables {
            let SqlValue::Text(name) = &table[0] else { panic!("a table without a name") };
            for row in self.sql(&format!("SELECT * FROM {name}")) {
                text.push_str(&format!("{row:?}\n"));
            }
        }
        for (key, value) in self.world.memory.kv.borrow().iter() {
            text.push_str(&format!("{key} {value}\n"));
        }
        text
    }

    /// The host, signed in for a day.
    pub(crate) fn signed_in(&self) -> SignedIn {
        let session = Session::start(&config().keys, self.user.clone(), UnixSeconds::new(NOW));
        SignedIn { scope: self.scope.clone(), ..SignedIn::of(session, true) }
    }

    pub(crate) fn request(
        &self,
        action: Action,
        owner: bool,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Request {
        let command = Command {
            request_id: RequestId::random(&self.world),
            scope: self.scope.clone(),
            origin: None,
            source: Source::parse(SOURCE),
            cursor: None,
            user: owner.then(|| self.signed_in()),
            credential: None,
            action,
        };
        let mut pairs = vec![("content-type".to_owned(), "application/json".to_owned())];
        pairs.extend(headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        Request { command, headers: Headers::new(pairs), body: body.to_string().into_bytes() }
    }
}
