//! Images, by llama.cpp's `mtmd`: a second model (the projector) turns each into what stands in the cache for it.
//!
//! The app decodes what strangers send, scales it and writes it anew as PNG or JPEG, so what is decoded here was written
//! by an encoder of ours; it is decoded in Rust all the same, and llama.cpp gets pixels.

use std::collections::HashMap;
use std::ffi::CString;
use std::io::Cursor;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{ImageReader, Limits};
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::mtmd::{
    MtmdBitmap, MtmdContext, MtmdContextParams, MtmdInputChunkType, MtmdInputChunks, MtmdInputText,
    mtmd_default_marker,
};
use sirocco_worker::engine::EngineError;
use sirocco_worker::images::{ImageError, Sight};

use crate::device::FOR_CARDS;
use crate::file::{failed, with_reason};
use crate::log;

/// Pixels of the longer side of an image: more than the app sends.
const LONGEST_SIDE: u32 = 8192;

/// A projector that is loaded.
pub struct Eyes {
    /// Held while an image is computed: who counts one of a size that is new waits for that.
    projector: Mutex<MtmdContext>,
    /// An image takes as many positions as any other of its size.
    counts: Mutex<HashMap<(u32, u32), usize>>,
    /// Every position of an image looks at every other, so all of them are computed at once.
    whole: bool,
}

impl Eyes {
    /// Loads a projector and sends an empty image through it.
    pub fn load(path: &str, model: &LlamaModel, threads: i32) -> Result<Self, EngineError> {
        log::take_error();
        let parameters = MtmdContextParams {
            use_gpu: FOR_CARDS,
            print_timings: false,
            n_threads: threads,
            media_marker: CString::new(mtmd_default_marker()).map_err(failed)?,
            ..MtmdContextParams::default()
        };
        let projector = MtmdContext::init_from_file(path, model, &parameters).map_err(|error| {
            let EngineError(reason) = with_reason(&error);
            EngineError(format!(
                "its image reader `{path}` cannot be used: {reason}"
            ))
        })?;
        if !projector.support_vision() {
            return Err(EngineError(format!("`{path}` does not read images")));
        }
        Ok(Self {
            whole: projector.decode_use_non_causal(),
            projector: Mutex::new(projector),
            counts: Mutex::default(),
        })
    }

    /// Every position of an image looks at every other.
    pub fn sees_as_a_whole(&self) -> bool {
        self.whole
    }

    /// Computes an image at this position of a sequence, `pass` tokens at a time; answers the positions it took up, which
    /// may be fewer than its tokens.
    pub fn look(
        &self,
        image: &str,
        context: &mut LlamaContext<'static>,
        at: i32,
        sequence: i32,
        pass: usize,
    ) -> Result<Seen, EngineError> {
        let bitmap = bitmap(image).map_err(failed)?;
        let mut projector = lock(&self.projector);
        let chunks = chunks(&projector, &bitmap).map_err(failed)?;
        let largest = (0..chunks.len())
            .filter_map(|index| chunks.get(index))
            .filter(|chunk| chunk.chunk_type() == MtmdInputChunkType::Image)
            .map(|chunk| chunk.n_tokens())
            .max();
        if self.whole && largest.is_some_and(|tokens| tokens > pass) {
            return Err(EngineError("an image is too large for one pass".into()));
        }
        let pass = i32::try_from(pass).map_err(failed)?;
        let end = chunks
            .eval_chunks(&mut projector, context, at, sequence, pass, false)
            .map_err(|error| with_reason(&error))?;
        Ok(Seen {
            tokens: chunks.total_tokens(),
            positions: usize::try_from(end - at).map_err(failed)?,
        })
    }
}

/// What an image took of the cache.
#[derive(Clone, Copy)]
pub struct Seen {
    /// Cells.
    pub tokens: usize,
    /// Positions: some models count an image as fewer than it has tokens.
    pub positions: usize,
}

impl Sight for Eyes {
    fn tokens(&self, image: &str) -> Result<usize, ImageError> {
        let file = decode(image)?;
        let size = reader(&file)?.into_dimensions().map_err(unreadable)?;
        if let Some(known) = lock(&self.counts).get(&size) {
            return Ok(*known);
        }
        let bitmap = bitmap(image)?;
        let tokens = chunks(&lock(&self.projector), &bitmap)?.total_tokens();
        lock(&self.counts).insert(size, tokens);
        Ok(tokens)
    }
}

/// The pixels of a file, in base64.
fn bitmap(image: &str) -> Result<MtmdBitmap, ImageError> {
    let file = decode(image)?;
    let pixels = reader(&file)?.decode().map_err(unreadable)?.into_rgb8();
    MtmdBitmap::from_image_data(pixels.width(), pixels.height(), pixels.as_raw())
        .map_err(unreadable)
}

fn decode(image: &str) -> Result<Vec<u8>, ImageError> {
    STANDARD.decode(image).map_err(unreadable)
}

fn reader(file: &[u8]) -> Result<ImageReader<Cursor<&[u8]>>, ImageError> {
    let mut reader = ImageReader::new(Cursor::new(file))
        .with_guessed_format()
        .map_err(unreadable)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    reader.limits(limits);
    Ok(reader)
}

/// The image with what stands around it for this model.
fn chunks(projector: &MtmdContext, bitmap: &MtmdBitmap) -> Result<MtmdInputChunks, ImageError> {
    let text = MtmdInputText {
        text: mtmd_default_marker().to_owned(),
        add_special: false,
        parse_special: true,
    };
    projector.tokenize(text, &[bitmap]).map_err(unreadable)
}

fn unreadable(error: impl std::fmt::Display) -> ImageError {
    ImageError(error.to_string())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
