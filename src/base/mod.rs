//! Plain types that every module uses: money, time, ids, text, fields, limits. Nothing here does I/O or imports from above.

pub mod csv;
pub mod email;
pub mod fields;
pub mod http;
pub mod id;
pub mod money;
pub mod random;
pub mod rate_limit;
pub mod signing_key;
pub mod text;
pub mod time;
