//! The names of all settings. `build.rs` and a test check `wrangler.toml`, `.dev.vars.example` and `docs/settings.md`
//! against this list, and the scripts in `dev/` read it.

/// Settings that are public.
pub const VARIABLES: &[&str] = &[
    "NETWORK_SET",
    "NETWORKS",
    "FACILITATOR_URL",
    "SOLANA_FACILITATOR_URL",
    "FACILITATOR_API",
    "WALLET_FACTORIES",
    "SMART_WALLET_FACTORY",
    "CROSSMINT_URL",
    "RPC_URLS",
    "PUBLIC_URL",
    "ALLOWED_ORIGINS",
    "OPENAI_BASE_URL",
    "OPENAI_MODEL",
    "MAIL_FROM",
    "MAIL_API_URL",
    "MAIL_INBOX",
    "CONTACT",
    "GAS_COIN_USD",
    "GAS_BUDGETS",
    "SETTLE_MIN",
    "PRICE_MIN",
];

/// Settings that are stored as secrets.
pub const SECRETS: &[&str] = &[
    "MASTER_KEY",
    "MASTER_KEY_PREVIOUS",
    "IDENTITY_KEYS",
    "RELAYER_PRIVATE_KEY",
    "FACILITATOR_AUTHORIZATION",
    "SOLANA_FACILITATOR_AUTHORIZATION",
    "CDP_API_KEY_ID",
    "CDP_API_KEY_SECRET",
    "FACILITATOR_TOKENS",
    "CROSSMINT_API_KEY",
    "OPENAI_API_KEY",
    "MAIL_API_KEY",
    "MAIL_WEBHOOK_SECRET",
];
