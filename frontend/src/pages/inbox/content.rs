//! What was said, by kind. Everything is a text node; a link is one only when it is ours.

use leptos::prelude::*;
use shared::messages::{
    Choice, ContactCard, Content, Interactive, InteractiveAction, OrderItem, Template,
};

use super::media::media;
use crate::{
    browser::format,
    i18n::t,
    ui::{Icon, glyph},
    wire,
};

/// The content of a bubble.
pub(super) fn content(said: &Content) -> AnyView {
    match said {
        Content::Text { body } => paragraph(body),
        Content::Media(file) => media(file),
        Content::Location { latitude, longitude, name, address } => {
            location(*latitude, *longitude, name.as_deref(), address.as_deref())
        }
        Content::Contacts { cards } => cards.iter().map(card).collect_view().into_any(),
        Content::Interactive(interactive) => asked(interactive),
        Content::InteractiveReply { title, description, fields, raw, id, .. } => {
            let title = title.clone().or_else(|| id.clone());
            answered(title.as_deref(), description.as_deref(), fields.as_ref(), raw.as_deref())
        }
        Content::Button { text, .. } => answered(Some(text), None, None, None),
        Content::Order { text, items, .. } => order(text.as_deref(), items),
        Content::Template(template) => template_view(template),
        Content::System { event, body } => {
            let note = (t().message.provider_note)(event);
            view! {
                <p class="text-2">{note}</p>
                {body.as_deref().map(paragraph)}
            }
            .into_any()
        }
        Content::Unsupported { claimed, raw } => unsupported(claimed, raw),
    }
}

fn paragraph(text: &str) -> AnyView {
    view! { <p>{text.to_owned()}</p> }.into_any()
}

fn location(latitude: f64, longitude: f64, name: Option<&str>, address: Option<&str>) -> AnyView {
    let title = name.unwrap_or(t().message.place).to_owned();
    let (latitude, longitude) = (format::fixed(latitude, 5), format::fixed(longitude, 5));
    let place = format!("{latitude}, {longitude}");
    let map = "https://www.openstreetmap.org/";
    let href = format!("{map}?mlat={latitude}&mlon={longitude}#map=16/{latitude}/{longitude}");
    view! {
        <div class="media">
            {glyph(Icon::MapPin, "i i-lg")}
            <span class="grow">
                <span>{title}</span>
                <small>{address.map_or(place, str::to_owned)}</small>
                <a class="fs-12" href=href target="_blank" rel="noreferrer noopener">
                    {t().message.see_on_map}
                </a>
            </span>
        </div>
    }
    .into_any()
}

fn card(card: &ContactCard) -> AnyView {
    let lines = card.phones.iter().chain(&card.emails).chain(&card.organization);
    let lines = lines.map(|line| view! { <small>{line.clone()}</small> }).collect_view();
    view! {
        <div class="media">
            {glyph(Icon::Contact, "i i-lg")}
            <span class="grow">
                <span>{card.name.clone()}</span>
                {lines}
            </span>
        </div>
    }
    .into_any()
}

fn asked(interactive: &Interactive) -> AnyView {
    let header = interactive.header.clone();
    let footer = interactive.footer.clone();
    let choices = match &interactive.action {
        InteractiveAction::Buttons { buttons } => {
            let buttons = buttons
                .iter()
                .map(|button| view! { <li>{button.title.clone()}</li> })
                .collect_view();
            view! { <ul class="msg-btns">{buttons}</ul> }.into_any()
        }
        InteractiveAction::List { button, sections } => {
            let count = sections.iter().map(|section| section.rows.len()).sum();
            let rows =
                sections.iter().flat_map(|section| &section.rows).map(choice_row).collect_view();
            view! {
                <details class="msg-more">
                    <summary>{(t().message.list_button)(button, count)}</summary>
                    <ul role="list">{rows}</ul>
                </details>
            }
            .into_any()
        }
    };
    view! {
        {header.map(|header| view! { <p class="semi">{header}</p> })}
        {paragraph(&interactive.body)}
        {footer.map(|footer| view! { <p class="fs-12 muted">{footer}</p> })}
        {choices}
    }
    .into_any()
}

fn choice_row(row: &Choice) -> AnyView {
    view! {
        <li>
            <span>{row.title.clone()}</span>
            {row.description.clone().map(|text| view! { <small class="muted">" "{text}</small> })}
        </li>
    }
    .into_any()
}

fn answered(
    title: Option<&str>,
    description: Option<&str>,
    fields: Option<&serde_json::Value>,
    raw: Option<&str>,
) -> AnyView {
    let form = fields.and_then(serde_json::Value::as_object).map(|fields| {
        let rows = fields
            .iter()
            // The token is between programs.
            .filter(|(name, _)| *name != "flow_token")
            .map(|(name, value)| {
                let value = value.as_str().map_or_else(|| wire::write(value), str::to_owned);
                view! {
                    <dt>{name.clone()}</dt>
                    <dd>{value}</dd>
                }
            })
            .collect_view();
        view! {
            <p class="fs-12 muted">{t().message.form_answer}</p>
            <dl class="dl">{rows}</dl>
        }
    });
    let raw = raw.map(|raw| raw_view(t().message.form_answer.to_owned(), raw));
    // Beside a form's fields its title is the provider's own word for "sent".
    let title = title.filter(|_| form.is_none() && raw.is_none());
    view! {
        {title
            .map(|title| {
                view! {
                    <p>
                        <span class="fs-12 muted">{t().message.chose}": "</span>
                        {title.to_owned()}
                    </p>
                }
            })}
        {description.map(|text| view! { <p class="fs-13 text-2">{text.to_owned()}</p> })}
        {form}
        {raw}
    }
    .into_any()
}

fn order(text: Option<&str>, items: &[OrderItem]) -> AnyView {
    let rows = items
        .iter()
        .map(|item| {
            let words = (t().message.quantity)(&format::plain(item.quantity), &item.product);
            view! {
                <li class="row">
                    <span class="grow">{words}</span>
                    <span class="num">{format::money(item.price_micros, &item.currency)}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <p class="med">{(t().message.order)(items.len())}</p>
        <ul role="list" class="fs-13">
            {rows}
        </ul>
        {text.map(paragraph)}
    }
    .into_any()
}

fn template_view(template: &Template) -> AnyView {
    let label = (t().message.template)(&template.name);
    let parameters = template
        .components
        .iter()
        .filter_map(|component| component.get("parameters")?.as_array())
        .flatten()
        .filter_map(|parameter| parameter.get("text")?.as_str())
        .map(|text| view! { <li>{text.to_owned()}</li> })
        .collect_view();
    view! {
        <p class="fs-12 muted row">{glyph(Icon::Template, "i i-xs")}{label}</p>
        {template.preview.as_deref().map(paragraph)}
        {template
            .preview
            .is_none()
            .then(|| {
                view! {
                    <ul role="list" class="fs-13">
                        {parameters}
                    </ul>
                }
            })}
    }
    .into_any()
}

fn unsupported(claimed: &str, raw: &str) -> AnyView {
    view! {
        <p class="row text-2">
            {glyph(Icon::FileQuestion, "i i-sm")} <span>{t().message.unsupported}</span>
        </p>
        {raw_view((t().message.raw_title)(claimed), raw)}
    }
    .into_any()
}

/// The raw body, opened on demand.
fn raw_view(label: String, raw: &str) -> AnyView {
    view! {
        <details class="msg-more">
            <summary>{t().message.see_raw}</summary>
            <pre class="code" tabindex="0" role="group" aria-label=label>
                {raw.to_owned()}
            </pre>
        </details>
    }
    .into_any()
}
