//! Plain types that every module uses: money, time, ids, text, fields, limits. No I/O and no imports from other modules.

pub mod backoff;
pub mod code;
pub mod csv;
pub mod email;
pub mod fields;
pub mod http;
pub mod id;
pub mod money;
pub mod random;
pub mod rate_limit;
pub mod signing_key;
pub mod standards;
pub mod terms;
pub mod text;
pub mod time;
pub mod web_address;
pub mod zones;
