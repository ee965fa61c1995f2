//! Puts our kernels in the place of candle's products and mistral.rs's attention, where this CPU runs them.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use candle_core::quantized::gguf_file::TensorInfo;
use candle_core::quantized::{GgmlDType, QStorage, QTensor, QuantizedType};
use candle_core::{CpuStorage, Device, Layout, Result, Storage, Tensor};
use half::f16;
use mistralrs::core::{CAUSAL_ATTENTION_HOOK, EMBEDDING_HOOK, TENSOR_HOOK};
use rayon::{ThreadPool, ThreadPoolBuilder};
use sirocco_kernels::{Attention, Files, Format, Matrix, Pool, Strided};
use sirocco_worker::engine::Watch;

/// The threads of the kernels; there once [`install`] has found that they run here.
static POOL: OnceLock<Pool> = OnceLock::new();
/// What candle's own operations run on: the thread that installs it and others.
static TOGETHER: OnceLock<ThreadPool> = OnceLock::new();
/// One thread, for passes whose operations take microseconds.
static ALONE: OnceLock<ThreadPool> = OnceLock::new();
/// Products since the beginning.
static PRODUCTS: AtomicUsize = AtomicUsize::new(0);
/// Products of a pass.
static PASS_LENGTH: OnceLock<usize> = OnceLock::new();
/// Where the weights lie.
static FILES: OnceLock<Files> = OnceLock::new();

/// A pass through the model while it runs.
#[derive(Clone, Copy)]
struct Pass<'a> {
    watch: Watch<'a>,
    products: &'a Cell<usize>,
}

scoped_tls_hkt::scoped_thread_local!(static PASS: for<'a> Pass<'a>);

impl Pass<'_> {
    /// Before each product.
    fn go_on(&self) -> Result<()> {
        if self.watch.stop.load(Ordering::Relaxed) {
            candle_core::bail!("stopped");
        }
        if let Some(length) = PASS_LENGTH.get() {
            let share = self.products.get() as f32 / *length as f32;
            // Experts make the number of products differ from pass to pass.
            (self.watch.progress)(share.min(1.0));
        }
        self.products.set(self.products.get() + 1);
        Ok(())
    }
}

/// A pass of many tokens: once it is stopped, products fail.
pub fn watched<T>(watch: Watch<'_>, compute: impl FnOnce() -> T) -> T {
    let products = Cell::new(0);
    let pass = Pass {
        watch,
        products: &products,
    };
    PASS.set(pass, compute)
}

/// A pass of one token: candle's operations take some microseconds each, and handing them to other threads, which ours
/// keep from their cores, would take longer.
pub fn alone<T: Send>(compute: impl FnOnce() -> T + Send) -> T {
    match ALONE.get() {
        Some(thread) => thread.install(compute),
        None => compute(),
    }
}

/// The first pass is over: the products so far are those of one.
pub fn first_pass_is_over() {
    let _ = PASS_LENGTH.set(PRODUCTS.load(Ordering::Relaxed).max(1));
}

/// Uses our kernels from now on, with `threads` threads, for weights of these files. Does nothing on a CPU that lacks
/// what they need.
pub fn install(threads: usize, files: Files) {
    if !sirocco_kernels::supported() {
        eprintln!("this CPU lacks AVX2, FMA or F16C: the engine's own kernels are used");
        return;
    }
    POOL.get_or_init(|| Pool::new(threads));
    let alone = ThreadPoolBuilder::new().num_threads(1).build();
    let together = ThreadPoolBuilder::new()
        .num_threads(threads.max(1))
        .use_current_thread()
        .build();
    for (place, pool) in [(&ALONE, alone), (&TOGETHER, together)] {
        match pool {
            Ok(pool) => drop(place.set(pool)),
            Err(error) => eprintln!("candle's operations run on threads of its own: {error}"),
        }
    }
    // A worker loads one model, so nobody has set them before.
    let _ = FILES.set(files);
    let _ = TENSOR_HOOK.set(weights);
    let _ = CAUSAL_ATTENTION_HOOK.set(attend);
    let _ = EMBEDDING_HOOK.set(rows);
}

/// Whether our kernels compute.
pub fn are_installed() -> bool {
    POOL.get().is_some()
}

fn pool() -> &'static Pool {
    POOL.get().expect("the hooks are set after the pool")
}

/// Quantized matrices, which multiply by themselves; other tensors are left to candle.
fn weights(file: usize, tensor: &TensorInfo, offset: u64) -> Result<Option<QTensor>> {
    let dtype = tensor.ggml_dtype;
    let (Some(format), [rows, columns]) = (format_of(dtype), tensor.shape.dims()) else {
        return Ok(None);
    };
    let (rows, columns) = (*rows, *columns);
    let length = tensor.shape.elem_count() / dtype.block_size() * dtype.type_size();
    let Some(bytes) = FILES
        .get()
        .and_then(|files| files.piece(file, offset, length))
    else {
        candle_core::bail!("the file ends before its weights do");
    };
    let matrix = Matrix::new(format, rows, columns, bytes).map_err(candle_core::Error::wrap)?;
    let storage = QStorage::Cpu(Box::new(Weights { matrix, dtype }));
    QTensor::new(storage, (rows, columns)).map(Some)
}

