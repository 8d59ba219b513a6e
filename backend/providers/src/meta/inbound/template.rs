//! What happens to templates.

use super::{Extra, fields::Fields};

/// The template that a change concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Meta's id of it.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its language.
    pub language: Option<String>,
}

/// What happened to a template.
#[derive(Debug)]
pub enum TemplateUpdate {
    /// It was approved, rejected, paused …
    Status {
        /// Which.
        template: Template,
        /// `APPROVED`, `REJECTED`, `PAUSED`, `DISABLED`, `FLAGGED` …
        status: String,
        /// Why.
        reason: Option<String>,
        /// Its category.
        category: Option<String>,
        /// Meta's sentence about it.
        explanation: Option<String>,
        /// What we do not know.
        extra: Extra,
    },
    /// Its quality changed.
    Quality {
        /// Which.
        template: Template,
        /// What it was: `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
        previous: Option<String>,
        /// What it is.
        current: String,
    },
    /// Its text changed.
    Components {
        /// Which.
        template: Template,
        /// Its heading.
        title: Option<String>,
        /// Its text.
        body: Option<String>,
        /// Its last line.
        footer: Option<String>,
        /// What we do not know, buttons among it.
        extra: Extra,
    },
    /// Its category changed, or will.
    Category {
        /// Which.
        template: Template,
        /// What it was.
        previous: Option<String>,
        /// What it is.
        current: Option<String>,
        /// What it will be.
        upcoming: Option<String>,
    },
}

impl TemplateUpdate {
    pub(super) fn read(field: &str, mut value: Fields<'_>) -> Option<Self> {
        let template = Template {
            id: value.text("message_template_id")?,
            name: value.text("message_template_name"),
            language: value.text("message_template_language"),
        };
        Some(match field {
            "message_template_status_update" => {
                let mut rejection = value.object("rejection_info").unwrap_or_default();
                let mut other = value.object("other_info").unwrap_or_default();
                Self::Status {
                    template,
                    status: value.text("event")?,
                    reason: value.text("reason"),
                    category: value.text("message_template_category"),
                    explanation: rejection.text("reason").or_else(|| other.text("description")),
                    extra: value.rest(),
                }
            }
            "message_template_quality_update" => Self::Quality {
                template,
                previous: value.text("previous_quality_score"),
                current: value.text("new_quality_score")?,
            },
            "message_template_components_update" => Self::Components {
                template,
                title: value.text("message_template_title"),
                body: value.text("message_template_element"),
                footer: value.text("message_template_footer"),
                extra: value.rest(),
            },
            "template_category_update" => Self::Category {
                template,
                previous: value.text("previous_category"),
                current: value.text("new_category"),
                upcoming: value.text("correct_category"),
            },
            _ => return None,
        })
    }

    /// The template that it is about.
    #[must_use]
    pub const fn template(&self) -> &Template {
        match self {
            Self::Status { template, .. }
            | Self::Quality { template, .. }
            | Self::Components { template, .. }
            | Self::Category { template, .. } => template,
        }
    }
}
