//! How a family of events is written down.

/// Declares a family: an enum that serialises as `{"<event type>": {fields}}`, its catalogue, and
/// the proof that every field may stand in an event.
macro_rules! events {
    (
        $(#[doc = $about:literal])+
        $family:ident {
            $(
                $(#[doc = $meaning:literal])+
                $variant:ident = $event_type:literal $(v $version:literal)? {
                    $(
                        $(#[doc = $field_meaning:literal])+
                        $(#[serde($($serde:tt)*)])?
                        $field:ident: $kind:ty
                    ),* $(,)?
                }
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub enum $family {
            $(
                $(#[doc = $meaning])+
                #[serde(rename = $event_type)]
                $variant {
                    $(
                        $(#[doc = $field_meaning])+
                        $(#[serde($($serde)*)])?
                        $field: $kind,
                    )*
                },
            )+
        }

        impl shared::stored::Event for $family {
            const CATALOGUE: &'static [shared::stored::Entry] = &[$(
                shared::stored::Entry {
                    event_type: $event_type,
                    version: version!($($version)?),
                    meaning: &[$($meaning),+],
                    fields: &[$(
                        (stringify!($field), stringify!($kind), &[$($field_meaning),+]),
                    )*],
                },
            )+];

            fn event_type(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $event_type,)+
                }
            }

            fn version(&self) -> i16 {
                match self {
                    $(Self::$variant { .. } => version!($($version)?),)+
                }
            }
        }

        const _: fn() = || {
            const fn stored<T: shared::stored::Stored>() {}
            $($(stored::<$kind>();)*)+
        };
    };
}

macro_rules! version {
    () => {
        1
    };
    ($version:literal) => {
        $version
    };
}
