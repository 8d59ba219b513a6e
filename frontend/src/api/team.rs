//! Members, roles and API keys.

use shared::{
    ids::{ApiKeyId, UserId},
    page::Page,
    permission::Role,
    team::{AddMember, ApiKey, ChangeRole, CreateApiKey, CreatedApiKey, Member},
};

use super::{Answer, Api};

impl Api {
    /// The members of the company.
    pub(crate) async fn members(self) -> Answer<Page<Member>> {
        self.get("/api/v1/members").await
    }

    /// A person joins.
    pub(crate) async fn add_member(self, member: &AddMember, key: &str) -> Answer<()> {
        self.tell_keyed("/api/v1/members", member, key).await
    }

    /// A member gets another role.
    pub(crate) async fn change_role(self, user: UserId, role: Role) -> Answer<()> {
        self.tell(&format!("/api/v1/members/{user}/role"), &ChangeRole { role }).await
    }

    /// A member leaves.
    pub(crate) async fn remove_member(self, user: UserId) -> Answer<()> {
        self.delete(&format!("/api/v1/members/{user}")).await
    }

    /// The company's keys.
    pub(crate) async fn api_keys(self) -> Answer<Page<ApiKey>> {
        self.get("/api/v1/api-keys").await
    }

    /// Makes a key.
    pub(crate) async fn create_api_key(
        self,
        create: &CreateApiKey,
        key: &str,
    ) -> Answer<CreatedApiKey> {
        self.post_keyed("/api/v1/api-keys", create, key).await
    }

    /// Revokes a key.
    pub(crate) async fn revoke_api_key(self, id: ApiKeyId) -> Answer<()> {
        self.delete(&format!("/api/v1/api-keys/{id}")).await
    }
}
