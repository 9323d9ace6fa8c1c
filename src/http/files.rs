//! The files of the deployment that registries, scanners and crawlers ask for. `market::documents` makes them.

/// A file at a fixed path, which the gateway makes for the whole deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    Openapi,
    X402,
    AiCatalog,
    /// The same under its older address.
    OldCatalog,
    ServerCard,
    /// The same under its older address.
    OldServerCard,
    ServerJson,
    AgentRegistration,
    LlmsTxt,
    SkillMd,
    Robots,
    Sitemap,
    Security,
}

impl File {
    const ALL: [Self; 13] = [
        Self::Openapi,
        Self::X402,
        Self::AiCatalog,
        Self::OldCatalog,
        Self::ServerCard,
        Self::OldServerCard,
        Self::ServerJson,
        Self::AgentRegistration,
        Self::LlmsTxt,
        Self::SkillMd,
        Self::Robots,
        Self::Sitemap,
        Self::Security,
    ];

    /// Its path, without the leading slash.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Openapi => "openapi.json",
            Self::X402 => ".well-known/x402",
            Self::AiCatalog => ".well-known/ai-catalog.json",
            Self::OldCatalog => ".well-known/mcp/catalog.json",
            Self::ServerCard => "mcp/server-card",
            Self::OldServerCard => ".well-known/mcp/server-card.json",
            Self::ServerJson => "server.json",
            Self::AgentRegistration => ".well-known/agent-registration.json",
            Self::LlmsTxt => "llms.txt",
            Self::SkillMd => "skill.md",
            Self::Robots => "robots.txt",
            Self::Sitemap => "sitemap.xml",
            Self::Security => ".well-known/security.txt",
        }
    }

    /// The file at this path, without its leading slash.
    #[must_use]
    pub fn parse(path: &[&str]) -> Option<Self> {
        Self::ALL.into_iter().find(|file| file.path().split('/').eq(path.iter().copied()))
    }
}
