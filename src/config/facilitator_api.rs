//! `FACILITATOR_API`.

/// Who may use our own facilitator over HTTP. Hosts of this deployment need none of this.
#[derive(Clone, PartialEq, Eq)]
pub enum FacilitatorApi {
    /// Nobody.
    Off,
    /// Anybody.
    Open,
    /// Whoever has one of these tokens.
    Tokens(Vec<String>),
}
