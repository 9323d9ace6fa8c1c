//! What became of a payment whose outcome is not known: the chain is asked, and if nothing was used there and
//! what is wanted is still for sale, the facilitator is asked to settle once more.

use alloy_primitives::{Address, B256, U256};

use crate::base::id::{EventId, SecretId};
use crate::base::time::UnixSeconds;
use crate::chain::eip3009::Authorization;
use crate::chain::networks::Network;
use crate::chain::origin::{Origin, origin};
use crate::chain::rpc::{Rpc, RpcError};
use crate::chain::transfers::{Use, Window};
use crate::host::Host;
use crate::host::desk::DeskCall;
use crate::host::profile::Profile;
use crate::host::slice::Look;
use crate::ledger::payments::{self, NotPaid, Payment, Step};
use crate::mcp::catalog::Tool;
use crate::ports::{Level, SqlError, World, within};
use crate::products::events::{Status, store};
use crate::rails::outcome::Failure;
use crate::sale::flow::{self, Stop};

/// How much later than its end a block has to be in which an authorization is unused, for it to have run out, seconds:
/// a chain drops its newest blocks now and then.
const RAN_OUT_SECONDS: i64 = 60;

/// How long a use that may have been for somebody else waits for its payer's proof, seconds.
const DOUBT_SECONDS_MAX: i64 = 86_400;

/// How long the chain may take to say whether an authorization is used, and how, milliseconds. The first, with either
/// the second or the facilitator's time, is less than [`payments::SETTLE_SECONDS`], so that no two look after one
/// payment.
const LOOK_MILLIS: u32 = 20_000;
const SEARCH_MILLIS: u32 = 50_000;

/// Why a payment buys nothing that was spent at another shop of the same payee.
pub(super) const USED_BEFORE: &str = "it was used before it came here";

/// Why nobody can say what a payment has done that was used.
pub(super) const NO_LOG: &str = "used on chain, and no log that can be read says how";

/// What the chain says of an authorization.
pub(super) enum OnChain {
    /// It moved the money, in this transaction, in this block.
    Paid(String, u64),
    /// It was cancelled, or its nonce was used for something else.
    Spent,
    /// It was used, but no log says how.
    NotFound,
    /// It was not used and cannot be used any more.
    RanOut,
    /// It was not used in this block and still can be.
    Unused(u64),
    /// The chain cannot be asked. Why.
    Unclear(String),
}

/// What whoever asks has shown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shows {
    /// That it is the wallet that pays.
    pub(super) is_payer: bool,
    /// The transaction that is to have moved the money. Anybody may name it: the chain says whether it did.
    pub(super) transaction: Option<B256>,
}

impl<W: World> Host<W> {
    /// Finds out what became of a payment.
    pub(super) async fn find_out(
        &self,
        profile: &Profile,
        payment: Payment,
        shows: Shows,
        look: &Look<'_, W>,
    ) -> Result<Payment, SqlError> {
        let claim = payment.claim();
        // Nobody else looks at it while we do.
        let busy_until = self.world.now().plus(payments::SETTLE_SECONDS);
        payments::postpone(&self.world, &claim, busy_until)?;
        let found = self.ask_chain(&payment, shows.transaction, look).await;
        let now_known = payments::find(&self.world, &payment.id)?;
        if let Some(known) = now_known.filter(|known| known.settled().is_some()) {
            return Ok(known);
        }
        self.follow(profile, &payment, found, shows).await?;
        let id = &payment.id;
        payments::find(&self.world, id)?.ok_or_else(|| SqlError(format!("{id} is not there")))
    }

    /// Does what follows from what the chain says.
    pub(super) async fn follow(
        &self,
        profile: &Profile,
        payment: &Payment,
        found: OnChain,
        shows: Shows,
    ) -> Result<(), SqlError> {
        match found {
            OnChain::Paid(transaction, block) => {
                self.found_paid(profile, payment, &transaction, block, shows.is_payer).await
            }
            OnChain::RanOut => self.end(payment, NotPaid::Failed, "ran out unpaid"),
            OnChain::Spent => self.end(payment, NotPaid::Failed, "it was used for something else"),
            // It never ends by itself: the money may have moved. Whoever has the transaction proves it.
            OnChain::NotFound => self.still_unknown(payment, NO_LOG),
            OnChain::Unclear(why) => self.still_unknown(payment, &why),
            OnChain::Unused(block) => {
                payments::was_unused(&self.world, &payment.claim(), block)?;
                match self.no_more_for_sale(profile, payment)? {
                    // Nobody moves money for what cannot be had. It may be under way; what ran out cannot be.
                    Some(why) => self.still_unknown(payment, why),
                    None => self.settle_again(profile, payment).await,
                }
            }
        }
    }

