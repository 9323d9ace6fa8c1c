//! From the signed payment to what was bought: the same payment is sent until it is known what became of
//! it, and "paid" is said when the chain shows it.

use std::rc::Rc;

use futures_util::lock::Mutex;
use serde_json::Value;

use crate::chain::networks::Network;
use crate::chain::rpc::Rpc;
use crate::chain::transfers::{Use, Window};
use crate::guest::messages::Out;
use crate::guest::paying::LOOK_AFTER_SECONDS;
use crate::guest::purchases::{self, Purchase, State};
use crate::guest::{Guest, GuestWorld, Trouble, store};
use crate::id::PurchaseId;
use crate::mcp::client::{Client, Connection};
use crate::ports::{Level, SqlError};
use crate::text;
use crate::time::UnixSeconds;
use crate::x402::payer::{self, Answer, Offer, Settlement};

/// How often the same payment is sent before the alarm goes on with it.
pub(super) const TRIES: u32 = 3;
/// The pause between two of them, milliseconds, doubled each time.
const PAUSE_MILLIS: u32 = 1_000;
/// When the alarm looks again, seconds, doubled each time, and at the longest.
const AGAIN_SECONDS: i64 = 3;
const AGAIN_SECONDS_MAX: i64 = 120;
/// How often a door whose payment the chain shows is asked for what was bought, before its person is
/// told of the payment: a good minute, and our own doors find out within half of one.
const PATIENCE: u32 = 4;
/// Doors for which it is remembered that a payment is with them.
const TURNS_MAX: usize = 50;
/// How long the receipt on the chain is waited for.
const RECEIPT_LOOKS: u32 = 5;
/// How far the clock of a chain may be behind ours, seconds.
const CHAIN_LAG_SECONDS: i64 = 60;

/// What the chain says of a payment.
enum OnChain {
    /// It moved its money, in this transaction.
    Paid(&'static Network, String),
    /// It was not used and cannot be used any more.
    RanOut,
    /// Neither is sure.
    Unclear,
}

impl<W: GuestWorld> Guest<W> {
    /// Sends the payment, the same each time, until the door says something that counts.
    pub(super) async fn deliver(&self, id: &PurchaseId, tries: u32) -> Result<(), Trouble> {
        let mut pause = PAUSE_MILLIS;
        for last in (0..tries).rev() {
            let Some(purchase) = purchases::find(&self.world, id)? else { return Ok(()) };
            if !matches!(purchase.state, State::Paying | State::Unknown) {
                return Ok(());
            }
            let Some((offer, payment)) = self.payment_of(&purchase) else { return Ok(()) };
            let mut connection = self.connection_to(&purchase.door)?;
            let meta = payer::for_meta(&offer, &payment);
            let (tool, arguments) = (&purchase.tool, &purchase.arguments);
            let outside = self.outside()?;
            let client = Client::new(&outside, &self.rules);
            let turn = self.turn_at(&purchase.door);
            let outcome = {
                // A door carries out one payment of a wallet at a time; the others would only be told to wait.
                let _turn = turn.lock().await;
                client.call_tool(&mut connection, tool, arguments, Some(&meta)).await
            };
            self.keep(&connection)?;
            match payer::read_answer(&outcome) {
                Answer::Done { settlement } => {
                    let result = outcome.unwrap_or_default();
                    return self.delivered(&purchase, &offer, settlement, result).await;
                }
                Answer::Challenge(challenge) => {
                    let text = format!(
                        "the door did not take the payment ({}) and asks for another for the same call; it gets none. The one that was signed may still move its money",
                        text::line(&challenge.error, 200)
                    );
                    return self.stays_unknown(&purchase, "asked_twice", &text).await;
                }
                Answer::Failed { text, .. } => {
                    let text = format!(
                        "{text} (the signed payment may still move its money until it runs out)"
                    );
                    return self.stays_unknown(&purchase, "tool_error", &text).await;
                }
                Answer::Unknown { text, .. } if last == 0 => {
                    return self.stays_unknown(&purchase, "unknown", &text).await;
                }
                Answer::Unknown { text, .. } => {
                    self.step("payment", format!("not known yet, the same payment again: {text}"));
                    self.world.sleep(pause).await;
                    pause = pause.saturating_mul(2);
                }
            }
        }
        Ok(())
    }

