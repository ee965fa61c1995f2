//! The user's choices.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{DownloadSettings, NetworkSettings, Parameters, PresetId, ServerSettings};

/// Colours of the interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
    /// Warm paper.
    Sepia,
    /// Highest contrast.
    HighContrast,
}

/// Language of the interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LanguageChoice {
    /// As the system says, if there are texts in its language; else English.
    #[default]
    System,
    /// English.
    En,
    /// French.
    Fr,
}

/// When the model writes the title of a conversation. A person's title always stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TitleChoice {
    /// Never: the title is made of the first words.
    Off,
    /// After the first answer.
    #[default]
    Once,
    /// After every answer.
    Always,
}

/// Hue of what is to be pressed or is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Accent {
    /// Warm, as the wind.
    #[default]
    Sirocco,
    /// Red.
    Rose,
    /// Violet.
    Violet,
    /// Blue.
    Sea,
    /// Green.
    Forest,
}

/// How close things stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Density {
    /// With room around them.
    #[default]
    Comfortable,
    /// More on one screen.
    Compact,
}

/// Letters of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Typeface {
    /// Those of the interface, without serifs.
    #[default]
    Sans,
    /// With serifs, as the system has them.
    Serif,
    /// All of one width.
    Monospace,
}

/// Which way the interface runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// As its language is written.
    #[default]
    Language,
    /// From left to right.
    LeftToRight,
    /// From right to left.
    RightToLeft,
}

/// How the interface looks, besides its theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct AppearanceSettings {
    /// Hue of what is to be pressed or is chosen.
    pub accent: Accent,
    /// Size of the interface, 90 to 125 percent.
    pub interface_percent: u32,
    /// Size of the text of messages, 80 to 150 percent of the interface's.
    pub transcript_percent: u32,
    /// How close things stand.
    pub density: Density,
    /// Letters of messages.
    pub typeface: Typeface,
    /// Which way the interface runs.
    pub direction: Direction,
    /// What a model thinks before it answers is shown open, not folded.
    pub reasoning_open: bool,
}

impl Default for AppearanceSettings {
    fn default() -> Self {
        Self {
            accent: Accent::default(),
            interface_percent: 100,
            transcript_percent: 100,
            density: Density::default(),
            typeface: Typeface::default(),
            direction: Direction::default(),
            reasoning_open: false,
        }
    }
}

/// All settings. Unknown fields of a newer version survive a round trip through the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Settings {
    /// Language of the interface.
    pub language: LanguageChoice,
    /// Colours.
    pub theme: Theme,
    /// How the interface looks besides.
    pub appearance: AppearanceSettings,
    /// Keys that were chosen for actions of the interface, by the action's name: `Mod+Shift+K`, or empty for none.
    /// What is not here has its usual keys.
    pub shortcuts: BTreeMap<String, String>,
    /// Keys that open the window for a quick question from anywhere, such as `Mod+Shift+Space`; empty for none.
    pub quick_ask_keys: String,
    /// The desktop is told when a long answer ends that nobody sees.
    pub notify_answers: bool,
    /// Context a model is loaded with, in tokens, where the model knows that much.
    pub default_context_length: u32,
    /// Threads of a worker; none is the number of physical cores.
    pub threads: Option<u32>,
    /// Holds where neither the conversation nor its preset has one; empty for none.
    pub default_system_prompt: String,
    /// Hold where neither the conversation nor its preset says otherwise.
    pub default_parameters: Parameters,
    /// The preset of new conversations, unless their model has one of its own.
    pub default_preset_id: Option<PresetId>,
    /// When the model writes the title of a conversation.
    pub titles: TitleChoice,
    /// Enter sends; otherwise Ctrl+Enter does.
    pub enter_sends: bool,
    /// Width of the conversation list in pixels.
    pub list_width: u32,
    /// The inspector is open.
    pub inspector_open: bool,
    /// Newer versions of the app are looked for, in programs that know where.
    pub check_updates: bool,
    /// How downloads behave.
    pub downloads: DownloadSettings,
    /// How the network is used.
    pub network: NetworkSettings,
    /// How models are served to other programs.
    pub server: ServerSettings,
    /// Days a deleted model stays in the trash, 0 to 365.
    pub trash_days: u32,
    /// Days a deleted conversation stays in the trash, 0 to 365.
    pub conversation_trash_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: LanguageChoice::System,
            theme: Theme::System,
            appearance: AppearanceSettings::default(),
            shortcuts: BTreeMap::new(),
            quick_ask_keys: String::new(),
            notify_answers: true,
            default_context_length: 4096,
            threads: None,
            default_system_prompt: String::new(),
            default_parameters: Parameters::default(),
            default_preset_id: None,
            titles: TitleChoice::default(),
            enter_sends: true,
            list_width: 280,
            inspector_open: true,
            check_updates: false,
            downloads: DownloadSettings::default(),
            network: NetworkSettings::default(),
            server: ServerSettings::default(),
            trash_days: 30,
            conversation_trash_days: 30,
        }
    }
}
