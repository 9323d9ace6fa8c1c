//! The kernel that sells. A product says what is sold ([`product`], [`tool`]) and gets a [`cx::Cx`]; [`flow`] is the paid call as
//! types, each step made from the one before; [`lock`] keeps a payment from being judged twice at once; [`repeat`] holds the
//! rule who may read an answer again; [`answers`] are the refusals, [`request`] reads arguments and writes replies.

pub mod answers;
pub mod cx;
pub mod flow;
pub mod lock;
pub mod product;
pub mod repeat;
pub mod request;
pub mod tool;
