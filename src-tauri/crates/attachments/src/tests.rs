use std::io::{Cursor, Write};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

use super::*;
use zip::write::{SimpleFileOptions, ZipWriter};

fn text(name: &str, bytes: &[u8]) -> String {
    extract(name, bytes).unwrap().text
}

fn refusal(name: &str, bytes: &[u8]) -> String {
    extract(name, bytes).unwrap_err().to_string()
}

fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        archive
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn docx(body: &str) -> Vec<u8> {
    let document = format!(
        r#"<?xml version="1.0"?><w:document xmlns:w="w"><w:body>{body}</w:body></w:document>"#
    );
    zipped(&[("word/document.xml", &document)])
}

const WORKBOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Winds" sheetId="1" r:id="r1"/></sheets></workbook>"#;
const ROOT: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const STYLES: &str = r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;

fn xlsx(rows: &str) -> Vec<u8> {
    let sheet = format!(
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
    );
    zipped(&[
        ("_rels/.rels", ROOT),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/styles.xml", STYLES),
        ("xl/worksheets/sheet1.xml", &sheet),
    ])
}

/// A PDF of one page that says this.
fn pdf(words: &str) -> Vec<u8> {
    pdf_of(words, None)
}

/// One whose words are said to be encrypted in this way.
fn locked_pdf(words: &str, lock: &str) -> Vec<u8> {
    pdf_of(words, Some(lock))
}

/// The offsets in it are right.
fn pdf_of(words: &str, lock: Option<&str>) -> Vec<u8> {
    let content = format!("BT /F1 12 Tf 72 720 Td ({words}) Tj ET");
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 612 792]>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>".to_owned(),
        format!("<</Length {}>>stream\n{content}\nendstream", content.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_owned(),
    ];
    let more = match lock {
        Some(lock) => {
            objects.push(lock.to_owned());
            "/ID[<00><00>]/Encrypt 6 0 R"
        }
        None => "",
    };
    let mut file = "%PDF-1.4\n".to_owned();
    let mut offsets = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file += &format!("{} 0 obj{object}endobj\n", number + 1);
    }
    let start = file.len();
    file += &format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for offset in offsets {
        file += &format!("{offset:010} 00000 n \n");
    }
    file += &format!(
        "trailer<</Size {}/Root 1 0 R{more}>>\nstartxref\n{start}\n%%EOF",
        objects.len() + 1
    );
    file.into_bytes()
}

#[test]
fn the_name_of_a_text_tells_its_kind() {
    for (name, kind) in [
        ("notes", AttachmentKind::Text),
        ("notes.txt", AttachmentKind::Text),
        ("README.MD", AttachmentKind::Markdown),
        ("main.rs", AttachmentKind::Code),
        ("Makefile", AttachmentKind::Code),
        ("winds.tsv", AttachmentKind::Csv),
    ] {
        let extracted = extract(name, b"a,b\r\n\n1,2\r\n").unwrap();
        assert_eq!(extracted.kind, kind, "{name}");
        assert_eq!(extracted.text, "a,b\n\n1,2", "{name}");
    }
}

#[test]
fn text_is_read_in_the_encodings_that_people_have() {
    assert_eq!(text("a", "\u{feff}Grüße".as_bytes()), "Grüße");
    assert_eq!(text("a", b"Gr\xfc\xdfe"), "Grüße");
    let utf16: Vec<u8> = "\u{feff}Grüße"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(text("a", &utf16), "Grüße");
    assert_eq!(text("a.py", b"\tif x:\n\t\tpass\n"), "\tif x:\n\t\tpass");
}

