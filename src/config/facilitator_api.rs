//! The setting `FACILITATOR_API`: closed, open, or for some tokens.

/// Who may use our own facilitator over HTTP. Hosts of this deployment need no permission.
#[derive(Clone, PartialEq, Eq)]
pub enum FacilitatorApi {
    Off,
    Open,
    /// Callers with one of these access tokens.
    Tokens(Vec<String>),
}
