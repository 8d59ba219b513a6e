//! Files that go with an answer: uploaded at once, sent with it.

use std::sync::Arc;

use leptos::{html, prelude::*, task::spawn_local};
use shared::{conversations::Thread, files::StoredFile};
use web_sys::{DataTransfer, File, FileList};

use crate::{
    browser::{dom, format},
    desk::Desk,
    i18n::t,
    ui::{Icon, glyph, live, toast},
    words,
};

/// Uploads under way.
#[derive(Clone, Copy)]
pub(super) struct Uploads {
    desk: Desk,
    thread: Memo<Option<Arc<Thread>>>,
    names: RwSignal<Vec<(String, String)>>,
    files: RwSignal<Vec<StoredFile>>,
}

impl Uploads {
    /// None yet; what is done goes to `files`.
    pub(super) fn new(
        desk: Desk,
        thread: Memo<Option<Arc<Thread>>>,
        files: RwSignal<Vec<StoredFile>>,
    ) -> Self {
        Self { desk, thread, names: RwSignal::new(Vec::new()), files }
    }

    /// Begins to upload.
    pub(super) fn add(self, files: Vec<File>) {
        let contact =
            self.thread.with_untracked(|thread| thread.as_ref().map(|thread| thread.contact));
        for file in files {
            let (key, name) = (dom::fresh_key(), file.name());
            self.names.update(|names| names.push((key.clone(), name.clone())));
            spawn_local(async move {
                let answer = self.desk.api.upload_file(&file, contact, &key).await;
                let _gone = self.names.try_update(|names| names.retain(|(other, _)| *other != key));
                match answer {
                    Ok(stored) => {
                        let _gone = self.files.try_update(|files| files.push(stored));
                    }
                    Err(failure) => {
                        let what = (t().inbox.upload_failed)(&name);
                        toast(Icon::CircleAlert, format!("{what} {}", words::sentence(&failure)));
                    }
                }
            });
        }
    }

    /// Whether something is under way.
    pub(super) fn is_busy(self) -> bool {
        !self.names.with_untracked(Vec::is_empty)
    }

    /// As [`Self::is_busy`], where a part of the page depends on it.
    pub(super) fn is_busy_now(self) -> bool {
        !self.names.with(Vec::is_empty)
    }
}

/// The files of something pasted or dropped.
pub(super) fn files_of(data: Option<DataTransfer>) -> Vec<File> {
    data.and_then(|data| data.files()).map(|files| listed(&files)).unwrap_or_default()
}

fn listed(files: &FileList) -> Vec<File> {
    (0..files.length()).filter_map(|at| files.item(at)).collect()
}

/// The button that chooses files.
#[component]
pub(super) fn AttachButton(
    /// Where they go.
    uploads: Uploads,
) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    view! {
        <input
            class="sr"
            type="file"
            multiple=true
            tabindex="-1"
            aria-hidden="true"
            node_ref=input
            on:change:target=move |event| {
                let chosen = event.target();
                uploads.add(chosen.files().map(|files| listed(&files)).unwrap_or_default());
                chosen.set_value("");
            }
        />
        <button
            class="btn-icon sm"
            type="button"
            aria-label=t().inbox.attach
            on:click=move |_| {
                if let Some(input) = input.get_untracked() {
                    input.click();
                }
            }
        >
            {glyph(Icon::Paperclip, "i")}
        </button>
    }
}

/// The files that go with the answer.
#[component]
pub(super) fn Attached(
    /// What is under way.
    uploads: Uploads,
    /// What is done.
    files: RwSignal<Vec<StoredFile>>,
) -> impl IntoView {
    let done = move || {
        files
            .get()
            .into_iter()
            .map(|file| {
                let id = file.id;
                let size = u64::try_from(file.size_bytes).map(format::bytes).unwrap_or_default();
                view! {
                    <li class="chip on">
                        {glyph(Icon::Paperclip, "i i-xs")}
                        {file.name.clone()}
                        <span class="muted">{size}</span>
                        <button
                            class="chip-x"
                            type="button"
                            aria-label=(t().inbox.drop_file)(&file.name)
                            on:click=move |_| files.update(|files| files.retain(|file| file.id != id))
                        >
                            {glyph(Icon::X, "i i-xs")}
                        </button>
                    </li>
                }
            })
            .collect_view()
    };
    let busy = move || {
        uploads
            .names
            .get()
            .into_iter()
            .map(|(_, name)| {
                view! {
                    <li class="chip" role="status">
                        {(t().inbox.uploading)(&name)}
                    </li>
                }
            })
            .collect_view()
    };
    live(move || {
        let is_nothing = files.with(Vec::is_empty) && !uploads.is_busy_now();
        (!is_nothing).then(|| {
            view! {
                <ul class="composer-files" role="list">
                    {live(done)}
                    {live(busy)}
                </ul>
            }
        })
    })
}
