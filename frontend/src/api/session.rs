//! Signing in and out.

use shared::{
    ids::SessionId,
    page::Page,
    session::{Me, Session, SignIn},
};

use super::{Answer, Api};

impl Api {
    /// Who is signed in.
    pub(crate) async fn me(self) -> Answer<Me> {
        self.get("/api/v1/me").await
    }

    /// Signs in.
    pub(crate) async fn sign_in(self, email: String, password: String) -> Answer<Me> {
        self.post("/api/v1/sessions", &SignIn { email, password }).await
    }

    /// The sessions of whoever asks.
    pub(crate) async fn sessions(self) -> Answer<Page<Session>> {
        self.get("/api/v1/sessions").await
    }

    /// Ends a session; one's own is signing out.
    pub(crate) async fn end_session(self, session: SessionId) -> Answer<()> {
        self.delete(&format!("/api/v1/sessions/{session}")).await
    }
}
