/**
 * Colours for code: shiki's core with the JavaScript regex engine (no wasm, no eval), grammars
 * fetched when a block first needs them. Kinds, not colours, come out: the theme's tokens colour
 * them, so a change of theme costs nothing.
 */

import type { GrammarState, HighlighterCore, LanguageRegistration, ThemeRegistration } from 'shiki/core';
import type { CodePiece } from './sanitise';

type GrammarModule = Promise<{ default: LanguageRegistration[] }>;

const GRAMMARS: Record<string, () => GrammarModule> = {
  asm: () => import('shiki/langs/asm.mjs'),
  bash: () => import('shiki/langs/bash.mjs'),
  c: () => import('shiki/langs/c.mjs'),
  clojure: () => import('shiki/langs/clojure.mjs'),
  cmake: () => import('shiki/langs/cmake.mjs'),
  cpp: () => import('shiki/langs/cpp.mjs'),
  csharp: () => import('shiki/langs/csharp.mjs'),
  css: () => import('shiki/langs/css.mjs'),
  dart: () => import('shiki/langs/dart.mjs'),
  diff: () => import('shiki/langs/diff.mjs'),
  docker: () => import('shiki/langs/docker.mjs'),
  elixir: () => import('shiki/langs/elixir.mjs'),
  erlang: () => import('shiki/langs/erlang.mjs'),
  fsharp: () => import('shiki/langs/fsharp.mjs'),
  go: () => import('shiki/langs/go.mjs'),
  graphql: () => import('shiki/langs/graphql.mjs'),
  groovy: () => import('shiki/langs/groovy.mjs'),
  haskell: () => import('shiki/langs/haskell.mjs'),
  html: () => import('shiki/langs/html.mjs'),
  http: () => import('shiki/langs/http.mjs'),
  ini: () => import('shiki/langs/ini.mjs'),
  java: () => import('shiki/langs/java.mjs'),
  javascript: () => import('shiki/langs/javascript.mjs'),
  json: () => import('shiki/langs/json.mjs'),
  jsx: () => import('shiki/langs/jsx.mjs'),
  julia: () => import('shiki/langs/julia.mjs'),
  kotlin: () => import('shiki/langs/kotlin.mjs'),
  latex: () => import('shiki/langs/latex.mjs'),
  lua: () => import('shiki/langs/lua.mjs'),
  make: () => import('shiki/langs/make.mjs'),
  markdown: () => import('shiki/langs/markdown.mjs'),
  nginx: () => import('shiki/langs/nginx.mjs'),
  nix: () => import('shiki/langs/nix.mjs'),
  'objective-c': () => import('shiki/langs/objective-c.mjs'),
  ocaml: () => import('shiki/langs/ocaml.mjs'),
  perl: () => import('shiki/langs/perl.mjs'),
  php: () => import('shiki/langs/php.mjs'),
  powershell: () => import('shiki/langs/powershell.mjs'),
  proto: () => import('shiki/langs/proto.mjs'),
  python: () => import('shiki/langs/python.mjs'),
  r: () => import('shiki/langs/r.mjs'),
  ruby: () => import('shiki/langs/ruby.mjs'),
  rust: () => import('shiki/langs/rust.mjs'),
  scala: () => import('shiki/langs/scala.mjs'),
  scss: () => import('shiki/langs/scss.mjs'),
  solidity: () => import('shiki/langs/solidity.mjs'),
  sql: () => import('shiki/langs/sql.mjs'),
  svelte: () => import('shiki/langs/svelte.mjs'),
  swift: () => import('shiki/langs/swift.mjs'),
  terraform: () => import('shiki/langs/terraform.mjs'),
  toml: () => import('shiki/langs/toml.mjs'),
  tsx: () => import('shiki/langs/tsx.mjs'),
  typescript: () => import('shiki/langs/typescript.mjs'),
  vue: () => import('shiki/langs/vue.mjs'),
  xml: () => import('shiki/langs/xml.mjs'),
  yaml: () => import('shiki/langs/yaml.mjs'),
  zig: () => import('shiki/langs/zig.mjs'),
};

const ALIASES: Record<string, string> = {
  'c++': 'cpp', 'c#': 'csharp', 'f#': 'fsharp', cs: 'csharp', cc: 'cpp', h: 'c', hpp: 'cpp', dockerfile: 'docker',
  ex: 'elixir', erl: 'erlang', golang: 'go', gql: 'graphql', hs: 'haskell', htm: 'html', js: 'javascript',
  mjs: 'javascript', cjs: 'javascript', node: 'javascript', json5: 'json', jsonc: 'json', jsonl: 'json',
  jl: 'julia', kt: 'kotlin', kts: 'kotlin', tex: 'latex', makefile: 'make', md: 'markdown', objc: 'objective-c',
  ml: 'ocaml', pl: 'perl', ps1: 'powershell', pwsh: 'powershell', protobuf: 'proto', py: 'python', python3: 'python',
  rb: 'ruby', rs: 'rust', sh: 'bash', shell: 'bash', zsh: 'bash', console: 'bash', 'shell-session': 'bash',
  sass: 'scss', sol: 'solidity', postgresql: 'sql', mysql: 'sql', sqlite: 'sql', tf: 'terraform', hcl: 'terraform',
  ts: 'typescript', svg: 'xml', yml: 'yaml', clj: 'clojure', patch: 'diff', env: 'ini', conf: 'ini', vb: 'csharp',
};

