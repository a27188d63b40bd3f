//! Settings declared once: name, type, default and doc stand in one place, and the reference page,
//! the example file and the unknown-key check come from it.

/// One declared setting, as people see it.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Key in the configuration file.
    pub name: &'static str,
    /// Type as declared.
    pub kind: &'static str,
    /// What it does, with its unit.
    pub doc: &'static str,
    /// Default, as the expression that makes it.
    pub default: &'static str,
}

/// Declares a struct of settings: each field with doc, type and default.
///
/// Gives `Default`, serde both ways (missing keys take the default, unknown keys are an error) and
/// `SETTINGS`, the list that the reference page is made from.
#[macro_export]
macro_rules! settings {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[doc = $doc:literal])+ $(#[serde($serde:meta)])* $field:ident : $type:ty = $default:expr ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $( $(#[doc = $doc])+ $(#[serde($serde)])* pub $field: $type, )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        impl $name {
            /// Every setting of this section in its order.
            pub const SETTINGS: &'static [$crate::setting::Setting] = &[
                $( $crate::setting::Setting {
                    name: stringify!($field),
                    kind: stringify!($type),
                    doc: concat!($($doc, "\n"),+),
                    default: stringify!($default),
                }, )*
            ];
        }
    };
}
