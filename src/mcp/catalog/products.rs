//! The products that a host opens and closes.

/// What a host sells at its product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Seats at events.
    Events,
    /// Secrets.
    Vault,
    /// Helpdesk work.
    Desk,
}

/// The products that a host has opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Products {
    events: bool,
    vault: bool,
    desk: bool,
}

impl Product {
    /// Its name in a host's settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Vault => "vault",
            Self::Desk => "desk",
        }
    }
}

impl Default for Products {
    /// What is open unless the host says otherwise.
    fn default() -> Self {
        Self { events: true, vault: true, desk: false }
    }
}

impl Products {
    /// The products with these names; `None` if there is none, or one that we do not know.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut products = Self { events: false, vault: false, desk: false };
        for name in names {
            match name {
                "events" => products.events = true,
                "vault" => products.vault = true,
                "desk" => products.desk = true,
                _ => return None,
            }
        }
        (products.events || products.vault || products.desk).then_some(products)
    }

    /// Whether a server is open.
    #[must_use]
    pub const fn has(self, product: Product) -> bool {
        match product {
            Product::Events => self.events,
            Product::Vault => self.vault,
            Product::Desk => self.desk,
        }
    }

    /// The names of those that are open.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        let all = [Product::Events, Product::Vault, Product::Desk];
        all.into_iter().filter(|product| self.has(*product)).map(Product::name).collect()
    }
}
