//! Presets: keeping them, and their files.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use sirocco_chat::{PresetFile, preset_file_name, read_preset, write_preset};
use sirocco_protocol::commands::{PresetExport, PresetUpdate};
use sirocco_protocol::{
    ErrorCode, ErrorReport, Event, ImportedPreset, LayerValues, PathHandle, Preset, PresetId,
};

use crate::App;
use crate::clock::now_ms;
use crate::error::{Report, refuse, with_causes};
use crate::library::blocking;

/// Characters of a name or a title.
pub(crate) const LONGEST_NAME: usize = 200;
/// Bytes of a preset file; they hold a system prompt and some numbers.
const LARGEST_FILE: u64 = 4 << 20;
/// Files of one name in a folder.
const MOST_OF_A_NAME: u32 = 1_000;

impl App {
    pub(crate) async fn create_preset(
        &self,
        name: &str,
        values: LayerValues,
    ) -> Result<Preset, ErrorReport> {
        check_values(&values)?;
        let now = now_ms();
        let preset = Preset {
            id: PresetId::fresh(),
            name: name_of("a preset", name)?,
            values,
            created_at_ms: now,
            updated_at_ms: now,
        };
        self.inner.store.add_preset(&preset).await.report()?;
        self.preset_changed(&preset);
        Ok(preset)
    }

    pub(crate) async fn update_preset(&self, update: PresetUpdate) -> Result<Preset, ErrorReport> {
        let name = update
            .name
            .map(|name| name_of("a preset", &name))
            .transpose()?;
        if let Some(values) = &update.values {
            check_values(values)?;
        }
        let preset = self
            .inner
            .store
            .update_preset(update.id, name.as_deref(), update.values.as_ref(), now_ms())
            .await
            .report()?;
        self.preset_changed(&preset);
        Ok(preset)
    }

    pub(crate) async fn delete_preset(&self, id: PresetId) -> Result<(), ErrorReport> {
        self.inner
            .store
            .delete_preset(id, now_ms())
            .await
            .report()?;
        self.emit(Event::PresetRemoved { preset_id: id });
        Ok(())
    }

    pub(crate) async fn restore_preset(&self, id: PresetId) -> Result<Preset, ErrorReport> {
        let preset = self.inner.store.restore_preset(id).await.report()?;
        self.preset_changed(&preset);
        Ok(preset)
    }

    pub(crate) async fn import_preset(
        &self,
        handle: PathHandle,
    ) -> Result<ImportedPreset, ErrorReport> {
        let path = self.inner.picked.resolve(handle)?;
        let named = path.clone();
        let file = blocking(move || read(&path)).await?.map_err(|reason| {
            let message = format!("could not read the preset `{}`: {reason}", named.display());
            refuse(ErrorCode::FileProblem, message)
        })?;
        let name = file.name.unwrap_or_else(|| stem(&named));
        let name: String = name.chars().take(LONGEST_NAME).collect();
        let preset = self.create_preset(&name, file.values).await?;
        Ok(ImportedPreset {
            preset,
            left_out: file.left_out,
        })
    }

    pub(crate) async fn export_preset(&self, request: PresetExport) -> Result<String, ErrorReport> {
        let folder = self.inner.picked.resolve(request.handle)?;
        let preset = self.inner.store.preset(request.id).await.report()?;
        let text = write_preset(&preset.name, &preset.values);
        let named = folder.clone();
        let path = blocking(move || write(&folder, &preset.name, text.as_bytes())).await?;
        let path = path.map_err(|error| {
            let code = match error.kind() {
                ErrorKind::StorageFull => ErrorCode::DiskFull,
                _ => ErrorCode::FileProblem,
            };
            refuse(
                code,
                format!(
                    "could not write a preset into `{}`: {error}",
                    named.display()
                ),
            )
        })?;
        Ok(path.display().to_string())
    }

    fn preset_changed(&self, preset: &Preset) {
        self.emit(Event::PresetChanged {
            preset: preset.clone(),
        });
    }
}

/// A name or title as it is kept.
pub(crate) fn name_of(what: &str, text: &str) -> Result<String, ErrorReport> {
    let text = text.trim();
    if (1..=LONGEST_NAME).contains(&text.chars().count()) {
        Ok(text.to_owned())
    } else {
        Err(refuse(
            ErrorCode::InvalidRequest,
            format!("the name of {what} has 1 to {LONGEST_NAME} characters"),
        ))
    }
}

pub(crate) fn check_values(values: &LayerValues) -> Result<(), ErrorReport> {
    values
        .parameters
        .validate()
        .map_err(|message| refuse(ErrorCode::InvalidRequest, message))
}

fn read(path: &Path) -> Result<PresetFile, String> {
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let read = file.take(LARGEST_FILE + 1).read_to_string(&mut text);
    read.map_err(|error| error.to_string())?;
    if text.len() as u64 > LARGEST_FILE {
        return Err("it is too large to be a preset".to_owned());
    }
    read_preset(&text).map_err(|error| with_causes(&error))
}

/// `Short.preset.json` is called `Short`.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".json").unwrap_or(&name);
    name.strip_suffix(".preset").unwrap_or(name).to_owned()
}

/// Writes a file of that name, or with a number after it if there is one already.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<PathBuf> {
    for number in 1..=MOST_OF_A_NAME {
        let path = folder.join(preset_file_name(name, number));
        let mut file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        };
        if let Err(error) = file.write_all(bytes).and_then(|()| file.sync_all()) {
            // Half a preset is none.
            let _ = std::fs::remove_file(&path);
            return Err(error);
        }
        return Ok(path);
    }
    Err(ErrorKind::AlreadyExists.into())
}