#[test]
fn what_is_no_text_is_refused_in_words() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01";
    for (name, bytes, why) in [
        ("a.png", &png[..], "it is damaged"),
        ("a", b"\x01\x02\x03\x04\x05\x06\x07\x08", "it is not text"),
        ("a.txt", b" \r\n ", "no text in it"),
        ("a.txt", b"", "no text in it"),
        (
            "a.doc",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest",
            "before 2007",
        ),
        (
            "a.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest",
            "protected with a password",
        ),
        ("a.docx", b"PK\x03\x04rest", "it is damaged"),
    ] {
        let refusal = refusal(name, bytes);
        assert!(refusal.contains(why), "{name}: {refusal}");
    }
    let archive = zipped(&[("readme.txt", "a")]);
    assert!(refusal("a.zip", &archive).contains("it is not text"));
}

#[test]
fn what_is_too_large_is_refused() {
    let large = vec![b'a'; MOST_TEXT_BYTES + 1];
    assert!(refusal("a.txt", &large).contains("more than 4 MiB of text"));
    let larger = vec![b'a'; MOST_FILE_BYTES + 1];
    assert!(refusal("a.txt", &larger).contains("larger than 32 MiB"));
}

#[test]
fn a_page_is_read_as_it_is_seen() {
    let page = "<!doctype html><html><head><title>Winds &amp; more</title><style>p{color:red}</style>\
        <script>if (a < b) alert('</p>')</script></head><body><h2>Warm\n ones</h2>\
        <ul><li>the <b>sirocco</b>, from the south<li>the ostro</ul>\
        <table><tr><th>wind</th><th>from</th></tr><tr><td>bora</td><td>north&nbsp;east</td></tr></table>\
        <pre>a\n  b</pre>end<br>of it<noscript>hidden</noscript></body>";
    let expected = "Winds & more\n\n## Warm ones\n\n- the sirocco, from the south\n- the ostro\n\n\
        wind | from\nbora | north east\n\na\n  b\n\nend\nof it";
    assert_eq!(text("a.html", page.as_bytes()), expected);
}

#[test]
fn a_page_that_nests_without_end_is_read() {
    let page = "<div><b>".repeat(200_000) + "deep";
    assert_eq!(text("a.html", page.as_bytes()), "deep");
}

#[test]
fn a_document_of_word_is_read_with_its_headings_lists_and_tables() {
    let run = |words: &str| format!("<w:r><w:t xml:space=\"preserve\">{words}</w:t></w:r>");
    let body = format!(
        "<w:p><w:pPr><w:pStyle w:val=\"Heading2\"/></w:pPr>{}</w:p><w:p>{}{}</w:p>\
         <w:p><w:pPr><w:numPr/></w:pPr>{}</w:p>\
         <w:tbl><w:tr><w:tc><w:p>{}</w:p></w:tc><w:tc><w:p>{}</w:p></w:tc></w:tr></w:tbl>\
         <w:p><w:instrText>HYPERLINK</w:instrText></w:p>",
        run("Winds"),
        run("warm &amp; "),
        run("dry &#xe4;"),
        run("sirocco"),
        run("bora"),
        run("cold"),
    );
    let read = text("a.docx", &docx(&body));
    assert_eq!(read, "## Winds\n\nwarm & dry ä\n\n- sirocco\nbora  | cold");
    assert_eq!(
        extract("renamed.bin", &docx(&body)).unwrap().kind,
        AttachmentKind::Docx
    );
}

#[test]
fn a_document_that_unpacks_without_end_is_refused() {
    let bomb = "a".repeat(MOST_UNPACKED_BYTES as usize + 1);
    let packed = zipped(&[("word/document.xml", &bomb)]);
    assert!(packed.len() < 1 << 20);
    assert!(refusal("a.docx", &packed).contains("unpacks to more than"));
    let packed = zipped(&[
        ("xl/workbook.xml", WORKBOOK),
        ("xl/media/image1.png", &bomb),
    ]);
    assert!(refusal("a.xlsx", &packed).contains("unpacks to more than"));
}

