//! `cargo xtask icons`: the app's icons in every size and container, from `assets/icons/icon.svg`.
//!
//! Chromium draws the picture at each size; the containers are written here. The result is kept in the
//! repository, so nobody needs this to build.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{paths, shell};

const PNG_FILES: &[(&str, u32)] = &[
    ("32x32.png", 32),
    ("128x128.png", 128),
    ("128x128@2x.png", 256),
    ("512x512.png", 512),
];

/// Windows takes PNG at 256 pixels; smaller sizes are bitmaps, which all its versions read.
const ICO_SIZES: &[u32] = &[16, 24, 32, 48, 64, 256];

/// Types of macOS' icon container that hold a PNG of that size.
const ICNS_TYPES: &[(&[u8; 4], u32)] = &[
    (b"icp4", 16),
    (b"icp5", 32),
    (b"ic11", 32),
    (b"ic12", 64),
    (b"ic07", 128),
    (b"ic13", 256),
    (b"ic08", 256),
    (b"ic14", 512),
    (b"ic09", 512),
    (b"ic10", 1024),
];

/// The picture at one size.
struct Picture {
    size: u32,
    png: Vec<u8>,
    /// Four bytes a pixel, rows from the top.
    rgba: Vec<u8>,
}

/// Draws and writes them all.
pub fn draw() -> Result<()> {
    let folder = paths::root().join("assets/icons");
    let source = folder.join("icon.svg");
    let svg =
        std::fs::read(&source).with_context(|| format!("could not read {}", source.display()))?;
    let mut sizes: Vec<u32> = PNG_FILES
        .iter()
        .map(|(_, size)| *size)
        .chain(ICO_SIZES.iter().copied())
        .collect();
    sizes.extend(ICNS_TYPES.iter().map(|(_, size)| *size));
    sizes.sort_unstable();
    sizes.dedup();
    let pictures = render(&svg, &sizes)?;
    let of = |size: u32| {
        pictures
            .iter()
            .find(|picture| picture.size == size)
            .with_context(|| format!("no picture of {size} pixels"))
    };
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("could not write {}", path.display()))
    };
    for (name, size) in PNG_FILES {
        write(name, &of(*size)?.png)?;
    }
    let for_ico = ICO_SIZES
        .iter()
        .map(|size| of(*size))
        .collect::<Result<Vec<_>>>()?;
    write("icon.ico", &ico(&for_ico))?;
    let for_icns = ICNS_TYPES
        .iter()
        .map(|(kind, size)| Ok((*kind, of(*size)?)))
        .collect::<Result<Vec<_>>>()?;
    write("icon.icns", &icns(&for_icns))
}

/// Has a page draw the picture and say its bytes, which `--dump-dom` prints.
fn render(svg: &[u8], sizes: &[u32]) -> Result<Vec<Picture>> {
    let folder = paths::target().join("icons");
    std::fs::create_dir_all(&folder)?;
    let page = folder.join("page.html");
    std::fs::write(
        &page,
        PAGE.replace("SIZES", &format!("{sizes:?}"))
            .replace("SVG", &percent_encoded(svg)),
    )?;
    let program = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| shell::on_path(&[name]))
        .context("Chromium is missing: run `cargo xtask setup --for test`")?;
    let printed = Command::new(program)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
        ])
        .args(["--force-color-profile=srgb", "--dump-dom"])
        .arg(format!(
            "--user-data-dir={}",
            folder.join("profile").display()
        ))
        .arg(format!("file://{}", page.display()))
        .stderr(Stdio::null())
        .output()
        .with_context(|| format!("could not start {program}"))?;
    let printed = String::from_utf8(printed.stdout).context("the page is no UTF-8")?;
    let pictures: Vec<Picture> = printed.lines().filter_map(picture).collect();
    if pictures.len() != sizes.len() {
        bail!(
            "{program} drew {} of {} pictures",
            pictures.len(),
            sizes.len()
        );
    }
    Ok(pictures)
}

/// Everything happens before the load event ends, which is what `--dump-dom` waits for.
const PAGE: &str = r#"<!doctype html><img src="data:image/svg+xml,SVG"><pre></pre><script>
const hex = bytes => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
addEventListener('load', () => {
  for (const size of SIZES) {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = size;
    const context = canvas.getContext('2d');
    context.drawImage(document.querySelector('img'), 0, 0, size, size);
    const png = Uint8Array.from(atob(canvas.toDataURL().split(',')[1]), letter => letter.charCodeAt(0));
    const rgba = size <= 64 ? context.getImageData(0, 0, size, size).data : [];
    document.querySelector('pre').append(`\npicture ${size} ${hex(png)} ${hex(rgba)}\n`);
  }
});
</script>"#;

fn picture(line: &str) -> Option<Picture> {
    let mut words = line.strip_prefix("picture ")?.split(' ');
    let size = words.next()?.parse().ok()?;
    Some(Picture {
        size,
        png: bytes(words.next()?)?,
        rgba: bytes(words.next()?)?,
    })
}

