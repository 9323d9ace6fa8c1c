//! A world that has HTTP and the time, and no storage.

use events_concierge::base::signing_key::SigningKey as PlatformKey;
use events_concierge::base::time::UnixSeconds;
use events_concierge::ports::{
    Clock, Http, HttpError, HttpRequest, HttpResponse, Random, RelayerOrder, Relayers, SignError,
    Signer, Timer,
};

use crate::support::NOW;

/// A world that has HTTP, and the time.
pub(crate) struct HttpOnly<'a, H>(pub(crate) &'a H);

impl<H: Http> Http for HttpOnly<'_, H> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.0.send(request).await
    }
}

impl<H> Clock for HttpOnly<'_, H> {
    fn now(&self) -> UnixSeconds {
        UnixSeconds::new(NOW)
    }
}

impl<H> Random for HttpOnly<'_, H> {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

impl<H> Signer for HttpOnly<'_, H> {
    async fn sign(&self, _key: &PlatformKey, _message: &[u8]) -> Result<Vec<u8>, SignError> {
        Err(SignError("there is no platform here".to_owned()))
    }
}

impl<H> Timer for HttpOnly<'_, H> {
    async fn sleep(&self, _millis: u32) {
        std::future::pending::<()>().await;
    }
}

impl<H> Relayers for HttpOnly<'_, H> {
    async fn settle(
        &self,
        _network: &'static str,
        _order: RelayerOrder,
    ) -> Result<HttpResponse, HttpError> {
        Err(HttpError::Connection("there is no relayer here".to_owned()))
    }
}
