//! The page's types, written from ours: `web/src/api/types.ts`. A test fails when the two differ, so that
//! a message or an answer cannot change without the page's compiler seeing it.

use std::fs;

use ts_rs::{Config, TS};

use crate::base::code::Code;
use crate::guest::messages::{Cards, In, Out};
use crate::guest::purchase::model::State;
use crate::guest::views::{
    BalanceView, BoughtView, CustodyView, DeploymentView, ExchangeView, KeptWalletView,
    PaymentView, Proof, ToolView, WithdrawalView,
};
use crate::guest::withdrawal::model::State as WithdrawalState;
use crate::host::prices::{OwnPrices, PriceView};
use crate::host::views::{
    CreatedCredential, CredentialView, OwnCredentials, OwnMails, OwnPayments, ProfileView,
    Registered, RevokedCredential, Status as CredentialStatus,
};
use crate::http::cover::palette::Palette;
use crate::http::page::{
    CodeSentAnswer, FaucetAnswer, NetworkView, NonceAnswer, PageSettings, SessionAnswer,
};
use crate::identity::access::Tier;
use crate::ledger::funnel::{Period, Stages};
use crate::ledger::limits::LimitsView;
use crate::ledger::refunds;
use crate::ledger::revenue::{Count, Revenue, Sum};
use crate::ledger::statement::Line;
use crate::mail::inbound::{Attachment, Verdict};
use crate::mail::outbox::Line as MailLine;
use crate::products::desk::kb::Article;
use crate::products::desk::rules::{DeskView, MailIn};
use crate::products::desk::tickets::{Entry, EntryKind};
use crate::products::desk::views::{
    Approvals, Articles, DraftView, Question, Record, TicketView, Tickets,
};
use crate::products::desk::{self, Priority, drafts};
use crate::products::events::Status;
use crate::products::events::asks::Ask;
use crate::products::events::entrance::answers as entrance;
use crate::products::events::news::input::Audience;
use crate::products::events::news::kind::Kind as NewsKind;
use crate::products::events::news::views::{MailPreview, MessageAnswer, NewsLine, NewsLines};
use crate::products::events::promos::PromoView;
use crate::products::events::questions::{self, Answer};
use crate::products::events::refunds::{Paying, Refunds, Taken, ToSign};
use crate::products::events::rsvp::RsvpLine;
use crate::products::events::types::TicketTypeView;
use crate::products::events::views::{
    CheckInAnswer, EventView, OwnEvent, OwnEvents, Rsvps, Waitlist, WaitlistLine,
};
use crate::products::vault::retrievals::Retrieval;
use crate::products::vault::views::{OwnSecrets, Retrievals};
use crate::products::vault::{self, SecretView};
use crate::rails::problem::Problem;
use crate::sale::bought;
use crate::tickets::views;
use crate::wallets::policy::Policy;
use crate::wallets::{Kind, WalletInfo};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/web/src/api/types.ts");
const HEAD: &str =
    "// Written by `UPDATE_TYPES=1 cargo test page_types` from the Rust types. Do not edit.\n";

/// All that the page reads or sends.
fn types() -> String {
    // No integer of ours is larger than JavaScript's numbers can say exactly (ports: SQLite's bound).
    let config = Config::new().with_large_int("number");
    let mut text = HEAD.to_owned();
    macro_rules! write {
        ($($type:ty),* $(,)?) => {
            $(
                text.push_str("\nexport ");
                text.push_str(&<$type>::decl(&config));
                text.push('\n');
            )*
        };
    }
    #[rustfmt::skip]
    write!(
        In, Out, Cards, BoughtView, Kind, WalletInfo, Policy, ToolView, State, PaymentView, DeploymentView,
        BalanceView, KeptWalletView, Proof, CustodyView, WithdrawalState, WithdrawalView,
        ExchangeView, PageSettings, NetworkView, FaucetAnswer, NonceAnswer, CodeSentAnswer,
        SessionAnswer, Code, Problem, ProfileView, LimitsView, Registered, Status, Ask, Palette, questions::Question, Answer, TicketTypeView, PromoView, EventView, OwnEvent,
        OwnEvents, RsvpLine<'_>, Rsvps<'_>, Waitlist, WaitlistLine, CheckInAnswer<'_>, Audience, NewsKind, MailPreview, MessageAnswer, NewsLine, NewsLines, entrance::ProblemKind,
        entrance::LetIn, entrance::EntranceProblem, entrance::EntranceSummary, entrance::EntranceTicket,
        entrance::EntranceList, entrance::EntranceOutcome, entrance::EntranceResult, entrance::EntranceSync, vault::Status, SecretView,
        OwnSecrets, Retrieval, Retrievals, Article, Articles, desk::Status, Priority, EntryKind,
        Verdict, Attachment, Entry, TicketView, Tickets, drafts::Kind, Question, Record, DraftView, Approvals, MailIn, DeskView, Revenue, Sum,
        Count, Period, Stages, Line, OwnPayments, PriceView, OwnPrices, refunds::Line, ToSign, Taken, Paying, Refunds, MailLine, OwnMails, Tier, CredentialStatus, CredentialView,
        OwnCredentials, CreatedCredential, RevokedCredential, bought::Kind, bought::State,
        bought::Again, bought::RefundState, bought::Refund, bought::Cancel, bought::Bought, views::SoldBy, views::Reason, views::Unavailable,
        views::OwnWallet, views::Line, views::Tickets,
    );
    text
}

#[test]
fn the_page_has_the_types_of_this_version() {
    let types = types();
    if std::env::var_os("UPDATE_TYPES").is_some() {
        fs::write(PATH, &types).unwrap();
    }
    let kept = fs::read_to_string(PATH).unwrap();
    assert!(
        kept == types,
        "web/src/api/types.ts is old: run `UPDATE_TYPES=1 cargo test page_types`"
    );
}