fn percent_encoded(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pairs = (0..hex.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok())
        .collect()
}

/// A Windows icon: a header, an entry a picture, then the pictures.
fn ico(pictures: &[&Picture]) -> Vec<u8> {
    let images: Vec<Vec<u8>> = pictures
        .iter()
        .map(|picture| {
            if picture.size < 256 {
                bitmap(picture)
            } else {
                picture.png.clone()
            }
        })
        .collect();
    let mut file = Vec::new();
    for word in [
        0_u16,
        1,
        u16::try_from(pictures.len()).expect("a handful of pictures"),
    ] {
        file.extend(word.to_le_bytes());
    }
    let mut offset = 6 + 16 * images.len();
    for (picture, image) in pictures.iter().zip(&images) {
        // 256 is written as 0.
        let side = u8::try_from(picture.size).unwrap_or(0);
        file.extend([side, side, 0, 0, 1, 0, 32, 0]);
        file.extend(length(image.len()).to_le_bytes());
        file.extend(length(offset).to_le_bytes());
        offset += image.len();
    }
    file.extend(images.concat());
    file
}

/// A bitmap as icons hold it: twice as high as it is, rows from the bottom, then a mask that alpha makes void.
fn bitmap(picture: &Picture) -> Vec<u8> {
    let side = picture.size;
    let mut image = Vec::new();
    for word in [
        40,
        side,
        side * 2,
        1 | (32 << 16),
        0,
        side * side * 4,
        0,
        0,
        0,
        0,
    ] {
        image.extend(word.to_le_bytes());
    }
    let row = usize::try_from(side * 4).expect("a row of a small picture");
    for pixels in picture.rgba.chunks(row).rev() {
        for pixel in pixels.chunks(4) {
            image.extend([pixel[2], pixel[1], pixel[0], pixel[3]]);
        }
    }
    let mask_row = side.div_ceil(32) * 4;
    image.resize(
        image.len() + usize::try_from(mask_row * side).expect("a small mask"),
        0,
    );
    image
}

/// macOS' container: its length, then each picture with its type and length, all big-endian.
fn icns(pictures: &[(&[u8; 4], &Picture)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (kind, picture) in pictures {
        body.extend(*kind);
        body.extend(length(picture.png.len() + 8).to_be_bytes());
        body.extend(&picture.png);
    }
    let mut file = b"icns".to_vec();
    file.extend(length(body.len() + 8).to_be_bytes());
    file.extend(body);
    file
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("an icon is far below 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed(name: &str) -> Vec<u8> {
        std::fs::read(paths::root().join("assets/icons").join(name)).unwrap()
    }

    /// Width and height, from the header that begins every PNG.
    fn png_size(png: &[u8]) -> (u32, u32) {
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        (number(16), number(20))
    }

    #[test]
    fn every_committed_picture_has_the_size_of_its_name() {
        for (name, size) in PNG_FILES {
            assert_eq!(png_size(&committed(name)), (*size, *size), "{name}");
        }
    }

    #[test]
    fn the_committed_containers_hold_what_their_tables_say() {
        let icns = committed("icon.icns");
        let number = |at: usize| {
            usize::try_from(u32::from_be_bytes(icns[at..at + 4].try_into().unwrap())).unwrap()
        };
        assert_eq!((&icns[..4], number(4)), (b"icns".as_slice(), icns.len()));
        let mut at = 8;
        for (kind, size) in ICNS_TYPES {
            assert_eq!(&icns[at..at + 4], *kind);
            assert_eq!(png_size(&icns[at + 8..]), (*size, *size));
            at += number(at + 4);
        }
        assert_eq!(at, icns.len());

        let ico = committed("icon.ico");
        assert_eq!(usize::from(ico[4]), ICO_SIZES.len());
        let number = |at: usize| {
            usize::try_from(u32::from_le_bytes(ico[at..at + 4].try_into().unwrap())).unwrap()
        };
        let last = 6 + 16 * (ICO_SIZES.len() - 1);
        assert_eq!(number(last + 8) + number(last + 12), ico.len());
        assert_eq!(png_size(&ico[number(last + 12)..]), (256, 256));
    }

    #[test]
    fn a_bitmap_turns_rows_and_colours_around() {
        let rgba = [1, 2, 3, 255, 4, 5, 6, 255, 7, 8, 9, 255, 10, 11, 12, 0].to_vec();
        let image = bitmap(&Picture {
            size: 2,
            png: Vec::new(),
            rgba,
        });
        assert_eq!(
            image[40..56],
            [9, 8, 7, 255, 12, 11, 10, 0, 3, 2, 1, 255, 6, 5, 4, 255]
        );
        assert_eq!(image.len(), 40 + 16 + 8);
    }
}
