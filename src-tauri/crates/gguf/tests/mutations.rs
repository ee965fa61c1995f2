//! Random damage: 20,000 mutations of a real-looking file never panic and never allocate much.
//!
//! The generator is seeded, so a failure repeats. A counting allocator watches the peak.
#![expect(
    unsafe_code,
    reason = "a counting allocator implements an unsafe trait"
)]

mod models;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Cursor;

use models::complete;
use sirocco_gguf::{
    Model, Runtime, Summary, memory, read_header, read_prefix, read_vocabulary, verdict,
};

struct Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    LIVE.with(|live| {
        live.set(live.get() + bytes);
        PEAK.with(|peak| peak.set(peak.get().max(live.get())));
    });
}

// SAFETY: passes everything on to the system allocator unchanged; the counters are plain thread-local cells that
// neither allocate nor have destructors.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the pointer came from `alloc` above, that is from the system allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most that `work` held at once, beyond what was held before, in bytes.
fn peak_of(work: impl FnOnce()) -> usize {
    let before = LIVE.with(Cell::get);
    PEAK.with(|peak| peak.set(before));
    work();
    PEAK.with(Cell::get).saturating_sub(before).max(0) as usize
}

/// xorshift64*: small, seeded, good enough to spread damage.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

fn use_everything(bytes: &[u8]) {
    let known = &bytes[..bytes.len() / 2];
    let _ = read_prefix(known, bytes.len() as u64);
    let mut source = Cursor::new(bytes);
    if let Ok(header) = read_header(&mut source, bytes.len() as u64) {
        let _ = read_vocabulary(&mut source, &header);
        let model = Model::from_header(header);
        let _ = Summary::of(&model);
        for runtime in [Runtime::MistralRs, Runtime::LlamaCpp] {
            let _ = format!("{:?}", verdict(&model, runtime));
            let _ = memory::estimate_for(&model, runtime, u64::MAX);
            let _ = memory::largest_context_for(&model, runtime, 1 << 30);
        }
    }
}

#[test]
fn mutated_files_never_panic_and_allocate_little() {
    let originals: Vec<(Vec<u8>, usize)> = ["llama", "qwen3", "phi3", "starcoder2"]
        .iter()
        .map(|architecture| {
            let bytes = complete(architecture).build().unwrap();
            let header = models::parse(&bytes).unwrap();
            (bytes, header.data_offset as usize)
        })
        .collect();
    let interesting = [
        0,
        1,
        4,
        8,
        9,
        0xff,
        0xffff,
        1 << 31,
        u32::MAX as u64,
        1 << 40,
        i64::MAX as u64,
        u64::MAX,
    ];
    let mut random = Random(0x5eed_0001);
    let mut worst = 0;
    for round in 0..20_000 {
        let (original, header_len) = &originals[round % originals.len()];
        let mut bytes = original.clone();
        for _ in 0..=random.below(4) {
            let place = random.below(*header_len - 8);
            match random.below(5) {
                0 => bytes[place] ^= 1 << random.below(8),
                1 => bytes[place] = random.next() as u8,
                2 => {
                    let value = interesting[random.below(interesting.len())];
                    bytes[place..place + 8].copy_from_slice(&value.to_le_bytes());
                }
                3 => {
                    let from = random.below(*header_len - 8);
                    bytes.copy_within(from..from + 8, place);
                }
                _ => bytes.truncate(place.max(9 * header_len / 10)),
            }
            if bytes.len() < *header_len {
                break;
            }
        }
        worst = worst.max(peak_of(|| use_everything(&bytes)));
    }
    assert!(
        worst < 8 << 20,
        "a mutated file made the reader hold {worst} bytes"
    );
}

#[test]
fn a_file_full_of_lists_stays_within_the_kept_budget() {
    // 60,000 lists of 1,000 bytes: 60 MB that would become 2 GB if every element were kept.
    let mut raw = models::Raw::new(0, 60_000);
    for index in 0..60_000 {
        raw = raw
            .text(&format!("k{index}"))
            .u32(9)
            .u32(0)
            .u64(1000)
            .bytes(&[7; 1000]);
    }
    let peak = peak_of(|| {
        let header = models::parse(&raw.0).unwrap();
        assert_eq!(header.metadata.len(), 60_000);
    });
    assert!(peak < 64 << 20, "{peak}");
}

#[test]
fn lengths_that_lie_allocate_nothing() {
    // The source claims 1 TB, into which every declared length fits, and holds nothing after it.
    let claims = [
        models::Raw::new(0, 2).text("k").u32(8).u64(1 << 20),
        models::Raw::new(0, 2).text("k").u32(8).u64(60 << 20),
        models::Raw::new(0, 2).text("k").u32(9).u32(8).u64(16 << 20),
        models::Raw::new(0, 2)
            .text("k")
            .u32(9)
            .u32(12)
            .u64(16 << 20),
        models::Raw::new(200_000, 60_000),
    ];
    for raw in claims {
        let peak = peak_of(|| {
            let result = read_header(&mut Cursor::new(&raw.0), 1 << 40);
            assert!(result.is_err());
        });
        assert!(peak < 1 << 20, "{peak}");
    }
}
