//! Client and payer against our own server, in memory: connect, list, be asked for payment, pay, and look
//! the payment up on the chain.

use alloy_primitives::Bytes;
use events_concierge::base::http::Headers;
use events_concierge::base::id::ScopeId;
use events_concierge::chain::eip3009::Authorization;
use events_concierge::chain::networks::Network;
use events_concierge::chain::rpc::Rpc;
use events_concierge::host::command::Action;
use events_concierge::http::route::AtHost;
use events_concierge::mcp::client::{
    Client, ClientError, Connection, Person, Question, Rules, Said,
};
use events_concierge::mcp::eras::Era;
use events_concierge::ports::{Clock, HttpError, Servers, Timer, Web, WebRequest, WebResponse};
use events_concierge::rails::x402::payer::{
    Answer, Challenge, Dialect, MoneyMoved, Offer, authorize, choose, confirm, for_meta, payload,
    read_answer, typed_data,
};
use events_concierge::rails::x402::wire::Version;
use serde_json::{Value, json};

use crate::support::{Server, Settles, Wallet, block_on};

/// The world of a guest: our own servers, and nothing else.
struct Deployment<'a>(&'a Server);

impl Web for Deployment<'_> {
    async fn exchange(&self, request: WebRequest) -> Result<WebResponse, HttpError> {
        panic!("{} is somewhere else", request.url)
    }
}

impl Timer for Deployment<'_> {
    async fn sleep(&self, millis: u32) {
        self.0.world.sleep(millis).await;
    }
}

impl Person for Deployment<'_> {
    fn is_there(&self) -> bool {
        false
    }

    async fn ask(&self, question: Question) -> Said {
        panic!("nobody is there for {question:?}")
    }
}

impl Servers for Deployment<'_> {
    async fn send_to_server(
        &self,
        server: &ScopeId,
        request: WebRequest,
    ) -> Result<WebResponse, HttpError> {
        assert_eq!(*server, self.0.scope);
        let body: Value = serde_json::from_str(&request.body.unwrap()).unwrap();
        let headers: Vec<_> =
            request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let asked = self.0.request(Action::AtHost(AtHost::Mcp), false, &headers, &body);
        let reply = self.0.host.handle(asked).await;
        let headers = reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value));
        let headers = Headers::new(headers.collect());
        Ok(WebResponse { status: reply.status, headers, body: reply.body })
    }
}

struct Guest<'a> {
    deployment: Deployment<'a>,
    rules: Rules,
    wallet: Wallet,
    connection: Connection,
}

impl<'a> Guest<'a> {
    fn at(server: &'a Server, era: Era) -> Self {
        let deployment = Deployment(server);
        let rules = Rules { public_url: "http://localhost:8787".to_owned(), is_local: true };
        let url = format!("http://localhost:8787/mcp/users/{}", server.scope);
        let connected = block_on(Client::new(&deployment, &rules).connect(&url, Some(era)));
        let (connection, tools) = connected.unwrap();
        assert_eq!((connection.era, connection.server.as_str()), (era, "Events Concierge"));
        let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "listEvents",
                "getEvent",
                "rsvpToEvent",
                "cancelRsvp",
                "transferTicket",
                "joinWaitlist",
                "leaveWaitlist",
                "getWaitlistPlace",
                "getEventAnalytics",
                "listSecrets",
                "retrieveSecret"
            ]
        );
        assert!(
            tools[2].is_paid && tools[8].price.is_some() && !tools[0].is_paid && !tools[3].is_paid
        );
        Self { deployment, rules, wallet: Wallet::new(7), connection }
    }

    fn call(&mut self, tool: &str, arguments: &Value, payment: Option<&Value>) -> (Value, Answer) {
        let client = Client::new(&self.deployment, &self.rules);
        let called = client.call_tool(&mut self.connection, tool, arguments, payment);
        let outcome = block_on(called);
        let answer = read_answer(&outcome);
        (outcome.unwrap(), answer)
    }

    fn challenge(&mut self, arguments: &Value) -> Challenge {
        match self.call("rsvpToEvent", arguments, None).1 {
            Answer::Challenge(challenge) => challenge,
            other @ (Answer::Done { .. } | Answer::Unknown { .. } | Answer::Failed { .. }) => {
                panic!("{other:?}")
            }
        }
    }

    /// A payment as the guest makes it, and what was signed.
    fn pay(&self, offer: &Offer) -> (Value, Authorization) {
        let world = &self.deployment.0.world;
        let signed = authorize(offer, self.wallet.address, world.now(), world);
        // The wallet of the tests signs what it is told to.
        let requirements = json!({"network": offer.network.caip2, "payTo": offer.pay_to,
            "amount": offer.amount});
        let paid = self.wallet.pay_with(&requirements, 0, |own| *own = signed.clone());
        let signature: Bytes = paid["payload"]["signature"].as_str().unwrap().parse().unwrap();
        assert_eq!(typed_data(offer.network, &signed)["message"], paid["payload"]["authorization"]);
        (for_meta(offer, &payload(offer, &signed, &signature)), signed)
    }
}

fn sepolia() -> &'static Network {
    Network::by_caip2("eip155:84532").unwrap()
}

fn seat(event: &str) -> Value {
    json!({"eventId": event})
}

