//! Paying for a call: asked, checked against the policy, signed once. What comes then is in `delivering`.

use alloy_primitives::{Address, Bytes};
use serde_json::Value;

use crate::base::id::PurchaseId;
use crate::base::money::Usdc;
use crate::base::text;
use crate::chain::networks::Network;
use crate::chain::rpc::Rpc;
use crate::guest::messages::Out;
use crate::guest::purchases::{self, Origin, Purchase, State, open};
use crate::guest::{Guest, GuestWorld, Trouble, delivering, kept, store};
use crate::mcp::client::Connection;
use crate::ports::SqlError;
use crate::rails::x402::payer::{self, Answer, Challenge, Offer};
use crate::wallets::policy::{self, Verdict};
use crate::wallets::{Kind, usdc_balance};

/// When the alarm looks after a payment for the first time, seconds.
pub(super) const LOOK_AFTER_SECONDS: i64 = 20;
/// A server-side signature takes no longer than this, seconds.
const SIGNING_SECONDS: i64 = 120;

/// Said of a call that is made twice.
pub(super) const UNDER_WAY: &str =
    "exactly this call is under way already: answer its question, or wait for what comes of it";

/// Purchases of a session that may be open, or wait to be heard, at a time; and what the results of the latter may
/// have together, bytes.
const OPEN_MAX: u64 = 100;
const KEPT_BYTES_MAX: u64 = 10_000_000;

/// Said while too much of a session is open.
const TOO_MANY_OPEN: &str = "too many payments of this session are open, or wait to be heard: wait for what comes of them, or begin a new session";

/// A call that is asked to be paid for.
pub(super) struct Asked<'a> {
    pub(super) connection: &'a Connection,
    pub(super) tool: &'a str,
    pub(super) arguments: Value,
    pub(super) call_id: Option<String>,
    pub(super) origin: Origin,
    /// The price that was shown before.
    pub(super) listed: Option<Usdc>,
    /// The challenge as it came.
    pub(super) raw: Value,
}

impl<W: GuestWorld> Guest<W> {
    /// A door asks for payment.
    pub(super) async fn challenged(
        &self,
        asked: Asked<'_>,
        challenge: &Challenge,
    ) -> Result<(), Trouble> {
        let Asked { connection, tool, arguments, call_id, origin, listed, raw } = asked;
        let offer = match payer::choose(challenge, &self.config.networks) {
            Ok(offer) => offer,
            Err(why) => {
                let text = format!("nothing that this door asks for can be paid: {why}");
                return self.failed(tool, &call_id, &origin, "no_offer", &text, "no").await;
            }
        };
        let Some(wallet) = store::wallet(&self.world)? else {
            let text = "choose a wallet first (use_wallet)";
            return self.failed(tool, &call_id, &origin, "no_wallet", text, "no").await;
        };
        let purchase = Purchase {
            id: PurchaseId::random(&self.world),
            door: connection.url.clone(),
            connection: Some(connection.for_tool(tool)),
            tool: tool.to_owned(),
            arguments,
            call_id,
            origin,
            challenge: raw,
            amount: offer.amount,
            pay_to: offer.pay_to.to_checksum(None),
            network: offer.network.caip2.to_owned(),
            payer: wallet.address.to_checksum(None),
            state: State::Asked,
            authorization: None,
            signature: None,
            transaction: None,
            shown: false,
            warned: false,
            attempts: 0,
            next_check_at: None,
            created_at: self.world.now(),
        };
        self.look_at_budget().await?;
        if let Some((code, text)) = self.in_the_way_of(&purchase)? {
            return self.fail(&purchase, code, text, "no").await;
        }
        let verdict = self.judge(&purchase, offer.pay_to, listed)?;
        self.decide(purchase, verdict).await
    }

