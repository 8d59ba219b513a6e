//! What happens to a WhatsApp Business Account.

use chrono::{DateTime, Utc};

use super::{Extra, fields::Fields};

/// Something that happened to an account.
#[derive(Debug)]
pub struct AccountUpdate {
    /// What happened.
    pub event: AccountEvent,
    /// The same in Meta's word.
    pub word: String,
    /// The account, where the entry's id is the business's.
    pub waba_id: Option<String>,
    /// The business that owns it.
    pub owner_business_id: Option<String>,
    /// What it did wrong.
    pub violation: Option<String>,
    /// What it may not do.
    pub restrictions: Vec<Restriction>,
    /// Whether it is shut.
    pub ban: Option<Ban>,
    /// Where it is at home.
    pub country: Option<String>,
    /// What we do not know or need.
    pub extra: Extra,
}

/// What happened to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountEvent {
    /// It is gone.
    Deleted,
    /// It may do less.
    Restricted,
    /// It broke a rule.
    Violated,
    /// It was shut, or opened again.
    Disabled,
    /// Our app was put in.
    AppInstalled,
    /// Our app was taken out.
    AppUninstalled,
    /// It was shared with us.
    PartnerAdded,
    /// It is no longer shared with us.
    PartnerRemoved,
    /// The business was certified through us, or not.
    PartnerCertified,
    /// An advertising account was linked.
    AdAccountLinked,
    /// The number left the Cloud API.
    Offboarded,
    /// The number came back.
    Reconnected,
    /// The volume discount changed.
    PricingTier,
    /// International authentication prices begin to hold.
    InternationalPrices,
    /// Its country was set.
    CountrySet,
    /// The terms of the marketing API were signed.
    MarketingTermsSigned,
    /// A word that we do not know.
    Other(String),
}

/// Something that an account may not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    /// What.
    pub kind: RestrictionKind,
    /// Until when; without one, until further notice.
    pub until: Option<DateTime<Utc>>,
}

/// What an account may not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestrictionKind {
    /// Begin a conversation.
    BusinessInitiated,
    /// Answer one.
    CustomerInitiated,
    /// Add numbers.
    AddNumbers,
    /// A word that we do not know.
    Other(String),
}

/// Whether an account is shut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// `SCHEDULE_FOR_DISABLE`, `DISABLE`, `REINSTATE`.
    pub state: Option<String>,
    /// Since or from when, in Meta's words.
    pub date: Option<String>,
}

/// What it means for sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing leaves any more.
    SendingDisabled,
    /// Only answers leave.
    BusinessInitiatedBlocked {
        /// Until when.
        until: Option<DateTime<Utc>>,
    },
    /// Nothing leaves for a while.
    AllBlocked {
        /// Until when.
        until: Option<DateTime<Utc>>,
    },
    /// Our access ended: no webhook comes, nothing leaves.
    Disconnected,
    /// What was stopped may go on.
    Restored,
    /// Nothing.
    None,
}

impl AccountUpdate {
    pub(super) fn read(mut value: Fields<'_>) -> Option<Self> {
        let word = value.text("event")?;
        let event = AccountEvent::from(word.clone());
        let mut info = value.object("waba_info").unwrap_or_default();
        let mut violation = value.object("violation_info").unwrap_or_default();
        Some(Self {
            event,
            word,
            waba_id: info.text("waba_id"),
            owner_business_id: info.text("owner_business_id"),
            violation: violation.text("violation_type"),
            restrictions: value.objects("restriction_info").filter_map(Restriction::read).collect(),
            ban: value.object("ban_info").map(Ban::read),
            country: value.text("country"),
            extra: value.rest(),
        })
    }

    /// What it means for sending.
    #[must_use]
    pub fn effect(&self) -> Effect {
        match &self.event {
            AccountEvent::Deleted => Effect::SendingDisabled,
            AccountEvent::AppUninstalled
            | AccountEvent::PartnerRemoved
            | AccountEvent::Offboarded => Effect::Disconnected,
            AccountEvent::Reconnected | AccountEvent::AppInstalled => Effect::Restored,
            AccountEvent::Disabled => {
                match self.ban.as_ref().and_then(|ban| ban.state.as_deref()) {
                    Some("REINSTATE") => Effect::Restored,
                    Some("SCHEDULE_FOR_DISABLE") => Effect::None,
                    _ => Effect::SendingDisabled,
                }
            }
            AccountEvent::Restricted => self.restriction_effect(),
            _ => Effect::None,
        }
    }

    fn restriction_effect(&self) -> Effect {
        let find = |kind| self.restrictions.iter().find(|restriction| restriction.kind == kind);
        if let Some(answers) = find(RestrictionKind::CustomerInitiated) {
            return Effect::AllBlocked { until: answers.until };
        }
        find(RestrictionKind::BusinessInitiated).map_or(Effect::None, |restriction| {
            Effect::BusinessInitiatedBlocked { until: restriction.until }
        })
    }
}

impl From<String> for AccountEvent {
    fn from(word: String) -> Self {
        match word.as_str() {
            "ACCOUNT_DELETED" => Self::Deleted,
            "ACCOUNT_RESTRICTION" => Self::Restricted,
            "ACCOUNT_VIOLATION" => Self::Violated,
            "DISABLED_UPDATE" => Self::Disabled,
            "PARTNER_APP_INSTALLED" => Self::AppInstalled,
            "PARTNER_APP_UNINSTALLED" => Self::AppUninstalled,
            "PARTNER_ADDED" => Self::PartnerAdded,
            "PARTNER_REMOVED" => Self::PartnerRemoved,
            "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE" => Self::PartnerCertified,
            "AD_ACCOUNT_LINKED" => Self::AdAccountLinked,
            "ACCOUNT_OFFBOARDED" => Self::Offboarded,
            "ACCOUNT_RECONNECTED" => Self::Reconnected,
            "VOLUME_BASED_PRICING_TIER_UPDATE" => Self::PricingTier,
            "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE" => Self::InternationalPrices,
            "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE" => Self::CountrySet,
            "MM_LITE_TERMS_SIGNED" => Self::MarketingTermsSigned,
            _ => Self::Other(word),
        }
    }
}

impl Restriction {
    fn read(mut wire: Fields<'_>) -> Option<Self> {
        let word = wire.text("restriction_type")?;
        let kind = match word.as_str() {
            "RESTRICTED_BIZ_INITIATED_MESSAGING" => RestrictionKind::BusinessInitiated,
            "RESTRICTED_CUSTOMER_INITIATED_MESSAGING" => RestrictionKind::CustomerInitiated,
            "RESTRICTED_ADD_PHONE_NUMBER_ACTION" => RestrictionKind::AddNumbers,
            _ => RestrictionKind::Other(word),
        };
        Some(Self { kind, until: wire.time("expiration") })
    }
}

impl Ban {
    fn read(mut wire: Fields<'_>) -> Self {
        Self { state: wire.text("waba_ban_state"), date: wire.text("waba_ban_date") }
    }
}