    async fn settle_again(&self, profile: &Profile, payment: &Payment) -> Result<(), SqlError> {
        let facilitator = &self.config.facilitator;
        match flow::settle_again(&self.world, facilitator, &profile.scope, payment).await {
            Ok(_) => self.breaker.borrow_mut().succeeded(),
            Err(
                Stop::Refused(_)
                | Stop::Unavailable(_)
                | Stop::Unknown(..)
                | Stop::Elsewhere
                | Stop::Mismatch(_)
                | Stop::UsedBefore
                | Stop::AlreadyUsed(_),
            ) => {}
            Err(Stop::Storage(error)) => return Err(error),
        }
        Ok(())
    }

    /// The chain shows the transfer: books it, if it can have been for this payment's call.
    async fn found_paid(
        &self,
        profile: &Profile,
        payment: &Payment,
        transaction: &str,
        block: u64,
        is_payer: bool,
    ) -> Result<(), SqlError> {
        let found = origin(payment.unused_at, block);
        let facilitator = &self.config.facilitator;
        let is_proven = is_payer
            || found == Origin::Doubtful
                && flow::is_ours(&self.world, facilitator, &profile.scope, payment).await;
        let (claim, now) = (payment.claim(), self.world.now());
        match found {
            Origin::Elsewhere => self.end(payment, NotPaid::Failed, USED_BEFORE),
            Origin::Doubtful if !is_proven => {
                let until = |since: UnixSeconds| since.plus(DOUBT_SECONDS_MAX);
                // The day begins when its payer could have known: an endpoint may have been away for longer.
                if payment.doubtful_at.is_some_and(|since| now > until(since)) {
                    return self.end(payment, NotPaid::Failed, "nobody has proven to have paid");
                }
                let fields = [("payment", claim.id().as_str())];
                self.world.line(Level::Warn, "a payment may have been for somebody else", &fields);
                let next = flow::next_check(payment.attempts, now);
                let seen = (transaction, block);
                payments::mark_doubtful(&self.world, &claim, seen, next, now).map(drop)
            }
            Origin::Here | Origin::Doubtful => {
                payments::mark_settled(&self.world, &claim, transaction, now)?;
                // The facilitator did its work; only its answer was lost.
                self.breaker.borrow_mut().succeeded();
                Ok(())
            }
        }
    }