#[test]
fn entities_of_a_document_type_are_not_expanded() {
    let document =
        "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><w:p><w:t>x&b;y</w:t></w:p>";
    assert_eq!(
        text("a.docx", &zipped(&[("word/document.xml", document)])),
        "xy"
    );
}

#[test]
fn a_document_that_is_broken_off_is_refused() {
    let document = "<w:document><w:p><w:t>half</w:p>";
    let broken = zipped(&[("word/document.xml", document)]);
    assert!(refusal("a.docx", &broken).starts_with("it is damaged"));
    let half = &docx("<w:p/>")[..60];
    assert!(refusal("a.docx", half).starts_with("it is damaged"));
}

#[test]
fn a_sheet_is_read_as_a_table_with_its_name() {
    let rows = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>wind, name</t></is></c><c r="C1"><v>7.5</v></c></row>
        <row r="3"><c r="A3" s="1"><v>45292</v></c><c r="B3" t="b"><v>1</v></c></row>"#;
    let read = text("a.xlsx", &xlsx(rows));
    assert_eq!(read, "# Winds\n\n\"wind, name\",,7.5\n\n2024-01-01,true");
}

#[test]
fn a_sheet_with_a_cell_at_its_far_end_takes_no_memory() {
    let rows = r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>"#;
    let read = text("a.xlsx", &xlsx(rows));
    assert!(read.starts_with("# Winds\n\n1\n") && read.ends_with(",2"));
    assert!(read.len() < 1000);
}

#[test]
fn a_sheet_with_more_text_than_any_model_reads_is_refused() {
    let cell = format!(
        "<c t=\"inlineStr\"><is><t>{}</t></is></c>",
        "a".repeat(1000)
    );
    let rows = format!("<row>{}</row>", cell.repeat(5000));
    assert!(refusal("a.xlsx", &xlsx(&rows)).contains("of text"));
}

#[test]
fn the_pages_of_a_pdf_are_read() {
    let extracted = extract("a.pdf", &pdf("The sirocco is warm.")).unwrap();
    assert_eq!(extracted.kind, AttachmentKind::Pdf);
    assert_eq!(extracted.text.trim(), "The sirocco is warm.");
}

#[test]
fn a_pdf_without_text_with_a_password_or_cut_off_is_refused_in_words() {
    assert!(refusal("a.pdf", &pdf("")).contains("scanned"));
    let zeros = "00".repeat(32);
    let lock = format!("<</Filter/Standard/V 1/R 2/Length 40/P -4/O<{zeros}>/U<{zeros}>>>");
    let locked = locked_pdf("secret", &lock);
    let refused = refusal("a.pdf", &locked);
    assert!(refused.contains("password"), "{refused}");
    let whole = pdf("The sirocco");
    let refusal = refusal("a.pdf", &whole[..whole.len() / 2]);
    assert!(
        refusal.starts_with("it is damaged") || refusal.contains("failed"),
        "{refusal}"
    );
}

#[test]
fn a_pdf_with_a_stream_that_unpacks_without_end_is_refused() {
    let pack = |content: &[u8]| {
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(content).unwrap();
        packer.finish().unwrap()
    };
    let once = pack(&vec![b'a'; MOST_UNPACKED_BYTES as usize + 1]);
    for packed in [pack(&once), once] {
        let mut bomb = pdf("warm");
        bomb.extend_from_slice(b"6 0 obj<</Filter/FlateDecode>>stream\r\n");
        bomb.extend_from_slice(&packed);
        assert!(refusal("a.pdf", &bomb).contains("unpacks to more than"));
    }
}

