//! Public pages: a host, an event, and a ticket. The templates escape all text of hosts and guests, and no page runs
//! a script.

mod event;
mod host;
mod json_ld;
mod ticket;
mod words;

pub use event::{EventUrls, event_page, share_card};
pub use host::{HostUrls, Listed, SecretLine, host_page};
pub use ticket::{Ended, TicketUrls, ticket_page};
pub use words::HostCard;