    /// Why what a payment wants cannot be had any more, if it cannot: the host has taken it back since.
    pub(super) fn no_more_for_sale(
        &self,
        profile: &Profile,
        payment: &Payment,
    ) -> Result<Option<&'static str>, SqlError> {
        if !self.config.networks.iter().any(|network| network.caip2 == payment.network) {
            return Ok(Some("its network was removed; nothing is moved there"));
        }
        let Some(tool) = Tool::by_name(&payment.tool) else {
            return Ok(Some("what it wants is not sold any more"));
        };
        if !profile.products.has(tool.product()) {
            return Ok(Some("the host has closed what it wants"));
        }
        if tool == Tool::RsvpToEvent {
            return self.no_more_seat(payment);
        }
        let wanted = payment.wanted.as_deref().unwrap_or_default();
        let checked = if tool == Tool::RetrieveSecret {
            SecretId::parse(wanted).map(|id| self.check_still_sold(&id, payment)).unwrap_or(Ok(()))
        } else {
            let asked = DeskCall::read(tool, payment.arguments.clone());
            asked.and_then(|asked| asked.map_or(Ok(()), |asked| self.check_desk(&asked)))
        };
        match checked {
            Ok(()) => Ok(None),
            Err(Failure::Abort(_) | Failure::Unpaid(_)) => {
                Ok(Some("what it wants was taken back or is full"))
            }
            Err(Failure::Fatal(fatal)) => Err(SqlError(fatal.what)),
        }
    }

    fn no_more_seat(&self, payment: &Payment) -> Result<Option<&'static str>, SqlError> {
        let Some(id) = &payment.event_id else { return Ok(None) };
        let Some((event, _)) = store::find(&self.world, id)? else {
            return Ok(Some("its event is gone"));
        };
        Ok(match event.status(self.world.now()) {
            Status::Cancelled => Some("its event is cancelled"),
            Status::Past => Some("its event is over"),
            Status::Scheduled if self.has_seat(id, payment)? => {
                Some("its wallet has a seat already")
            }
            Status::Scheduled => None,
        })
    }

    /// Whether another payment has bought this wallet's seat.
    fn has_seat(&self, id: &EventId, payment: &Payment) -> Result<bool, SqlError> {
        Ok(store::rsvp_of_payer(&self.world, id, &payment.payer)?.is_some())
    }

    pub(super) fn end(
        &self,
        payment: &Payment,
        how: NotPaid,
        reason: &str,
    ) -> Result<(), SqlError> {
        let now = self.world.now();
        if payments::mark_not_paid(&self.world, &payment.claim(), how, reason, now)? == Step::Taken
        {
            self.world.line(Level::Info, reason, &[("payment", payment.id.as_str())]);
        }
        Ok(())
    }

    fn still_unknown(&self, payment: &Payment, why: &str) -> Result<(), SqlError> {
        let now = self.world.now();
        let fields = [("payment", payment.id.as_str()), ("why", why)];
        self.world.line(Level::Warn, "the outcome of a payment is still unknown", &fields);
        let next = flow::next_check(payment.attempts, now);
        payments::mark_unknown(&self.world, &payment.claim(), why, next, now).map(drop)
    }

    /// What the chain says. `hint`: a transaction to look at first.
    pub(super) async fn ask_chain(
        &self,
        payment: &Payment,
        hint: Option<B256>,
        look: &Look<'_, W>,
    ) -> OnChain {
        if self.is_left_alone(&payment.network, look) {
            return OnChain::Unclear("the endpoint did not answer others just now".to_owned());
        }
        let known = Network::by_caip2(&payment.network).zip(authorization_of(payment));
        let url = self.config.rpc_urls.get(&payment.network);
        let (Some((network, authorization)), Some(url)) = (known, url) else {
            return OnChain::Unclear("no endpoint for this network (RPC_URLS)".to_owned());
        };
        let rpc = Rpc { url: url.clone() };
        let asked = Asked { rpc: &rpc, network, authorization: &authorization, look };
        // Boxed, because it is large, and part of every call.
        match Box::pin(self.look_up(&asked, payment, hint)).await {
            Ok(found) => found,
            Err(error) => OnChain::Unclear(error.to_string()),
        }
    }

    async fn look_up(
        &self,
        asked: &Asked<'_, W>,
        payment: &Payment,
        hint: Option<B256>,
    ) -> Result<OnChain, RpcError> {
        let world = &self.world;
        let Asked { rpc, network, authorization, look } = *asked;
        let first = async {
            // Behind one address are many nodes, and the second question may reach one that lags. What it saw in its
            // own newest block proves nothing of this one: a use in between would count as one before ours.
            let (head, time) = rpc.head(look).await?;
            let is_used = rpc.was_used_at(look, network, authorization, head).await?;
            Ok::<_, RpcError>((head, time, is_used))
        };
        let Some(looked) = within(world, LOOK_MILLIS, first).await else {
            self.slices.is_silent(&payment.network, world.now());
            return Err(RpcError::Unavailable);
        };
        let (head, head_time, is_used) = looked?;
        if is_used {
            let search = Self::search(asked, payment, hint);
            return within(world, SEARCH_MILLIS, search).await.ok_or(RpcError::Unavailable)?;
        }
        Ok(if head_time > payment.valid_before.plus(RAN_OUT_SECONDS) {
            OnChain::RanOut
        } else {
            OnChain::Unused(head)
        })
    }

    /// How an authorization was used that was.
    async fn search(
        asked: &Asked<'_, W>,
        payment: &Payment,
        hint: Option<B256>,
    ) -> Result<OnChain, RpcError> {
        let Asked { rpc, network, authorization, look } = *asked;
        let seen = payment.seen.as_ref().and_then(|(transaction, _)| transaction.parse().ok());
        if let Some(hash) = hint.or(seen)
            && let Ok(Some(block)) = rpc.moved_in(look, network, authorization, hash).await
        {
            return Ok(OnChain::Paid(hash.to_string(), block));
        }
        let window = Window { unused_at: payment.unused_at, created_at: payment.created_at };
        Ok(match rpc.find_transfer(look, network, authorization, &window).await? {
            Use::Moved(hash, block) => OnChain::Paid(hash.to_string(), block),
            Use::Elsewhere => OnChain::Spent,
            Use::NotFound => OnChain::NotFound,
            Use::Unsearched => OnChain::Unclear("not every block could be searched".to_owned()),
        })
    }
}

/// Which authorization the chain is asked about, and by whom.
struct Asked<'a, W> {
    rpc: &'a Rpc,
    network: &'static Network,
    authorization: &'a Authorization,
    look: &'a Look<'a, W>,
}

/// What the payer has signed, as far as the chain shows it. Rows keep it also when the signature is gone.
fn authorization_of(payment: &Payment) -> Option<Authorization> {
    Some(Authorization {
        from: payment.payer.parse::<Address>().ok()?,
        to: payment.pay_to.parse::<Address>().ok()?,
        value: payment.amount.to_u256(),
        valid_after: U256::ZERO,
        valid_before: U256::from(u64::try_from(payment.valid_before.get()).ok()?),
        nonce: payment.nonce.parse().ok()?,
    })
}