    /// The door has delivered. What it says of the money is compared with what was signed, and with the
    /// chain where that can be asked, before "paid" is said.
    async fn delivered(
        &self,
        purchase: &Purchase,
        offer: &Offer,
        settlement: Option<Settlement>,
        result: Value,
    ) -> Result<(), Trouble> {
        let now = self.world.now();
        let id = &purchase.id;
        let transaction = settlement.as_ref().and_then(|one| is_ours(one, purchase));
        let Some(transaction) = transaction else {
            let text = "the door delivered, but names no payment of this wallet; the payment is looked for on the chain";
            let next = Some(now.plus(LOOK_AFTER_SECONDS));
            purchases::set_state(&self.world, id, State::Unknown, text, next, now)?;
            self.step("payment", text);
            return self.show(purchase, result).await;
        };
        let is_confirmed = match self.rpc_of(&purchase.network) {
            Some(rpc) => self.confirm_on_chain(&rpc, purchase, offer, &transaction).await,
            // Nobody can be asked, so the door's word is all there is.
            None => true,
        };
        if is_confirmed {
            self.paid(purchase, offer.network, &transaction).await?;
        } else {
            let text = "the door says that it was paid, and the chain does not yet; the payment is looked after";
            let next = Some(now.plus(LOOK_AFTER_SECONDS));
            purchases::set_state(&self.world, id, State::Unknown, text, next, now)?;
            self.step("error", text);
        }
        self.show(purchase, result).await
    }

    /// The result, once.
    async fn show(&self, purchase: &Purchase, result: Value) -> Result<(), Trouble> {
        if purchase.shown {
            return Ok(());
        }
        purchases::set_shown(&self.world, &purchase.id)?;
        self.done(&purchase.tool, &purchase.call_id, &purchase.origin, result).await
    }

    async fn paid(
        &self,
        purchase: &Purchase,
        network: &Network,
        transaction: &str,
    ) -> Result<(), Trouble> {
        let now = self.world.now();
        let is_news = self.world.atomically(|| {
            purchases::set_transaction(&self.world, &purchase.id, transaction)?;
            purchases::set_state(&self.world, &purchase.id, State::Paid, "paid", None, now)
        })?;
        if !is_news {
            return Ok(());
        }
        self.step("payment", format!("paid ${}", purchase.amount));
        self.tell(&Out::PaymentReceipt {
            tx_hash: transaction.to_owned(),
            network: purchase.network.clone(),
            payer: purchase.payer.clone(),
            pay_to: purchase.pay_to.clone(),
            amount: purchase.amount.atomic().to_string(),
            amount_usd: purchase.amount.to_string(),
            explorer_url: network.transaction_url(transaction),
            confirmed: self.rpc_of(&purchase.network).is_some(),
            tool: purchase.tool.clone(),
        });
        self.tell(&self.history_message()?);
        self.look_at_wallet().await
    }

    /// The alarm looks after a purchase that is not over.
    pub(super) async fn look_after(&self, id: &PurchaseId) -> Result<(), SqlError> {
        let now = self.world.now();
        // A message may have moved it on since the list was read.
        let Some(purchase) = purchases::find(&self.world, id)? else { return Ok(()) };
        let unsigned = purchase.state == State::Signing;
        if unsigned {
            // We died while a wallet was asked, or its person never answered; nothing has left.
            let text = "it was not signed in time; call the tool again";
            return only_storage(self.give_up(&purchase, "not_signed", text).await);
        }
        purchases::count_attempt(&self.world, id)?;
        let wait = AGAIN_SECONDS.saturating_mul(2_i64.saturating_pow(purchase.attempts.min(10)));
        let next = Some(now.plus(wait.min(AGAIN_SECONDS_MAX)));
        purchases::set_state(&self.world, id, purchase.state, "looked after", next, now)?;
        only_storage(match self.ask_chain(&purchase).await {
            OnChain::RanOut => {
                let text = "the payment ran out unused; no money moved";
                if !purchases::set_state(&self.world, id, State::Failed, text, None, now)? {
                    return Ok(());
                }
                self.release(&purchase).await?;
                self.step("payment", text);
                self.tell(&self.history_message()?);
                // Whoever was not told that it is unknown still waits for the call.
                if purchase.state == State::Paying {
                    self.fail(&purchase, "ran_out", text, "no").await
                } else {
                    Ok(())
                }
            }
            // The door may have the result yet; the money is gone either way.
            OnChain::Paid(network, hash) => {
                match self.deliver(id, 1).await {
                    // A door may find out later than we do.
                    Ok(()) if purchase.attempts < PATIENCE || self.is_paid(id)? => Ok(()),
                    Ok(()) | Err(Trouble::Said(_)) => {
                        self.step("error", "the chain shows the payment, and the door has not delivered; ask its host");
                        self.paid(&purchase, network, &hash).await
                    }
                    Err(trouble) => Err(trouble),
                }
            }
            OnChain::Unclear => self.deliver(id, 1).await,
        })
    }

