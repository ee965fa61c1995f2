// Writes GGUF files that hold a vocabulary and no tensors.

const TYPES = { u32: 4, f32: 6, bool: 7, string: 8, array: 9, i32: 5 };

class Bytes {
  parts = [];

  u32(value) {
    const part = Buffer.alloc(4);
    part.writeUInt32LE(value);
    this.parts.push(part);
    return this;
  }

  u64(value) {
    const part = Buffer.alloc(8);
    part.writeBigUInt64LE(BigInt(value));
    this.parts.push(part);
    return this;
  }

  string(value) {
    const part = Buffer.isBuffer(value) ? value : Buffer.from(value, "utf8");
    this.u64(part.length).parts.push(part);
    return this;
  }

  key(name, type) {
    this.string(name).u32(TYPES[type]);
    return this;
  }
}

function numbers(values, type) {
  const part = Buffer.alloc(values.length * 4);
  values.forEach((value, at) => (type === "f32" ? part.writeFloatLE(value, at * 4) : part.writeInt32LE(value, at * 4)));
  return part;
}

// `vocabulary`: model, pre, name, tokens (strings or buffers), scores, types, merges, ids {bos, eos, unknown}, flags.
export function writeGguf(vocabulary) {
  const fields = [];
  const field = (write) => fields.push(write);
  const string = (name, value) => field((out) => out.key(name, "string").string(value));
  const array = (name, type, values) =>
    field((out) => {
      out.key(name, "array").u32(TYPES[type]).u64(values.length);
      if (type === "string") values.forEach((value) => out.string(value));
      else out.parts.push(numbers(values, type));
    });
  string("general.architecture", "llama");
  string("general.name", vocabulary.name ?? "test");
  const sizes = {
    context_length: 2048,
    embedding_length: 8,
    block_count: 1,
    feed_forward_length: 8,
    "attention.head_count": 1,
    "attention.head_count_kv": 1,
    "rope.dimension_count": 8,
  };
  for (const [name, value] of Object.entries(sizes)) field((out) => out.key(`llama.${name}`, "u32").u32(value));
  field((out) => out.key("llama.attention.layer_norm_rms_epsilon", "f32").parts.push(numbers([1e-5], "f32")));
  string("tokenizer.ggml.model", vocabulary.model);
  if (vocabulary.pre) string("tokenizer.ggml.pre", vocabulary.pre);
  array("tokenizer.ggml.tokens", "string", vocabulary.tokens);
  array("tokenizer.ggml.token_type", "i32", vocabulary.types);
  if (vocabulary.scores) array("tokenizer.ggml.scores", "f32", vocabulary.scores);
  if (vocabulary.merges) array("tokenizer.ggml.merges", "string", vocabulary.merges);
  for (const [name, id] of Object.entries(vocabulary.ids ?? {}))
    field((out) => out.key(`tokenizer.ggml.${name}_token_id`, "u32").u32(id));
  for (const [name, value] of Object.entries(vocabulary.flags ?? {}))
    field((out) => out.key(`tokenizer.ggml.${name}`, "bool").parts.push(Buffer.from([value ? 1 : 0])));
  const out = new Bytes();
  out.parts.push(Buffer.from("GGUF"));
  out.u32(3).u64(0).u64(fields.length);
  fields.forEach((write) => write(out));
  return Buffer.concat(out.parts);
}
