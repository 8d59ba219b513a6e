//! A list that is asked for when its page opens: loading, failed, empty, rows.

use std::future::Future;

use leptos::{prelude::*, task::spawn_local};
use shared::page::Page;

use crate::{
    api::Answer,
    desk::Load,
    i18n::t,
    ui::{Banner, Icon, Tone},
    words,
};

/// The rows and how their load stands.
pub(crate) struct Rows<T: Send + Sync + 'static> {
    /// The rows.
    pub items: RwSignal<Option<Vec<T>>>,
    load: RwSignal<Load>,
    ask: Callback<()>,
}

impl<T: Send + Sync + 'static> Clone for Rows<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Rows<T> {}

impl<T: Send + Sync + 'static> Rows<T> {
    /// Asks now, and again when told to.
    pub(crate) fn ask<F>(question: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Answer<Page<T>>> + 'static,
    {
        let rows = RwSignal::new(None);
        let load = RwSignal::new(Load::Idle);
        let ask = Callback::new(move |()| {
            load.set(Load::Busy);
            let answer = question();
            spawn_local(async move {
                let now = match answer.await {
                    Ok(page) => {
                        let _gone = rows.try_set(Some(page.items));
                        Load::Idle
                    }
                    Err(failure) => Load::Failed(failure),
                };
                let _gone = load.try_set(now);
            });
        });
        ask.run(());
        Self { items: rows, load, ask }
    }

    /// Asks again.
    pub(crate) fn again(self) {
        self.ask.run(());
    }

    /// What stands in place of the rows, or above them.
    pub(crate) fn state(self) -> impl IntoView {
        move || match self.load.get() {
            Load::Failed(failure) => Some(
                view! {
                    <div class="card-b">
                        <Banner tone=Tone::Bad icon=Icon::TriangleAlert>
                            <p>
                                <b>{t().common.section_failed}" "</b>
                                {words::sentence(&failure)}
                            </p>
                            <button
                                class="btn btn-sm"
                                type="button"
                                on:click=move |_| self.again()
                            >
                                {t().common.try_again}
                            </button>
                        </Banner>
                    </div>
                }
                .into_any(),
            ),
            Load::Busy if self.items.with(Option::is_none) => Some(
                view! {
                    <div class="card-b stack late" role="status">
                        <span class="sr">{t().common.loading}</span>
                        <span class="skel"></span>
                        <span class="skel"></span>
                        <span class="skel"></span>
                    </div>
                }
                .into_any(),
            ),
            _ => None,
        }
    }
}
