//! The platform's console.

use shared::{
    ids::CompanyId,
    page::Page,
    permission::{Feature, Quota},
    platform::{Company, Impersonate, SetFeature, SetQuota, Suspend},
};

use super::{Answer, Api};

impl Api {
    /// All companies.
    pub(crate) async fn companies(self, after: Option<&str>) -> Answer<Page<Company>> {
        let after = after.map(js_sys::encode_uri_component);
        let key = after.map_or_else(String::new, |after| format!("&after={after}"));
        self.get(&format!("/api/v1/platform/companies?limit=100{key}")).await
    }

    /// A company may not work for now.
    pub(crate) async fn suspend(self, company: CompanyId, reason: String) -> Answer<()> {
        let path = format!("/api/v1/platform/companies/{company}/suspend");
        self.tell(&path, &Suspend { reason }).await
    }

    /// It may again.
    pub(crate) async fn unsuspend(self, company: CompanyId) -> Answer<()> {
        let path = format!("/api/v1/platform/companies/{company}/resume");
        self.tell(&path, &serde_json::Map::new()).await
    }

    /// Switches a feature.
    pub(crate) async fn set_feature(
        self,
        company: CompanyId,
        feature: Feature,
        is_on: bool,
    ) -> Answer<()> {
        let word = feature.as_str();
        let path = format!("/api/v1/platform/companies/{company}/features/{word}");
        self.tell(&path, &SetFeature { is_on }).await
    }

    /// Changes how much of something a company may use.
    pub(crate) async fn set_quota(
        self,
        company: CompanyId,
        quota: Quota,
        set: &SetQuota,
    ) -> Answer<()> {
        let word = quota.as_str();
        self.tell(&format!("/api/v1/platform/companies/{company}/quotas/{word}"), set).await
    }

    /// Acts in a company for some minutes.
    pub(crate) async fn impersonate(self, impersonate: &Impersonate) -> Answer<()> {
        self.tell("/api/v1/platform/impersonations", impersonate).await
    }

    /// Stops acting in a company.
    pub(crate) async fn end_impersonation(self) -> Answer<()> {
        self.delete("/api/v1/platform/impersonations/current").await
    }
}
