//! HTTP as data: routes, admission, CORS, problem documents, pages. No I/O here.

pub mod admission;
pub mod cookie;
pub mod cors;
pub mod cover;
pub mod explorer;
pub mod files;
pub mod markdown;
pub mod page;
pub mod picture;
pub mod problem;
pub mod route;
pub mod share;
pub mod source;