    /// Does what the policy says of a new purchase.
    async fn decide(&self, mut purchase: Purchase, verdict: Verdict) -> Result<(), Trouble> {
        let had = self.seat_in_words(&purchase)?;
        match (verdict, had.as_deref()) {
            (Verdict::Refuse(refused), _) => {
                purchase.state = State::Refused;
                let text = refused.to_string();
                purchases::add(&self.world, &purchase, &text)?;
                self.step("payment", format!("not paid: {text}"));
                self.fail(&purchase, refused.code(), &text, "no").await
            }
            // For what it has already, nobody pays without having been asked.
            (Verdict::Ask(why), None) | (Verdict::Ask(_) | Verdict::Pay, Some(why)) => {
                purchases::add(&self.world, &purchase, why)?;
                self.step(
                    "payment",
                    format!("{} asks for ${}", tool_of(&purchase), purchase.amount),
                );
                self.tell(&self.question(&purchase, why));
                self.asked_for(&purchase, had.as_deref())
            }
            (Verdict::Pay, None) => {
                let until = self.world.now().plus(SIGNING_SECONDS);
                self.world.wake_at(until);
                purchase.state = State::Signing;
                purchase.next_check_at = Some(until);
                purchases::add(&self.world, &purchase, "within the policy")?;
                self.step("payment", format!("paying ${} without asking", purchase.amount));
                self.sign(purchase.id).await
            }
        }
    }

    /// The question to the person.
    pub(super) fn question(&self, purchase: &Purchase, why: &str) -> Out {
        let requirements = self.offer_of(purchase).map_or(Value::Null, |offer| offer.raw);
        Out::PaymentRequired {
            confirmation_id: purchase.id.to_string(),
            requirements,
            tool: purchase.tool.clone(),
            arguments: purchase.arguments.clone(),
            mcp_url: purchase.door.clone(),
            amount_usd: purchase.amount.to_string(),
            amount: purchase.amount.atomic().to_string(),
            pay_to: purchase.pay_to.clone(),
            network: purchase.network.clone(),
            why: why.to_owned(),
        }
    }

    /// The person says yes.
    pub(super) async fn confirm(&self, id: &PurchaseId) -> Result<(), Trouble> {
        let purchase = self.waiting(id, State::Asked)?;
        let pay_to: Address = purchase.pay_to.parse().unwrap_or_default();
        self.look_at_budget().await?;
        self.waiting(id, State::Asked)?;
        // Other payments may have used up the limits since the question.
        if let Verdict::Refuse(refused) = self.judge(&purchase, pay_to, None)? {
            let text = refused.to_string();
            self.move_on(id, State::Refused, &text, None)?;
            return self.fail(&purchase, refused.code(), &text, "no").await;
        }
        let until = Some(self.world.now().plus(SIGNING_SECONDS));
        self.move_on(id, State::Signing, "confirmed", until)?;
        self.sign(id.clone()).await
    }

    /// The person says no.
    pub(super) async fn decline(&self, id: &PurchaseId) -> Result<(), Trouble> {
        let purchase = purchases::find(&self.world, id)?;
        let open = |purchase: &Purchase| {
            purchase.state == State::Asked
                || (purchase.state == State::Signing && purchase.signature.is_none())
        };
        let purchase = purchase.filter(open).ok_or_else(nothing_waits)?;
        self.move_on(id, State::Declined, "declined", None)?;
        self.step("payment", "declined; nothing was signed");
        let text = "the payment was declined; nothing was signed";
        self.fail(&purchase, "declined", text, "no").await?;
        if purchase.state == State::Signing {
            self.release(&purchase).await?;
        }
        Ok(())
    }

    /// A signature has come from a wallet in a browser.
    pub(super) async fn signature(&self, id: &PurchaseId, hex: &str) -> Result<(), Trouble> {
        let purchase = self.waiting(id, State::Signing)?;
        let signature = self.check_signature(&purchase, hex).await?;
        // Only now: nobody uses up the budget of a wallet by naming it. That of a user is asked before.
        if store::owner(&self.world)?.is_none()
            && let Some(why) = self.reserve(&purchase).await?
        {
            return self.refuse(&purchase, why).await;
        }
        // Another tab may have been faster while others were asked.
        if let Err(why) = self.waiting(id, State::Signing) {
            self.release_if_over(id).await?;
            return Err(why);
        }
        self.signed(id, &signature).await
    }

