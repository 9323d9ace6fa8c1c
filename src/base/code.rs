//! The codes of all errors that callers can do something about. A code is closed, stable and has one HTTP status; programs
//! rely on its name. `docs/errors.md` and the page's types are written from this list.

use serde::Serialize;

macro_rules! codes {
    ($($name:ident $text:literal $status:literal $meaning:literal)+) => {
        /// An error code; its wire name is in `snake_case`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        #[cfg_attr(test, derive(ts_rs::TS))]
        #[serde(rename_all = "snake_case")]
        pub enum Code {
            $(#[doc = $meaning] $name,)+
        }

        impl Code {
            /// All of them, by name.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The HTTP status where there is one.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }

            /// What it means, for the documents.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }
        }
    };
}

codes! {
    AlreadyHasSeat "already_has_seat" 409
        "The wallet has a seat at this event; its ticket is shown to a `SIGN-IN-WITH-X` proof of that wallet."
    ArticleNotFound "article_not_found" 404
        "The knowledge base has no such article."
    BackupDamaged "backup_damaged" 409
        "The backup does not agree with itself or with its books; nothing was restored."
    BackupRefused "backup_refused" 422
        "The page is not one of a backup of this host and deployment."
    BackupTooLarge "backup_too_large" 413
        "The backup has more pages or bytes than can be restored."
    BackupTooNew "backup_too_new" 409
        "The backup was written by a newer version."
    BeingRestored "being_restored" 503
        "The host is being restored from its published records; retry after the given time."
    BodyBroken "body_broken" 400
        "The body of the request could not be read."
    BodyTooLong "body_too_long" 413
        "The body of the request is longer than the route takes."
    CannotCancel "cannot_cancel" 409
        "The seat cannot be given back any more: its guest is in, or the event is over."
    CannotTransfer "cannot_transfer" 409
        "The ticket cannot be given to somebody else any more: its guest is in, or it has changed hands too often."
    ChainUnavailable "chain_unavailable" 503
        "The chain cannot be asked now; retry later."
    CodeRefused "code_refused" 401
        "The code from the mail is wrong, used or expired; ask for a new one."
    CredentialNotFound "credential_not_found" 404
        "The host has no such credential."
    CredentialRefused "credential_refused" 401
        "The credential is unknown, expired or revoked."
    DeskFull "desk_full" 409
        "The desk, the thread or the approval queue takes no more."
    DoorClosed "door_closed" 404
        "The host has switched off the product that the tool belongs to. The name is older than the word product."
    DraftChanged "draft_changed" 409
        "The draft, its recipient or the question is not what the approval was given for; the answer has the draft as it is."
    DraftDecided "draft_decided" 409
        "The draft was approved or rejected before."
    DraftNotFound "draft_not_found" 404
        "The approval queue has no such draft."
    EventCancelled "event_cancelled" 409
        "The host has cancelled the event."
    EventFull "event_full" 409
        "All seats of the event are sold."
    EventNotFound "event_not_found" 404
        "The host has no such event."
    EventNotFull "event_not_full" 409
        "The event has seats left, so there is nothing to wait for; get one."
    EventPast "event_past" 409
        "The event is over."
    EventSeatsHeld "event_seats_held" 409
        "All free seats are held by payments that are being settled; retry after the given time."
    GasBudgetUsedUp "gas_budget_used_up" 503
        "Our facilitator has spent its gas budget for this payer or caller; retry later or use another facilitator."
    GasPriceTooHigh "gas_price_too_high" 503
        "Our facilitator does not settle at the present gas price; retry later."
    HostInUse "host_in_use" 409
        "A backup replaces only a storage without sales or changes of its own."
    InternalError "internal_error" 500
        "We are at fault. The answer has a request id for the operator."
    InvalidArguments "invalid_arguments" 422
        "An argument cannot be used; the detail names the field and what to do."
    InvalidFacilitatorRequest "invalid_facilitator_request" 400
        "The request to our facilitator is not one of x402."
    InvalidSession "invalid_session" 400
        "The id of the guest session is not one."
    InvalidSignIn "invalid_sign_in" 400
        "The body of the sign-in is not a message with its signature."
    MailUnavailable "mail_unavailable" 503
        "This deployment sends no mail."
    MalformedJson "malformed_json" 400
        "The body is not JSON."
    MethodNotAllowed "method_not_allowed" 405
        "The route has another method."
    Misconfigured "misconfigured" 500
        "The settings of the deployment are faulty; the operator sees which in `/health` and the log."
    NetworkNotSupported "network_not_supported" 503
        "The facilitator of this deployment settles on none of its networks."
    NoAccessToken "no_access_token" 401
        "Our facilitator wants a token from callers outside of the deployment."
    NoAddress "no_address" 409
        "The ticket has no e-mail address to write to."
    NoSuchHost "no_such_host" 404
        "No host has a server at this URL."
    NoSuchPayment "no_such_payment" 404
        "The host has no such payment."
    NoSuchSession "no_such_session" 404
        "There is no such guest session."
    NoSuchTicket "no_such_ticket" 404
        "There is no such ticket, or it belongs to another event."
    NoSuchTransaction "no_such_transaction" 404
        "The local chain has no such transaction."
    NoTestMoney "no_test_money" 503
        "The local faucet could not send test money."
    NonceUsed "nonce_used" 401
        "The sign-in message or proof was used before; sign one with a new nonce."
    NotFound "not_found" 404
        "There is no such route."
    NotGranted "not_granted" 403
        "The credential does not allow this."
    NotOwner "not_owner" 403
        "Only the host of this server may do this."
    NotSignedIn "not_signed_in" 401
        "Sign in first, or again."
    NotYours "not_yours" 403
        "The guest session belongs to another user."
    NothingBought "nothing_bought" 404
        "The wallet has bought nothing here that this call could be about."
    OriginNotAllowed "origin_not_allowed" 403
        "The web page that asks is not allowed by `ALLOWED_ORIGINS`."
    OutOfOrder "out_of_order" 409
        "The pages of a backup come in order; the detail names the next one."
    PayerWaits "payer_waits" 503
        "Our facilitator settles for this contract wallet only after a pause; retry after the given time."
    PaymentDecided "payment_decided" 409
        "The outcome of this payment is known, or it is being carried out; the host has nothing to decide."
    PaymentFailed "payment_failed" 402
        "The payment was not carried out; sign a new one."
    PaymentIdentifierConflict "payment_identifier_conflict" 409
        "The payment id was used with another payment."
    PaymentInProgress "payment_in_progress" 409
        "This payment is being judged, or another paid call of its wallet is being settled; repeat the same call with the same payment."
    PaymentPending "payment_pending" 409
        "To a host that decides about a payment too early: its outcome is still looked for, until 10 minutes after its `validBefore`."
    PaymentRequired "payment_required" 402
        "The tool is paid."
    PaymentUnavailable "payment_unavailable" 503
        "The facilitator cannot be used now; no money moved."
    PaymentUsed "payment_used" 409
        "The payment was used for another call, at another host, or before it came here, or it is another copy of one that was refused."
    PriceAboveLimit "price_above_limit" 409
        "The price is above what this server takes from one wallet in 24 hours."
    PriceChanged "price_changed" 409
        "The price changed while the paid call ran, after the payment had passed the check against the quote; no money moved, sign again."
    PromoCodeRefused "promo_code_refused" 409
        "The promo code is not one of the event, has ended or is used up; leave `promoCode` out to pay the full price."
    ProofNeeded "proof_needed" 401
        "A wallet has to prove itself with `SIGN-IN-WITH-X`: the one that has paid, to see the answer, or the one that shall have a free seat."
    ProofRefused "proof_refused" 401
        "The proof of the wallet is not valid here."
    RateLimited "rate_limited" 429
        "Too many calls; retry after the given time."
    RefundChanged "refund_changed" 409
        "Less goes back by now than the caller accepts; nothing was cancelled."
    RelayerBalanceLow "relayer_balance_low" 503
        "The key of our facilitator has too little money for gas."
    RelayerStorageFailed "relayer_storage_failed" 503
        "The storage of our facilitator failed."
    RpcUnavailable "rpc_unavailable" 503
        "The endpoint of the chain does not answer our facilitator."
    SecretExpired "secret_expired" 409
        "The secret has expired."
    SecretNotFound "secret_not_found" 404
        "The host has no such secret."
    SecretReplaced "secret_replaced" 409
        "The host has replaced the value of the secret."
    SecretRevoked "secret_revoked" 409
        "The host has withdrawn the secret."
    SendingStopped "sending_stopped" 409
        "The circuit breaker of the desk stops mail; the host resets it."
    SessionEnded "session_ended" 410
        "The guest session has ended; begin a new one."
    SettlementPending "settlement_pending" 409
        "Settling was asked for, and its outcome, or that of an earlier payment of this wallet for the same, is not known yet; repeat the same call with the same payment."
    SignInAgain "sign_in_again" 403
        "This needs a sign-in of the last 10 minutes."
    SignInRefused "sign_in_refused" 401
        "The sign-in message or its signature is not valid here."
    SimulationUnavailable "simulation_unavailable" 503
        "Our facilitator could not simulate the transaction."
    TicketCancelled "ticket_cancelled" 409
        "The guest gave this seat back; the ticket is of no use any more."
    TicketNotFound "ticket_not_found" 404
        "The desk has no such ticket."
    TicketTransferred "ticket_transferred" 409
        "This ticket was given to somebody else; its former code is of no use any more."
    TooManyArticles "too_many_articles" 409
        "The knowledge base is full."
    TooManyCredentials "too_many_credentials" 409
        "The host has as many credentials as it may have."
    TooManyEvents "too_many_events" 409
        "The host has as many events as it may have."
    TooManyRequests "too_many_requests" 429
        "Our facilitator gets too many requests; retry after the given time."
    TooManySecrets "too_many_secrets" 409
        "The host has as many secrets as it may have."
    TooManySockets "too_many_sockets" 429
        "The guest session has as many connections as it may have."
    TransactionUsed "transaction_used" 409
        "The transaction is booked for another payment."
    UnknownTool "unknown_tool" 404
        "The server has no tool of this name; see its manifest."
    UnsupportedEncoding "unsupported_encoding" 415
        "Compressed bodies are not taken."
    WaitlistClosed "waitlist_closed" 409
        "The event begins soon, so nobody can join its waitlist any more."
    WaitlistFull "waitlist_full" 409
        "The waitlist of the event takes no more guests for now."
    WalletUnavailable "wallet_unavailable" 503
        "The wallet service does not answer; retry later."
    WebhookRefused "webhook_refused" 401
        "The webhook is not signed by the provider."
    WebsocketOnly "websocket_only" 426
        "The route takes `WebSocket` connections only."
    WrongSessionToken "wrong_session_token" 403
        "The token does not resume this guest session."
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md");
    const HEAD: &str = "# Error codes\n\nEvery refusal of a server, of the REST routes and of our facilitator has a code, over \
         HTTP in `application/problem+json` (`type` is `urn:events-concierge:problem:{code}`), in tool results as \
         `error.code`. The codes that the guest agent sends over its WebSocket are in \
         [guest-agent.md](guest-agent.md#codes-of-tool_error). `detail` says what to do, and `moneyMoved` (`no`, `unknown`, \
         `yes`) whether money moved. This page is written by `UPDATE_DOCS=1 cargo test the_errors_page` from \
         `src/base/code.rs`.\n\n| code | status | meaning |\n|---|---|---|\n";

    #[test]
    fn codes_are_named_once_in_order_and_as_serde_names_them() {
        for pair in Code::ALL.windows(2) {
            assert!(pair[0].as_str() < pair[1].as_str(), "{}", pair[1]);
        }
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert!((400..=599).contains(&code.status()) && code.meaning().ends_with('.'));
        }
    }

    #[test]
    fn the_errors_page_lists_every_code() {
        let mut page = HEAD.to_owned();
        for code in Code::ALL {
            page.push_str(&format!("| `{code}` | {} | {} |\n", code.status(), code.meaning()));
        }
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(PATH, &page).unwrap();
        }
        let is_same = fs::read_to_string(PATH).is_ok_and(|found| found == page);
        assert!(is_same, "docs/errors.md is not that of this version: UPDATE_DOCS=1 writes it");
    }
}
