// Awkward strings, the same ones every time.

function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const SPECIAL = [
  "<|im_start|>", "<|im_end|>", "<|eot_id|>", "<|begin_of_text|>", "<|end_of_text|>", "<|endoftext|>", "<s>", "</s>",
  "<unk>", "[INST]", "[/INST]", "<start_of_turn>", "<end_of_turn>", "<|user|>", "<|assistant|>", "<|end|>", "<0x0A>",
  "<0xFF>", "<think>", "</think>", "<｜begin▁of▁sentence｜>", "<｜User｜>", "<|im_", "im_end|>", "<|im_end|", "[TOOL_CALLS]",
  "<|fim_prefix|>", "<tool_call>", "<pad>", "<bos>", "[UNUSED_TOKEN_1]", "<unused7>",
];

const SAMPLES = [
  "The quick brown fox jumps over the lazy dog.",
  "I'll say we've HADN'T they'RE you'D it'S I'm 'tis ’tis don’t",
  "fn main() { let x: Vec<u32> = vec![1, 2, 3]; println!(\"{:?}\", x); } // done\n",
  "def f(a, *, b=None):\n    return [i ** 2 for i in range(a) if i % 2 == 0]\n\n\n",
  "https://user:pass@example.org:8080/a/b%20c?q=1&r=%E2%9C%93#frag me@example.co.uk",
  "人工智能正在改变世界。今天天气很好，我们去公园吧！",
  "日本語のテキストとカタカナ、ひらがな、漢字を混ぜる。ｶﾀｶﾅ",
  "한국어 문장을 토큰으로 나눕니다. ㄱㄴㄷ",
  "Быстрая коричневая лиса. Ўзбек тили",
  "السلام عليكم، كيف حالك؟ ١٢٣٤٥",
  "שלום עולם, מה שלומך?",
  "สวัสดีครับ วันนี้อากาศดีมาก ๑๒๓",
  "नमस्ते दुनिया, आप कैसे हैं? १२३ क्षत्रिय",
  "বাংলা লেখা தமிழ் உரை ภาษาไทย ភាសាខ្មែរ မြန်မာ",
  "e\u0301 a\u030a\u0323 n\u0303 Z\u0351\u036b\u0343a\u0308l\u0321g\u0349o\u0334",
  "👩‍👩‍👧‍👦👍🏽🇩🇪🏴󠁧󠁢󠁥󠁮󠁧󠁿❤️‍🔥😀😀😀",
  "ﬁﬂ ĳ ǅ ß ẞ ſ K Å Ω ½ Ⅻ ② ㎏ ™ © № ℃",
  "3.14159 1,000,000 -42 0x1F 1e-9 12345678901234567890 ٣٫١٤ ４２",
  "\u00a0\u1680\u2002\u2003\u2009\u200a\u2028\u2029\u202f\u205f\u3000x\u200b\u200c\u200d\ufeffy\u00ad",
  "\u0000\u0001\u0007\u0008\u001b[0m\u007f\u0080\u0085\u009f",
  "\ufffd\ufffe\uffff\ue000\u{10ffff}\u{e0001}\u{1fffe}\u0378\u{2fe0}",
  "▁ ▁▁a ▁b Ġ Ċ Ã© Ł",
  "CamelCaseHTTPServer snake_case_name SCREAMING_CASE kebab-case x1y2z3 iPhone15Pro",
  "!!!??? ... --- *** === ((())) [[[]]] {{{}}} \\\\\\ /// ||| ~~~ ``` ''' \"\"\" @#$%^&*",
  "$E=mc^2$ \\frac{a}{b} \\sum_{i=0}^{n} x_i ≤ ∞ ∀x∃y → ⇔ ∅",
  "<div class=\"a\">&nbsp;&lt;b&gt;</div>",
  "{\"key\": [1, 2.5, null, true], \"näme\": \"\\u00e9\\n\"}",
];

const SPACES = [" ", "  ", "   ", "\t", "\n", "\r\n", "\n\n", "\r", " \n", "\n ", "\t\t ", "        ", "\u00a0", "\u3000", "\u000b", "\u000c", "\u0085"];

const RANGES = [
  [0x20, 0x7e], [0xa0, 0x17f], [0x180, 0x24f], [0x300, 0x36f], [0x370, 0x52f], [0x590, 0x6ff], [0x900, 0xdff],
  [0xe00, 0x10ff], [0x1100, 0x11ff], [0x1e00, 0x20cf], [0x2100, 0x2bff], [0x2c00, 0x2fff], [0x3000, 0x33ff],
  [0x4e00, 0x9fff], [0xa000, 0xabff], [0xac00, 0xd7ff], [0xe000, 0xf8ff], [0xf900, 0xffff], [0x10000, 0x10fff],
  [0x1d400, 0x1d7ff], [0x1f000, 0x1faff], [0x20000, 0x2a6df], [0xe0000, 0xe01ef], [0, 0x10ffff],
];

export function awkwardStrings(count = 2000) {
  const next = random(20260101);
  const pick = (list) => list[next(list.length)];
  const character = () => {
    const [first, last] = pick(RANGES);
    const code = first + next(last - first + 1);
    return code >= 0xd800 && code <= 0xdfff ? "\ufffd" : String.fromCodePoint(code);
  };
  const characters = (length) => Array.from({ length }, character).join("");
  const part = () => {
    const sample = [...pick(SAMPLES)];
    const from = next(sample.length);
    return sample.slice(from, from + 1 + next(20)).join("");
  };
  const makers = [
    () => pick(SAMPLES),
    part,
    part,
    () => pick(SPECIAL),
    () => pick(SPECIAL) + pick(SPACES) + pick(SPECIAL),
    () => Array.from({ length: 1 + next(6) }, () => pick(SPACES)).join(""),
    () => pick(SPACES).repeat(1 + next(40)),
    () => characters(1 + next(12)),
    () => Array.from({ length: 1 + next(14) }, () => next(10)).join(""),
    () => character().repeat(1 + next(70)),
    () => "'" + pick(["s", "S", "t", "re", "RE", "ve", "Ll", "d", "m", "x", "ſ", ""]),
    () => pick([..."!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"]).repeat(1 + next(5)),
  ];
  const strings = ["", " ", "  ", "\n", "a", " a", "a ", "\u2581", "'", "\r\n", "0", "\0", ...SPECIAL, ...SAMPLES];
  strings.push("a".repeat(2000), "1".repeat(999), "長".repeat(700), " ".repeat(600), "ab".repeat(700) + " c");
  strings.push("\n".repeat(300), "=".repeat(400), "é".repeat(500), "e\u0301".repeat(300), "a b ".repeat(300));
  while (strings.length < count) {
    strings.push(Array.from({ length: 1 + next(6) }, () => pick(makers)()).join(pick(["", "", " ", "\n"])));
  }
  return strings.slice(0, count);
}

// Every character there is, each between a letter and a digit.
export function everyCharacter() {
  const strings = [];
  for (let from = 0; from < 0x110000; from += 512) {
    if (from >= 0xd800 && from < 0xe000) continue;
    strings.push(Array.from({ length: 512 }, (_, at) => `a${String.fromCodePoint(from + at)}1 `).join(""));
  }
  return strings;
}