    /// Fixes what is signed, and has the wallet sign it.
    async fn sign(&self, id: PurchaseId) -> Result<(), Trouble> {
        let Some(mut purchase) = purchases::find(&self.world, &id)? else { return Ok(()) };
        let in_use = |offer: &Offer| self.config.networks.contains(&offer.network);
        let offer = self.offer_of(&purchase).filter(in_use);
        let (Some(offer), Some(wallet)) = (offer, store::wallet(&self.world)?) else {
            let text = "what the door asked for cannot be paid here any more";
            return self.give_up(&purchase, "no_offer", text).await;
        };
        let payer: Address = purchase.payer.parse().unwrap_or_default();
        if wallet.address != payer {
            let text = "the wallet was changed since; call the tool again";
            return self.give_up(&purchase, "wallet_changed", text).await;
        }
        let until = Some(self.world.now().plus(SIGNING_SECONDS));
        self.move_on(&id, State::Signing, "to be signed", until)?;
        if let Some(balance) = self.too_little(&purchase).await {
            let text = format!("the wallet holds ${balance}, and this costs ${}", purchase.amount);
            return self.give_up(&purchase, "insufficient_balance", &text).await;
        }
        if wallet.kind != Kind::Browser
            && let Err(trouble) = self.owner_is_signed_in().await
        {
            let why = said(trouble)?;
            return self.give_up(&purchase, "sign_in_again", &why).await;
        }
        if store::owner(&self.world)?.is_some()
            && let Some(why) = self.reserve(&purchase).await?
        {
            return self.refuse(&purchase, why).await;
        }
        // Declined, or given up, while others were asked.
        if self.waiting(&id, State::Signing).is_err() {
            return Ok(self.release_if_over(&id).await?);
        }
        let authorization = payer::authorize(&offer, payer, self.world.now(), &self.world);
        purchases::set_authorization(&self.world, &id, &authorization)?;
        purchase.authorization = Some(authorization.clone());
        if wallet.kind == Kind::Browser {
            self.step("payment", "waiting for the wallet's signature");
            if let Some(request) = self.sign_request(&purchase) {
                self.tell(&request);
            }
            return Ok(());
        }
        match self.sign_ourselves(&wallet, &offer, &authorization).await {
            Ok(signature) => self.signed(&id, &signature).await,
            Err(why) => {
                let text = format!("the wallet did not sign: {why}");
                self.give_up(&purchase, "not_signed", &text).await
            }
        }
    }

    /// What the wallet holds, if that is known to be too little.
    async fn too_little(&self, purchase: &Purchase) -> Option<Usdc> {
        let network = Network::by_caip2(&purchase.network)?;
        let rpc = self.rpc_of(&purchase.network)?;
        let payer = purchase.payer.parse().ok()?;
        let balance = usdc_balance(&self.world, &rpc, network, payer).await.ok()?;
        (balance < purchase.amount).then_some(balance)
    }

    /// What a wallet in a browser is asked.
    pub(super) fn sign_request(&self, purchase: &Purchase) -> Option<Out> {
        let authorization = purchase.authorization.as_ref()?;
        let offer = self.offer_of(purchase)?;
        Some(Out::SignRequest {
            request_id: purchase.id.to_string(),
            address: purchase.payer.clone(),
            typed_data: payer::typed_data(&offer, authorization),
        })
    }

    async fn signed(&self, id: &PurchaseId, signature: &Bytes) -> Result<(), Trouble> {
        let next = Some(self.world.now().plus(LOOK_AFTER_SECONDS));
        // Declined while the wallet was signing: the signature never leaves.
        if self.waiting(id, State::Signing).is_err() {
            return Ok(());
        }
        self.world.note_open();
        self.world.atomically(|| {
            purchases::set_signature(&self.world, id, signature)?;
            self.move_on(id, State::Paying, "signed", next)
        })?;
        self.step("payment", "signed; the payment goes to the door");
        self.tell(&self.policy_message()?);
        self.deliver(id, delivering::TRIES).await
    }