#[test]
fn a_guest_buys_a_seat_at_our_server_in_both_eras() {
    for era in [Era::Modern, Era::Legacy] {
        let server = Server::open();
        let event = server.event(5);
        let mut guest = Guest::at(&server, era);
        let (listed, answer) = guest.call("listEvents", &json!({}), None);
        assert_eq!(answer, Answer::Done { settlement: None });
        assert!(listed["content"][0]["text"].as_str().unwrap().contains(&event));
        let challenge = guest.challenge(&seat(&event));
        let offer = choose(&challenge, &[sepolia()]).unwrap();
        assert_eq!((offer.version, offer.dialect), (Version::V2, Dialect::Object));
        let (payment, signed) = guest.pay(offer);
        let (ticket, answer) = guest.call("rsvpToEvent", &seat(&event), Some(&payment));
        let Answer::Done { settlement: Some(settlement) } = answer else { panic!("{answer:?}") };
        assert!(settlement.success && ticket["structuredContent"].is_object());
        assert_eq!(settlement.payer, Some(guest.wallet.address));
        assert_eq!(settlement.amount, Some(offer.amount));
        let transaction = settlement.transaction.unwrap();
        let rpc = Rpc { url: "http://chain.test".to_owned() };
        let confirmed = |signed: &Authorization, hash: &str| {
            block_on(confirm(&server.world, &rpc, sepolia(), signed, hash))
        };
        assert_eq!(confirmed(&signed, &transaction), Ok(true));
        let dearer = Authorization { value: signed.value * signed.value, ..signed.clone() };
        assert_eq!(confirmed(&dearer, &transaction), Ok(false));
        assert_eq!(confirmed(&signed, "paid, really"), Ok(false));
        // The same call with the same payment gets the same ticket.
        let (again, _) = guest.call("rsvpToEvent", &seat(&event), Some(&payment));
        assert_eq!(again["structuredContent"], ticket["structuredContent"]);
        assert_eq!(server.world.memory.settled.borrow().len(), 1);
    }
}

#[test]
fn every_form_of_payment_is_taken_by_our_server() {
    for (version, dialect) in [
        (Version::V2, Dialect::Object),
        (Version::V2, Dialect::Base64),
        (Version::V1, Dialect::Base64),
        (Version::V1, Dialect::Object),
    ] {
        let server = Server::open();
        let event = server.event(5);
        let mut guest = Guest::at(&server, Era::Modern);
        let (mut asked, _) = guest.call("rsvpToEvent", &seat(&event), None);
        // As a client sees it that reads `_meta` alone.
        asked.as_object_mut().unwrap().remove("structuredContent");
        let asked: Result<Value, ClientError> = Ok(asked);
        let Answer::Challenge(challenge) = read_answer(&asked) else { panic!("no challenge") };
        let offer = challenge.offers.iter().find(|offer| offer.version == version).unwrap();
        let offer = Offer { dialect, ..offer.clone() };
        let (payment, _) = guest.pay(&offer);
        assert_eq!(payment.is_string(), dialect == Dialect::Base64);
        let (_, answer) = guest.call("rsvpToEvent", &seat(&event), Some(&payment));
        let Answer::Done { settlement: Some(settlement) } = answer else { panic!("{answer:?}") };
        assert_eq!(settlement.network, Some("eip155:84532"));
    }
}

#[test]
fn what_our_server_says_of_the_money_is_understood() {
    let server = Server::open();
    let event = server.event(5);
    let mut guest = Guest::at(&server, Era::Modern);
    let unknown_event = seat("evt_000000000000000000000000");
    let (_, answer) = guest.call("rsvpToEvent", &unknown_event, None);
    assert!(matches!(answer, Answer::Failed { money_moved: MoneyMoved::No, .. }), "{answer:?}");

    let challenge = guest.challenge(&seat(&event));
    let offer = choose(&challenge, &[sepolia()]).unwrap();
    server.world.memory.settles.borrow_mut().push_back(Settles::Hangs);
    let (payment, signed) = guest.pay(offer);
    let (_, answer) = guest.call("rsvpToEvent", &seat(&event), Some(&payment));
    assert!(matches!(answer, Answer::Unknown { transaction: None, .. }), "{answer:?}");
    let rpc = Rpc { url: "http://chain.test".to_owned() };
    let hash = signed.nonce.to_string();
    // Without a receipt nothing can be concluded; the chain of these tests panics for an unknown one,
    // so only a hash that was settled is asked for.
    server.world.memory.settled.borrow_mut().insert(hash.clone(), ("0x01".to_owned(), 1));
    assert_eq!(block_on(confirm(&server.world, &rpc, sepolia(), &signed, &hash)), Ok(false));
}

#[test]
fn a_refused_settlement_is_a_new_challenge() {
    let server = Server::open();
    let event = server.event(5);
    let mut guest = Guest::at(&server, Era::Modern);
    let challenge = guest.challenge(&seat(&event));
    let refusal = Settles::Refuses("insufficient_funds");
    server.world.memory.settles.borrow_mut().push_back(refusal);
    let (payment, _) = guest.pay(choose(&challenge, &[sepolia()]).unwrap());
    let (_, answer) = guest.call("rsvpToEvent", &seat(&event), Some(&payment));
    let Answer::Challenge(again) = answer else { panic!("{answer:?}") };
    assert_eq!(again.error, "insufficient_funds");
    assert!(server.world.memory.settled.borrow().is_empty());
}

#[test]
fn an_address_without_a_server_is_an_error_for_people() {
    let server = Server::open();
    let deployment = Deployment(&server);
    let rules = Rules { public_url: "http://localhost:8787".to_owned(), is_local: true };
    let connected =
        block_on(Client::new(&deployment, &rules).connect("http://localhost:8787/", None));
    let text = connected.unwrap_err().to_string();
    assert!(text.contains("/mcp/users/"), "{text}");
}
