//! Connected numbers and what could not be understood.

use shared::{
    channels::{
        Channel, ConnectChannel, ConnectedChannel, OpenDelivery, Quarantined, RawDelivery,
        ReplaceCredentials,
    },
    ids::{ChannelId, DeliveryId},
    page::Page,
};

use super::{Answer, Api};

impl Api {
    /// All channels.
    pub(crate) async fn channels(self) -> Answer<Page<Channel>> {
        self.get("/api/v1/channels").await
    }

    /// Connects a number; nothing is saved when it is refused.
    pub(crate) async fn connect_channel(
        self,
        connect: &ConnectChannel,
        key: &str,
    ) -> Answer<ConnectedChannel> {
        self.post_keyed("/api/v1/channels", connect, key).await
    }

    /// Something that a channel can be told: `pause`, `resume`, `test`, `disconnect`.
    pub(crate) async fn tell_channel(self, id: ChannelId, verb: &str) -> Answer<()> {
        self.tell(&format!("/api/v1/channels/{id}/{verb}"), &serde_json::Map::new()).await
    }

    /// Gives a channel a new token or secret.
    pub(crate) async fn replace_credentials(
        self,
        id: ChannelId,
        credentials: &ReplaceCredentials,
    ) -> Answer<()> {
        self.tell(&format!("/api/v1/channels/{id}/credentials"), credentials).await
    }

    /// Deliveries that could not be understood.
    pub(crate) async fn quarantine(self) -> Answer<Page<Quarantined>> {
        self.get("/api/v1/quarantine").await
    }

    /// Tries one of them again.
    pub(crate) async fn replay(self, id: DeliveryId) -> Answer<()> {
        self.tell(&format!("/api/v1/quarantine/{id}/replay"), &serde_json::Map::new()).await
    }

    /// One of them as it came; that it was opened stands in the history.
    pub(crate) async fn open_delivery(self, id: DeliveryId) -> Answer<RawDelivery> {
        self.post(&format!("/api/v1/quarantine/{id}/open"), &serde_json::Map::new()).await
    }

    /// What could not be understood anywhere, for the platform.
    pub(crate) async fn platform_quarantine(self) -> Answer<Page<Quarantined>> {
        self.get("/api/v1/platform/quarantine").await
    }

    /// Tries any of them again, for the platform.
    pub(crate) async fn platform_replay(self, id: DeliveryId) -> Answer<()> {
        let path = format!("/api/v1/platform/quarantine/{id}/replay");
        self.tell(&path, &serde_json::Map::new()).await
    }

    /// One that belongs to nobody as it came, for a reason.
    pub(crate) async fn platform_open(self, id: DeliveryId, reason: String) -> Answer<RawDelivery> {
        let path = format!("/api/v1/platform/quarantine/{id}/open");
        self.post(&path, &OpenDelivery { reason }).await
    }
}
