//! How much a company may use of something, and changing it.

use std::sync::Arc;

use leptos::{ev, prelude::*, task::spawn_local};
use shared::{
    permission::Quota,
    platform::{Company, QuotaState, SetQuota},
};

use super::Companies;
use crate::{
    browser::{dom, format},
    i18n::{t, t_later},
    ui::{Field, Icon, live, toast},
    words,
};

/// Files are counted in these.
const MB: i64 = 1_000_000;

/// So many of the counted things are one of what is typed.
const fn unit(quota: Quota) -> i64 {
    match quota {
        Quota::StorageBytes => MB,
        Quota::MessagesPerMonth | Quota::Members => 1,
    }
}

/// What was typed as a limit; nothing when it is none.
fn limit_of(typed: &str, quota: Quota) -> Option<i64> {
    let digits: String = typed.chars().filter(|letter| !" .\u{a0}".contains(*letter)).collect();
    let limit: i64 = digits.parse().ok()?;
    limit.checked_mul(unit(quota)).filter(|limit| *limit >= 0)
}

/// The use of one quota, and its form when it is being changed.
#[component]
pub(super) fn QuotaMeter(
    /// Whose.
    company: Arc<Company>,
    /// Of what.
    quota: Quota,
    /// The list she is from.
    companies: Companies,
) -> impl IntoView {
    let is_changing = RwSignal::new(false);
    let state = company.quotas.get(&quota).copied();
    let id = company.id;
    live(move || {
        if is_changing.get() {
            view! { <Form id quota state is_changing companies /> }.into_any()
        } else {
            meter(quota, state, is_changing)
        }
    })
}

fn meter(quota: Quota, state: Option<QuotaState>, is_changing: RwSignal<bool>) -> AnyView {
    let words = &t_later().platform;
    let name = (t().common.quota)(quota);
    let written = |amount: i64| {
        let amount = u64::try_from(amount).unwrap_or_default();
        if quota == Quota::StorageBytes { format::bytes(amount) } else { format::number(amount) }
    };
    let amounts = state.map_or_else(
        || words.no_quota.to_owned(),
        |state| (words.used_of)(&written(state.used), &written(state.limit)),
    );
    let bar = state.map(|state| {
        let percent = match state.limit {
            1.. => (state.used.saturating_mul(100) / state.limit).clamp(0, 100),
            _ => 100,
        };
        let fill = match percent {
            100.. => "var(--bad)",
            80.. => "var(--warn)",
            _ => "var(--brand)",
        };
        view! {
            <div class="bar">
                <i style:--v=format!("{percent}%") style:--fill=fill></i>
            </div>
        }
    });
    view! {
        <div class="meter">
            <div class="meter-h">
                <span>{name}</span>
                <span class="row push">
                    <b>{amounts}</b>
                    <button
                        class="btn btn-sm"
                        type="button"
                        aria-label=(words.change_quota)(name)
                        on:click=move |_| {
                            is_changing.set(true);
                            dom::focus_soon("quota-limit");
                        }
                    >
                        {words.change}
                    </button>
                </span>
            </div>
            {bar}
        </div>
    }
    .into_any()
}

#[component]
fn Form(
    id: shared::ids::CompanyId,
    quota: Quota,
    state: Option<QuotaState>,
    is_changing: RwSignal<bool>,
    companies: Companies,
) -> impl IntoView {
    let words = &t_later().platform;
    let typed = state.map(|state| (state.limit / unit(quota)).to_string()).unwrap_or_default();
    let limit = RwSignal::new(typed);
    let is_hard = RwSignal::new(state.is_none_or(|state| state.is_hard));
    let error = RwSignal::new(None::<String>);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let Some(limit) = limit_of(&limit.get_untracked(), quota) else {
            error.set(Some(words.quota_wrong.to_owned()));
            return dom::focus_soon("quota-limit");
        };
        let set = SetQuota { limit, is_hard: is_hard.get_untracked() };
        spawn_local(async move {
            match companies.api.set_quota(id, quota, &set).await {
                Ok(()) => {
                    toast(Icon::Check, (words.quota_changed)((t().common.quota)(quota)));
                    let _gone = is_changing.try_set(false);
                    companies.load();
                }
                Err(failure) => {
                    let _gone = error.try_set(Some(words::sentence(&failure)));
                }
            }
        });
    };
    let note = move || if is_hard.get() { words.quota_hard_note } else { words.quota_soft_note };
    view! {
        <form class="quota" novalidate on:submit=submit>
            <Field id="quota-limit" label=(words.quota_limit)(quota) value=limit error />
            <label class="switch">
                <input
                    type="checkbox"
                    role="switch"
                    prop:checked=is_hard
                    on:change:target=move |event| is_hard.set(event.target().checked())
                />
                {words.quota_hard}
            </label>
            <p class="hint">{live(note)}</p>
            <div class="row">
                <button class="btn btn-sm btn-primary" type="submit">
                    {t().common.save}
                </button>
                <button
                    class="btn btn-sm"
                    type="button"
                    on:click=move |_| is_changing.set(false)
                >
                    {t().common.cancel}
                </button>
            </div>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::limit_of;
    use shared::permission::Quota;

    #[test]
    fn a_limit_is_typed_as_people_write_numbers() {
        assert_eq!(limit_of("10.000", Quota::MessagesPerMonth), Some(10_000));
        assert_eq!(limit_of(" 5 ", Quota::Members), Some(5));
        assert_eq!(limit_of("250", Quota::StorageBytes), Some(250_000_000));
        for wrong in ["", "x", "-1", "1,5", "99999999999999999999"] {
            assert_eq!(limit_of(wrong, Quota::Members), None, "{wrong}");
        }
    }
}
