//! HTTP request headers and HTTP replies as plain data.

/// Request headers. Names are case-insensitive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// From pairs of name and value, in the order of the request.
    #[must_use]
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The first value of the header `name`, trimmed.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// Whether the body is uncompressed. Compressed bodies are never unpacked, because a small one can expand to any size.
    #[must_use]
    pub fn is_plain_body(&self) -> bool {
        let is_plain = |coding: &str| {
            let coding = coding.trim();
            coding.is_empty() || coding.eq_ignore_ascii_case("identity")
        };
        let mut codings =
            self.0.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-encoding"));
        codings.all(|(_, value)| value.split(',').all(is_plain))
    }

    /// The same headers without those named `name`.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(n, _)| !n.eq_ignore_ascii_case(name)).cloned().collect())
    }

    /// All pairs of name and value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The media type of a problem document (RFC 9457).
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A complete HTTP reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    /// Headers, `content-type` among them where there is a body.
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Reply {
    /// A reply without a body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// A reply whose body is serialized JSON.
    #[must_use]
    pub fn json(status: u16, body: String) -> Self {
        Self::text(status, "application/json", body)
    }

    /// A reply with a text body of this content type.
    #[must_use]
    pub fn text(status: u16, content_type: &str, body: String) -> Self {
        Self { status, headers: vec![("content-type", content_type.to_owned())], body }
    }

    /// Appends a header; earlier ones of the same name stay.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_plain_unless_any_coding_is_named() {
        let headers = |values: &[&str]| {
            let pair = |value: &&str| ("Content-Encoding".to_owned(), (*value).to_owned());
            Headers::new(values.iter().map(pair).collect())
        };
        for plain in [&[][..], &["identity"], &["Identity, identity"], &[""]] {
            assert!(headers(plain).is_plain_body(), "{plain:?}");
        }
        for packed in [&["gzip"][..], &["identity, gzip"], &["identity", "br"], &["x"], &["zstd"]] {
            assert!(!headers(packed).is_plain_body(), "{packed:?}");
        }
        assert!(headers(&["gzip"]).without("content-encoding").is_plain_body());
    }
}