/// Rows of a table of embeddings, one for each id.
fn rows(table: &QTensor, ids: &[u32]) -> Result<Tensor> {
    let Some(format) = format_of(table.dtype()) else {
        candle_core::bail!("no kernel reads embeddings stored as {:?}", table.dtype());
    };
    let (count, columns) = table.shape().dims2()?;
    let (bytes, row_bytes) = (table.data()?, table.storage_size_in_bytes() / count.max(1));
    let mut out = vec![0.0; ids.len() * columns];
    for (id, out) in ids.iter().zip(out.chunks_exact_mut(columns)) {
        let Some(row) = bytes.chunks_exact(row_bytes).nth(*id as usize) else {
            candle_core::bail!("token {id} is beyond the table of {count} embeddings");
        };
        format.widen(row, out);
    }
    Tensor::from_vec(out, (ids.len(), columns), &Device::Cpu)
}

fn format_of(dtype: GgmlDType) -> Option<Format> {
    Some(match dtype {
        GgmlDType::Q4_0 => Format::Q4_0,
        GgmlDType::Q4_1 => Format::Q4_1,
        GgmlDType::Q5_0 => Format::Q5_0,
        GgmlDType::Q5_1 => Format::Q5_1,
        GgmlDType::Q8_0 => Format::Q8_0,
        GgmlDType::Q2K => Format::Q2_K,
        GgmlDType::Q3K => Format::Q3_K,
        GgmlDType::Q4K => Format::Q4_K,
        GgmlDType::Q5K => Format::Q5_K,
        GgmlDType::Q6K => Format::Q6_K,
        _ => return None,
    })
}

/// Our matrix as candle's storage.
struct Weights {
    matrix: Matrix,
    dtype: GgmlDType,
}

impl QuantizedType for Weights {
    fn dtype(&self) -> GgmlDType {
        self.dtype
    }

    fn matmul_t(&self, _mkn: (usize, usize, usize), lhs: &[f32], dst: &mut [f32]) -> Result<()> {
        PRODUCTS.fetch_add(1, Ordering::Relaxed);
        if PASS.is_set() {
            PASS.with(|pass| pass.go_on())?;
        }
        self.matrix.multiply(pool(), lhs, dst);
        Ok(())
    }

    fn matmul_t_f16(
        &self,
        _mkn: (usize, usize, usize),
        lhs: &[f16],
        dst: &mut [f16],
    ) -> Result<()> {
        let lhs: Vec<f32> = lhs.iter().map(|value| value.to_f32()).collect();
        let mut product = vec![0.0; dst.len()];
        self.matrix.multiply(pool(), &lhs, &mut product);
        for (to, value) in dst.iter_mut().zip(product) {
            *to = f16::from_f32(value);
        }
        Ok(())
    }

    fn dequantize(&self, _elem_count: usize) -> Result<CpuStorage> {
        Ok(CpuStorage::F32(self.matrix.widened(pool())))
    }

    fn storage_size_in_bytes(&self) -> usize {
        self.matrix.bytes().len()
    }

    fn as_ptr(&self) -> *const u8 {
        self.matrix.bytes().as_ptr()
    }

    fn block_size(&self) -> usize {
        self.matrix.format().block_len()
    }

    fn from_float(&mut self, _: &[f32]) {
        unreachable!("weights of a file are never written");
    }

    fn from_float_imatrix(&mut self, _: &[f32], _: &[f32], _: usize) {
        unreachable!("weights of a file are never written");
    }

    fn size(&self) -> usize {
        self.storage_size_in_bytes()
    }
}

/// Causal attention of a sequence: `q` is (1, heads, queries, dim), `k` and `v` (1, kv heads, positions, dim).
fn attend(q: &Tensor, k: &Tensor, v: &Tensor, scale: f32) -> Result<Option<Tensor>> {
    let (batch, heads, queries, dim) = q.dims4()?;
    let (_, kv_heads, positions, _) = k.dims4()?;
    let Some(layer) = Attention::new(heads, kv_heads, dim, scale) else {
        return Ok(None);
    };
    if batch != 1 || v.dims() != k.dims() || queries > positions {
        return Ok(None);
    }
    let (q, k, v) = (rows_together(q)?, rows_together(k)?, rows_together(v)?);
    let ((q, q_layout), (k, k_layout), (v, v_layout)) = (
        q.storage_and_layout(),
        k.storage_and_layout(),
        v.storage_and_layout(),
    );
    let (Storage::Cpu(q), Storage::Cpu(k), Storage::Cpu(v)) = (&*q, &*k, &*v) else {
        return Ok(None);
    };
    let mut out = vec![0.0; queries * heads * dim];
    let q = strided(q, q_layout)?;
    let cache = (strided(k, k_layout)?, strided(v, v_layout)?);
    layer.run(pool(), (q, queries), cache, positions, &mut out);
    let out = Tensor::from_vec(out, (1, queries, heads, dim), &Device::Cpu)?;
    out.transpose(1, 2).map(Some)
}

fn strided<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<Strided<'a>> {
    Ok(Strided {
        data: &storage.as_slice::<f32>()?[layout.start_offset()..],
        head_stride: layout.stride()[1],
        position_stride: layout.stride()[2],
    })
}

/// The tensor with the values of a row beside each other.
fn rows_together(tensor: &Tensor) -> Result<Tensor> {
    if tensor.stride().last() == Some(&1) {
        Ok(tensor.clone())
    } else {
        tensor.contiguous()
    }
}