const NAMES: Record<string, string> = {
  bash: 'Shell', cpp: 'C++', csharp: 'C#', css: 'CSS', fsharp: 'F#', graphql: 'GraphQL', html: 'HTML', http: 'HTTP',
  ini: 'INI', javascript: 'JavaScript', json: 'JSON', jsx: 'JSX', latex: 'LaTeX', 'objective-c': 'Objective-C',
  ocaml: 'OCaml', php: 'PHP', powershell: 'PowerShell', proto: 'Protobuf', scss: 'SCSS', sql: 'SQL', toml: 'TOML',
  tsx: 'TSX', typescript: 'TypeScript', xml: 'XML', yaml: 'YAML', asm: 'Assembly', cmake: 'CMake', text: 'Text',
  txt: 'Text', plaintext: 'Text', csv: 'CSV', mermaid: 'Mermaid', docker: 'Dockerfile', make: 'Makefile',
};

/** The grammar of a language as a fence names it; null where there is none. */
export function grammarOf(language: string): string | null {
  const name = ALIASES[language] ?? language;
  return Object.hasOwn(GRAMMARS, name) ? name : null;
}

/** A language's name as people write it. */
export function languageName(language: string): string {
  if (language === '') return 'Text';
  const name = ALIASES[language] ?? language;
  return NAMES[name] ?? name.charAt(0).toUpperCase() + name.slice(1);
}

/** The theme's colours are only markers for kinds. */
const KINDS: readonly [kind: string, scopes: string[]][] = [
  ['comment', ['comment', 'punctuation.definition.comment', 'meta.diff.header']],
  ['keyword', ['keyword', 'storage', 'variable.language', 'entity.name.tag', 'markup.heading', 'markup.deleted', 'constant.language.import-export-all']],
  ['function', ['entity.name.function', 'support.function', 'meta.function-call.generic', 'entity.name.command', 'markup.underline.link', 'entity.other.attribute-name']],
  ['string', ['string', 'markup.inserted', 'markup.inline.raw', 'punctuation.definition.string', 'constant.character.escape']],
  ['number', ['constant.numeric', 'constant.language', 'constant.character', 'constant.other', 'keyword.other.unit']],
  ['type', ['entity.name.type', 'entity.name.class', 'entity.other.inherited-class', 'support.type', 'support.class', 'support.type.property-name', 'meta.type', 'entity.name.namespace', 'meta.property-name', 'variable.other.property.toml']],
  ['', ['keyword.operator', 'punctuation', 'storage.modifier.import.java', 'meta.interpolation', 'meta.embedded']],
];

function colour(index: number): string {
  return `#0000${(index + 1).toString(16).padStart(2, '0')}`;
}

const KIND_OF_COLOUR = new Map(KINDS.map(([kind], index) => [colour(index), kind]));

const theme: ThemeRegistration = {
  name: 'kinds',
  type: 'dark',
  fg: '#ffffff',
  bg: '#000000',
  settings: [
    { settings: { foreground: '#ffffff', background: '#000000' } },
    ...KINDS.map(([, scope], index) => ({ scope, settings: { foreground: colour(index) } })),
  ],
};

let core: Promise<HighlighterCore> | undefined;
const ready = new Map<string, Highlight>();
const loading = new Map<string, Promise<Highlight | null>>();

/** Where a grammar stands at the end of some lines. */
export type LineState = GrammarState | undefined;

/** Colours lines of one language. */
export type Highlight = (code: string, state: LineState) => { lines: CodePiece[][]; state: LineState };

/** A line longer than this is left as it is: minified code is not worth a frozen window. */
const LONGEST_LINE = 1_000;

/** The highlighter of a grammar if it is there already. */
export function highlighterNow(grammar: string): Highlight | undefined {
  return ready.get(grammar);
}

/** Fetches a grammar; null if that fails, and then the code just stays plain. */
export function loadHighlighter(grammar: string): Promise<Highlight | null> {
  let promise = loading.get(grammar);
  if (!promise) {
    promise = prepare(grammar).catch(() => null);
    loading.set(grammar, promise);
  }
  return promise;
}

async function prepare(grammar: string): Promise<Highlight | null> {
  const load = GRAMMARS[grammar];
  if (!load) return null;
  core ??= Promise.all([import('shiki/core'), import('shiki/engine/javascript')]).then(
    ([{ createHighlighterCore }, { createJavaScriptRegexEngine }]) =>
      createHighlighterCore({ themes: [theme], langs: [], engine: createJavaScriptRegexEngine({ forgiving: true }) }),
  );
  const [highlighter, module] = await Promise.all([core, load()]);
  await highlighter.loadLanguage(module.default);
  const lang = module.default.at(-1)?.name ?? grammar;
  const highlight: Highlight = (code, state) => {
    const tokens = highlighter.codeToTokensBase(code, {
      lang,
      theme: 'kinds',
      tokenizeMaxLineLength: LONGEST_LINE,
      // Per line. The first lines also pay for compiling the grammar's expressions; a short limit
      // would leave them half coloured for good.
      tokenizeTimeLimit: 1_500,
      ...(state ? { grammarState: state } : {}),
    });
    const lines = tokens.map((line) =>
      line.map((token) => ({ text: token.content, kind: KIND_OF_COLOUR.get((token.color ?? '').toLowerCase()) ?? '' })),
    );
    return { lines, state: highlighter.getLastGrammarState(tokens) };
  };
  ready.set(grammar, highlight);
  return highlight;
}