    fn turn_at(&self, door: &str) -> Rc<Mutex<()>> {
        let mut turns = self.turns.borrow_mut();
        if turns.len() >= TURNS_MAX {
            turns.retain(|_, turn| Rc::strong_count(turn) > 1);
        }
        Rc::clone(turns.entry(door.to_owned()).or_default())
    }

    fn payment_of(&self, purchase: &Purchase) -> Option<(Offer, Value)> {
        let offer = self.offer_of(purchase)?;
        let (authorization, signature) =
            (purchase.authorization.as_ref()?, purchase.signature.as_ref()?);
        let payment = payer::payload(&offer, authorization, signature);
        Some((offer, payment))
    }

    fn connection_to(&self, door: &str) -> Result<Connection, Trouble> {
        let current = store::connection(&self.world)?;
        current.filter(|current| current.url == door).ok_or_else(|| {
            Trouble::Said(format!(
                "connect to {} again: a payment waits there",
                text::line(door, 200)
            ))
        })
    }

    /// Whether the chain shows exactly this transfer. One that cannot be asked shows nothing.
    async fn confirm_on_chain(
        &self,
        rpc: &Rpc,
        purchase: &Purchase,
        offer: &Offer,
        transaction: &str,
    ) -> bool {
        let Some(authorization) = purchase.authorization.as_ref() else { return false };
        let mut pause = PAUSE_MILLIS / 4;
        for _ in 0..RECEIPT_LOOKS {
            let network = offer.network;
            match payer::confirm(&self.world, rpc, network, authorization, transaction).await {
                Ok(is_it) => return is_it,
                Err(_) => self.world.sleep(pause).await,
            }
            pause = pause.saturating_mul(2);
        }
        false
    }

    /// What the chain says of a payment whose outcome is not known.
    async fn ask_chain(&self, purchase: &Purchase) -> OnChain {
        let (Some(network), Some(authorization), Some(rpc)) = (
            Network::by_caip2(&purchase.network),
            purchase.authorization.as_ref(),
            self.rpc_of(&purchase.network),
        ) else {
            return OnChain::Unclear;
        };
        let end = i64::try_from(authorization.valid_before).unwrap_or(i64::MAX);
        let end = UnixSeconds::new(end).plus(CHAIN_LAG_SECONDS);
        // The time is read first: unused at a block after the end means unused for good.
        let Ok(head) = rpc.head_time(&self.world).await else { return OnChain::Unclear };
        let (from, nonce) = (authorization.from, authorization.nonce);
        let window = Window { unused_at: None, created_at: purchase.created_at };
        match rpc.authorization_used(&self.world, network, from, nonce).await {
            Ok(true) => match rpc.find_transfer(&self.world, network, authorization, &window).await
            {
                Ok(Use::Moved(hash, _)) => OnChain::Paid(network, hash.to_string()),
                Ok(Use::Elsewhere | Use::NotFound | Use::Unsearched) | Err(_) => OnChain::Unclear,
            },
            Ok(false) if head > end => OnChain::RanOut,
            Ok(false) | Err(_) => OnChain::Unclear,
        }
    }

    fn is_paid(&self, id: &PurchaseId) -> Result<bool, SqlError> {
        let found = purchases::find(&self.world, id)?;
        Ok(found.is_some_and(|purchase| purchase.state == State::Paid))
    }

    async fn stays_unknown(
        &self,
        purchase: &Purchase,
        code: &'static str,
        text: &str,
    ) -> Result<(), Trouble> {
        let now = self.world.now();
        let was_told = purchase.state == State::Unknown;
        let next = Some(now.plus(LOOK_AFTER_SECONDS));
        let is_open = was_told
            || purchases::set_state(&self.world, &purchase.id, State::Unknown, text, next, now)?;
        if !is_open {
            return Ok(());
        }
        self.world.line(Level::Warn, "a guest's payment is unknown", &[("code", code)]);
        self.step("payment", format!("not known whether money moved: {text}"));
        if was_told { Ok(()) } else { self.fail(purchase, code, text, "unknown").await }
    }
}

/// An alarm has nobody to tell; whatever was to be said is said already.
fn only_storage(done: Result<(), Trouble>) -> Result<(), SqlError> {
    match done {
        Ok(()) | Err(Trouble::Said(_)) => Ok(()),
        Err(Trouble::Storage(error)) => Err(error),
    }
}

/// The transaction, if the door says that exactly this was paid by this wallet.
fn is_ours(settlement: &Settlement, purchase: &Purchase) -> Option<String> {
    let is_payer = settlement.payer.is_none_or(|payer| payer.to_checksum(None) == purchase.payer);
    let is_amount = settlement.amount.is_none_or(|amount| amount == purchase.amount);
    let is_good = settlement.success && is_payer && is_amount;
    settlement.transaction.clone().filter(|_| is_good)
}
