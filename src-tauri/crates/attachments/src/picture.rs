//! Images: decoded, turned the way their camera says, scaled, and written anew.
//!
//! What comes out is as models see it: at most [`LONGEST_SIDE`] pixels, on white where it was transparent, and nothing of
//! the file is left but its pixels: no place where a photograph was taken, and no trap for the next decoder.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage,
    metadata::Orientation,
};

use crate::ExtractError;

/// Pixels of the longer side. Models with a fixed size see less; of those without one, this is 2,000 tokens or so.
pub const LONGEST_SIDE: u32 = 1280;
/// Pixels that are decoded: more than any camera makes.
pub const MOST_PIXELS: u64 = 64_000_000;
/// Bytes that a decoder may take, at 4 for a pixel and as much again.
const MOST_DECODED_BYTES: u64 = 8 * MOST_PIXELS;
/// A drawing is kept as PNG unless that is larger.
const MOST_PNG_BYTES: usize = 1 << 20;
const JPEG_QUALITY: u8 = 90;

/// An image as models see it.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// A PNG or JPEG file.
    pub file: Vec<u8>,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} x {}, {} bytes",
            self.width,
            self.height,
            self.file.len()
        )
    }
}

/// Whether it begins like an image that is read.
pub(crate) fn is_one(bytes: &[u8]) -> bool {
    format_of(bytes).is_some()
}

fn format_of(bytes: &[u8]) -> Option<ImageFormat> {
    image::guess_format(bytes).ok().filter(|format| {
        matches!(
            format,
            ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Gif
        )
    })
}

/// As [`crate::read_picture`], which bounds the file and survives a panic.
pub(crate) fn read(bytes: &[u8]) -> Result<Picture, ExtractError> {
    let format = format_of(bytes).ok_or(ExtractError::Binary)?;
    let image = decode(bytes, format)?;
    let longest = image.width().max(image.height());
    let image = if longest > LONGEST_SIDE {
        image.resize(LONGEST_SIDE, LONGEST_SIDE, FilterType::CatmullRom)
    } else {
        image
    };
    let image = on_white(&image);
    Ok(Picture {
        file: encode(&image, format)?,
        width: image.width(),
        height: image.height(),
    })
}

fn decode(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, ExtractError> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_DECODED_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS
        || decoder.total_bytes() > MOST_DECODED_BYTES
    {
        return Err(ExtractError::TooManyPixels);
    }
    // One that cannot be read says nothing about the pixels.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// Without its transparency.
fn on_white(image: &DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.to_rgb8();
    }
    let image = image.to_rgba8();
    let mut flat = RgbImage::new(image.width(), image.height());
    for (to, from) in flat.pixels_mut().zip(image.pixels()) {
        let [red, green, blue, alpha] = from.0.map(u32::from);
        let over = |channel: u32| ((channel * alpha + 255 * (255 - alpha)) / 255) as u8;
        *to = Rgb([over(red), over(green), over(blue)]);
    }
    flat
}

/// Drawings and screenshots keep their edges, photographs are small.
fn encode(image: &RgbImage, was: ImageFormat) -> Result<Vec<u8>, ExtractError> {
    let mut file = Vec::new();
    if matches!(was, ImageFormat::Png | ImageFormat::Gif) {
        image
            .write_to(&mut Cursor::new(&mut file), ImageFormat::Png)
            .map_err(damaged)?;
        if file.len() <= MOST_PNG_BYTES {
            return Ok(file);
        }
        file.clear();
    }
    JpegEncoder::new_with_quality(&mut file, JPEG_QUALITY)
        .encode_image(image)
        .map_err(damaged)?;
    Ok(file)
}

fn damaged(error: impl std::fmt::Display) -> ExtractError {
    ExtractError::Damaged(error.to_string())
}