#[test]
fn no_bytes_end_the_process() {
    let files = [
        pdf("The sirocco is warm."),
        docx("<w:p><w:r><w:t>warm</w:t></w:r></w:p>"),
        xlsx(r#"<row r="1"><c r="A1"><v>1</v></c></row>"#),
    ];
    for file in files {
        for at in (0..file.len()).step_by(7) {
            let mut changed = file.clone();
            changed[at] = changed[at].wrapping_add(0x55);
            let _ = extract("a", &changed);
        }
    }
}

fn written(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Vec::new();
    image.write_to(&mut Cursor::new(&mut file), format).unwrap();
    file
}

fn picture(bytes: &[u8]) -> (Picture, RgbImage) {
    let extracted = extract("wind.png", bytes).unwrap();
    assert_eq!(
        (extracted.kind, extracted.text.as_str()),
        (AttachmentKind::Image, "")
    );
    let picture = extracted.picture.unwrap();
    let pixels = image::load_from_memory(&picture.file).unwrap().to_rgb8();
    assert_eq!(pixels.dimensions(), (picture.width, picture.height));
    (picture, pixels)
}

#[test]
fn images_of_every_kind_are_read_whatever_their_name() {
    let drawn = DynamicImage::from(RgbImage::from_pixel(6, 4, Rgb([200, 100, 50])));
    for (format, keeps) in [
        (ImageFormat::Png, ImageFormat::Png),
        (ImageFormat::Gif, ImageFormat::Png),
        (ImageFormat::Jpeg, ImageFormat::Jpeg),
        (ImageFormat::WebP, ImageFormat::Jpeg),
    ] {
        let (picture, pixels) = picture(&written(&drawn, format));
        assert_eq!((picture.width, picture.height), (6, 4), "{format:?}");
        assert_eq!(image::guess_format(&picture.file).unwrap(), keeps);
        let [red, green, blue] = pixels.get_pixel(3, 2).0;
        assert!(red.abs_diff(200) < 8 && green.abs_diff(100) < 8 && blue.abs_diff(50) < 8);
    }
}

#[test]
fn a_large_image_is_scaled_and_keeps_its_shape() {
    let drawn = DynamicImage::from(RgbImage::new(4000, 1000));
    let (picture, _) = picture(&written(&drawn, ImageFormat::Png));
    assert_eq!((picture.width, picture.height), (1280, 320));
}

#[test]
fn what_is_transparent_is_white() {
    let drawn = DynamicImage::from(RgbaImage::from_pixel(2, 2, Rgba([0, 0, 0, 0])));
    let (_, pixels) = picture(&written(&drawn, ImageFormat::Png));
    assert_eq!(pixels.get_pixel(0, 0).0, [255; 3]);
}

#[test]
fn a_photograph_is_turned_as_its_camera_says_and_nothing_else_of_it_is_kept() {
    let drawn = DynamicImage::from(RgbImage::new(8, 4));
    let plain = written(&drawn, ImageFormat::Jpeg);
    // Exif with one entry: the orientation, 6, a quarter turn to the right.
    let mut exif = b"Exif\0\0II\x2a\0\x08\0\0\0\x01\0".to_vec();
    exif.extend(b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0");
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let turned = [&plain[..2], b"\xff\xe1", &length, &exif, &plain[2..]].concat();
    let (picture, _) = picture(&turned);
    assert_eq!((picture.width, picture.height), (4, 8));
    assert!(!picture.file.windows(4).any(|part| part == b"Exif"));
}

#[test]
fn traps_and_broken_images_are_refused() {
    let drawn = DynamicImage::from(RgbImage::new(64, 64));
    let mut bomb = written(&drawn, ImageFormat::Png);
    // The width and height of its header, and what a decoder would believe of them.
    bomb[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    let checksum = {
        let mut crc = flate2::Crc::new();
        crc.update(&bomb[12..29]);
        crc.sum()
    };
    bomb[29..33].copy_from_slice(&checksum.to_be_bytes());
    assert!(refusal("bomb.png", &bomb).contains("million pixels"));
    let photograph = written(&drawn, ImageFormat::Jpeg);
    for broken in [&bomb[..20], &photograph[..photograph.len() / 4]] {
        assert!(refusal("broken", broken).starts_with("it is damaged"));
    }
}