    fn judge(
        &self,
        purchase: &Purchase,
        pay_to: Address,
        listed: Option<Usdc>,
    ) -> Result<Verdict, SqlError> {
        let policy = store::policy(&self.world)?;
        let spent = self.spent(purchase.payer.parse().ok())?;
        let wanted = policy::Purchase {
            door: &purchase.door,
            tool: &purchase.tool,
            amount: purchase.amount,
            pay_to,
            listed,
        };
        Ok(policy::judge(&policy, &wanted, spent))
    }

    /// Whether exactly this call is paid for already and not over; then it is looked after now.
    pub(super) fn is_under_way(
        &self,
        call: (&str, &str, &Value),
        payer: Option<&str>,
    ) -> Result<bool, SqlError> {
        open::is_under_way(&self.world, call, payer, self.world.now())
    }

    /// Why a purchase must not begin now: a code, and words for the person.
    fn in_the_way_of(
        &self,
        purchase: &Purchase,
    ) -> Result<Option<(&'static str, &'static str)>, SqlError> {
        let Purchase { door, tool, arguments, payer, .. } = purchase;
        // The same call may have been made twice, and the other one have come here first.
        if self.is_under_way((door, tool, arguments), Some(payer))? {
            return Ok(Some(("already_under_way", UNDER_WAY)));
        }
        let (results, bytes) = kept::results(&self.world)?;
        let open = open::count(&self.world)?.saturating_add(results);
        let is_full = open >= OPEN_MAX || bytes >= KEPT_BYTES_MAX;
        Ok(is_full.then_some(("too_many_open", TOO_MANY_OPEN)))
    }

    /// The offer that was chosen of a challenge: the same each time, also when its network is not in use any more.
    pub(super) fn offer_of(&self, purchase: &Purchase) -> Option<Offer> {
        let outcome = Ok(purchase.challenge.clone());
        let Answer::Challenge(challenge) = payer::read_answer(&outcome) else { return None };
        let offer = payer::choose(&challenge, &[Network::by_caip2(&purchase.network)?]).ok()?;
        let is_same = offer.amount == purchase.amount
            && offer.pay_to.to_checksum(None) == purchase.pay_to
            && offer.network.caip2 == purchase.network;
        is_same.then(|| offer.clone())
    }

    pub(super) fn rpc_of(&self, network: &str) -> Option<Rpc> {
        self.config.rpc_urls.get(network).map(|url| Rpc { url: url.clone() })
    }

    fn waiting(&self, id: &PurchaseId, state: State) -> Result<Purchase, Trouble> {
        let found = purchases::find(&self.world, id)?;
        found.filter(|purchase| purchase.state == state).ok_or_else(nothing_waits)
    }

    /// Nothing was signed, and nothing will be.
    pub(super) async fn give_up(
        &self,
        purchase: &Purchase,
        code: &'static str,
        text: &str,
    ) -> Result<(), Trouble> {
        // Declined, or given up, by somebody else, who has said so.
        if !self.move_on(&purchase.id, State::Failed, text, None)? {
            return Ok(self.release(purchase).await?);
        }
        self.step("error", text);
        self.fail(purchase, code, text, "no").await?;
        Ok(self.release(purchase).await?)
    }

    pub(super) async fn fail(
        &self,
        purchase: &Purchase,
        code: &'static str,
        text: &str,
        money_moved: &'static str,
    ) -> Result<(), Trouble> {
        let Purchase { tool, call_id, origin, .. } = purchase;
        self.failed(tool, call_id, origin, code, text, money_moved).await
    }
}

/// What the person is told; a failure of our storage is none of that.
fn said(trouble: Trouble) -> Result<String, Trouble> {
    match trouble {
        Trouble::Said(text) => Ok(text),
        Trouble::Storage(_) => Err(trouble),
    }
}

fn nothing_waits() -> Trouble {
    Trouble::Said("no such payment waits (any more)".to_owned())
}

fn tool_of(purchase: &Purchase) -> String {
    text::line(&purchase.tool, 80)
}
