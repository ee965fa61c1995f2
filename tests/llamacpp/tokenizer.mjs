// Compares our token ids with llama.cpp's, string by string and vocabulary by vocabulary.
//
//     npm ci && node tokenizer.mjs [--every-character] [word in the vocabulary's name]
//
// SIROCCO_TEST_MODEL may name a model file whose vocabulary is compared too. Ends with 1 on any difference.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { getLlama } from "node-llama-cpp";
import { writeGguf } from "./gguf.mjs";
import { awkwardStrings, everyCharacter } from "./strings.mjs";
import { vocabularies } from "./vocabularies.mjs";

const options = process.argv.slice(2);
const strings = options.includes("--every-character") ? everyCharacter() : awkwardStrings();
const only = options.find((option) => !option.startsWith("--"));
const root = fileURLToPath(new URL("../..", import.meta.url));
const cache = join(tmpdir(), "sirocco-tokenizer-wheel");
const folder = mkdtempSync(join(tmpdir(), "sirocco-tokenizer-"));
mkdirSync(cache, { recursive: true });

function ourProgram() {
  const args = ["build", "--quiet", "--release", "--package", "sirocco-worker", "--example", "tokenize"];
  const lines = execFileSync("cargo", [...args, "--message-format", "json"], { cwd: root, maxBuffer: 1 << 28 });
  const messages = lines.toString().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return messages.findLast((message) => message.executable && message.target.name === "tokenize").executable;
}

const program = ourProgram();
const llama = await getLlama({ gpu: false, build: "never", logLevel: "disabled" });

function ours(file, special) {
  const input = JSON.stringify({ strings, parse_special: special });
  return JSON.parse(execFileSync(program, [file], { input, maxBuffer: 1 << 30 }).toString());
}

const same = (left, right) => left.length === right.length && left.every((id, at) => id === right[at]);

// SentencePiece cannot tell its own mark for a space from a space.
const comparable = (text, isSentencePiece) => (isSentencePiece ? text.replaceAll("\u2581", " ") : text);

const rows = [];
async function compare(name, file, isSentencePiece) {
  const model = await llama.loadModel({ modelPath: file, vocabOnly: true });
  let differences = 0;
  let lost = 0;
  for (const special of [false, true]) {
    ours(file, special).forEach(({ ids, text }, index) => {
      const theirs = model.tokenize(strings[index], special);
      if (!same(ids, theirs)) {
        if (differences++ < 3) {
          console.error(`${name}: ${JSON.stringify(strings[index].slice(0, 300))}`);
          const at = ids.findIndex((id, position) => id !== theirs[position]);
          console.error(`  from ${at}: ours ${ids.slice(at, at + 12)} theirs ${theirs.slice(at, at + 12)}`);
        }
      }
      if (special) return;
      if (comparable(text, isSentencePiece) !== comparable(strings[index], isSentencePiece)) {
        if (lost++ < 3) console.error(`${name}: ${JSON.stringify(strings[index])} came back ${JSON.stringify(text)}`);
      }
    });
  }
  await model.dispose();
  rows.push({ vocabulary: name, strings: strings.length, differences, "round-trip failures": lost });
}

try {
  for (const [name, vocabulary] of vocabularies(cache)) {
    if (only && !name.includes(only)) continue;
    const file = join(folder, "vocabulary.gguf");
    writeFileSync(file, writeGguf(vocabulary));
    await compare(name, file, vocabulary.model === "llama");
  }
  if (process.env.SIROCCO_TEST_MODEL) await compare("SIROCCO_TEST_MODEL", process.env.SIROCCO_TEST_MODEL, false);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.table(rows);
process.exit(rows.length > 0 && rows.every((row) => row.differences + row["round-trip failures"] === 0) ? 0 : 1);
