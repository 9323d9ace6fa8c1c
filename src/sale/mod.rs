//! The kernel of every sale. A product declares its tools ([`tool`]), implements [`product::Sale`] and gets a
//! [`cx::Cx`]. [`flow`] is the sale as a type-state machine, [`lock`] prevents concurrent judging of one payment,
//! [`repeat`] decides who may read an answer again, [`bought`] is what a buyer has, [`answers`] has the refusals, and [`request`] reads arguments and
//! writes replies. [`prices`] are those that a host sets itself, [`free_calls`] what it gives away. [`shape`] makes
//! schemas of answers.

pub mod answers;
pub mod bought;
pub mod cx;
pub mod flow;
pub mod free_calls;
pub mod key;
pub mod lock;
mod plain;
pub mod prices;
pub mod product;
pub mod repeat;
pub mod request;
pub mod shape;
pub mod tool;
