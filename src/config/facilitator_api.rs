//! `FACILITATOR_API`.

/// Who may use our own facilitator over HTTP. Hosts of this deployment need no permission.
#[derive(Clone, PartialEq, Eq)]
pub enum FacilitatorApi {
    /// No caller.
    Off,
    /// Every caller.
    Open,
    /// Callers with one of these access tokens.
    Tokens(Vec<String>),
}
