//! A projector file of about 50 kB for [`TinyModel`](crate::TinyModel): it reads every image as 16 tokens of nonsense,
//! and another one as other nonsense.

use std::path::Path;

use sirocco_gguf::TensorType;
use sirocco_gguf::writer::{Field, Writer};

/// Pixels of a side of what the model sees, and of a patch of it.
const IMAGE: u64 = 32;
const PATCH: u64 = 8;
const EMBEDDING: u64 = 32;
const FEED_FORWARD: u64 = 64;
/// The last block of a LLaVA's is never computed.
const BLOCKS: u64 = 2;

/// How to make the file. The same values give the same bytes.
#[derive(Clone, Debug)]
pub struct TinyProjector {
    /// `clip.projector_type`: `mlp`, LLaVA's, or another name to have it refused.
    pub projector_type: String,
    /// Numbers per token of the model that it is for.
    pub embedding: u64,
    /// Of the random weights.
    pub seed: u64,
}

impl Default for TinyProjector {
    fn default() -> Self {
        Self {
            projector_type: "mlp".into(),
            embedding: 64,
            seed: 1,
        }
    }
}

impl TinyProjector {
    /// Tokens of every image.
    pub const TOKENS: usize = ((IMAGE / PATCH) * (IMAGE / PATCH)) as usize;

    /// The file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let number = |value: u64| Field::U32(value as u32);
        let key = |name: &str| format!("clip.vision.{name}");
        let mut writer = Writer::new()
            .field("general.architecture", "clip")
            .field("general.type", "mmproj")
            .field("general.file_type", 0_u32)
            .field("clip.has_vision_encoder", true)
            .field("clip.projector_type", self.projector_type.as_str())
            .field("clip.use_gelu", true)
            .field(key("image_size"), number(IMAGE))
            .field(key("patch_size"), number(PATCH))
            .field(key("embedding_length"), number(EMBEDDING))
            .field(key("feed_forward_length"), number(FEED_FORWARD))
            .field(key("block_count"), number(BLOCKS))
            .field(key("attention.head_count"), number(2))
            .field(key("attention.layer_norm_epsilon"), 1e-5_f32)
            .field(key("projection_dim"), number(self.embedding))
            .field(key("image_mean"), Field::floats([0.5; 3]))
            .field(key("image_std"), Field::floats([0.5; 3]));
        let mut random = Random(self.seed);
        let mut tensor = |name: String, dimensions: &[u64]| {
            let count = dimensions.iter().product::<u64>();
            let data = (0..count).flat_map(|_| random.weight().to_le_bytes());
            let taken = std::mem::take(&mut writer);
            writer = taken.tensor(
                name,
                dimensions.to_vec(),
                TensorType::F32,
                data.collect::<Vec<u8>>(),
            );
        };
        let patches = (IMAGE / PATCH) * (IMAGE / PATCH);
        tensor("v.patch_embd.weight".into(), &[PATCH, PATCH, 3, EMBEDDING]);
        tensor("v.position_embd.weight".into(), &[EMBEDDING, patches]);
        for block in 0..BLOCKS {
            for name in ["attn_q", "attn_k", "attn_v", "attn_out"] {
                let name = format!("v.blk.{block}.{name}.weight");
                tensor(name, &[EMBEDDING, EMBEDDING]);
            }
            for name in ["ln1.weight", "ln1.bias", "ln2.weight", "ln2.bias"] {
                tensor(format!("v.blk.{block}.{name}"), &[EMBEDDING]);
            }
            let (up, down) = ([EMBEDDING, FEED_FORWARD], [FEED_FORWARD, EMBEDDING]);
            tensor(format!("v.blk.{block}.ffn_up.weight"), &up);
            tensor(format!("v.blk.{block}.ffn_down.weight"), &down);
        }
        tensor("mm.0.weight".into(), &[EMBEDDING, self.embedding]);
        tensor("mm.0.bias".into(), &[self.embedding]);
        tensor("mm.2.weight".into(), &[self.embedding, self.embedding]);
        tensor("mm.2.bias".into(), &[self.embedding]);
        writer.build().expect("the dimensions above add up")
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        std::fs::write(path, self.bytes())
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    /// Between -1/2 and 1/2.
    fn weight(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
    }
}
