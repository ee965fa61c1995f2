/** The prompt builder: six parts of a good prompt, in the order of their weight, and what is missing in them. */

export const PARTS = ['task', 'context', 'exemplar', 'persona', 'format', 'tone'] as const;
export type Part = (typeof PARTS)[number];
export type Draft = Record<Part, string>;

export const EMPTY: Draft = { task: '', context: '', exemplar: '', persona: '', format: '', tone: '' };

/** What to mend: the part, and what is the matter with it. */
export interface Advice {
  part: Part;
  problem: 'missing' | 'no_verb' | 'no_goal' | 'thin' | 'no_columns';
  /** The prompt does not work without it; otherwise it would only be better. */
  needed: boolean;
}

/** Verbs that a task begins with. Not all there are: another beginning is advised against, not refused. */
const VERBS = new Set(
  `add adapt advise analyse analyze answer argue arrange assess brainstorm build calculate categorise categorize check
  choose cite clarify classify clean collect combine compare compile complete compose compute condense continue convert
  correct create critique debug decide deduce define derive describe design detect determine develop diagnose discuss
  draft draw edit elaborate enumerate estimate evaluate examine expand explain explore extend extract fill find fix
  format forecast formulate generate give group guess help highlight identify illustrate implement improve infer
  interpret interview invent invert judge justify label list locate make map mark measure merge model name negotiate
  normalise normalize optimise optimize order organise organize outline paraphrase parse plan play predict prepare
  present prioritise prioritize produce proofread propose prove provide question quote rank rate read rearrange
  recommend reconcile reduce refactor reformat remove rename rephrase replace reply report research respond restructure
  review revise rewrite role-play score search select separate shorten show simplify simulate sketch solve sort split
  structure suggest summarise summarize tabulate teach tell test trace transcribe transform translate turn verify walk
  weigh write`
    .split(/\s+/)
    .filter(Boolean),
);

/** The same in French: verbs in -er, whose forms follow from their stem, and others as they are said. */
const FRENCH_VERBS = new Set([
  ...`adapt ajout amélior analys argument arrang associ calcul cherch class clarifi commenc comment compar complèt complét compos
  conseill continu corrig cré critiqu débogu décid démontr dériv dessin détaill détermin développ devin discut donn
  élabor énumèr énumér esquiss estim évalu examin expliqu explor formul fusionn génèr génér identifi illustr imagin implément improvis indiqu
  interprèt interprét invent jou jug list localis marqu mesur modifi montr négoci nomm not ordonn organis parl planifi prépar présent
  propos prouv racont rang rapport rassembl recherch recommand rédig reformul remplac résum révis sépar simplifi simul
  structur suggèr suggér supprim sélectionn test transform trouv utilis vérifi`
    .split(/\s+/)
    .flatMap((stem) => [`${stem}e`, `${stem}er`, `${stem}ez`]),
  ...`choisis choisir choisissez convertis convertir convertissez décris décrire décrivez définis définir définissez dis dites dire
  écris écrire écrivez fais faire faites lis lire lisez mets mettre mettez prédis prédire prédisez produis produire produisez
  réduis réduire réduisez réécris réécrire réécrivez remplis remplir remplissez rends rendre rendez réponds répondre répondez
  résous résoudre résolvez traduis traduire traduisez`.split(/\s+/),
]);

/** Words that come before the verb without changing what is asked. */
const POLITE = new Set(['please', 'kindly', 'now', 'then', 'first', 'maintenant', 'ensuite', 'puis', 'dabord']);

/** Fewer words than this cannot say what is to be done and to which end. */
const TASK_WORDS = 5;
/** Fewer words than this are no background. */
const CONTEXT_WORDS = 8;

function words(text: string): string[] {
  return text.trim().split(/\s+/u).filter(Boolean);
}

function firstWord(text: string): string {
  const plain = words(text.toLowerCase()).map((word) => word.replace(/[^\p{L}-]/gu, ''));
  return plain.find((word) => word !== '' && !POLITE.has(word)) ?? '';
}

function startsWithVerb(task: string): boolean {
  const word = firstWord(task);
  return VERBS.has(word) || FRENCH_VERBS.has(word);
}

/** What is missing, the weightiest first. */
export function check(draft: Draft): Advice[] {
  const advice: Advice[] = [];
  const say = (part: Part, problem: Advice['problem'], needed = false) => advice.push({ part, problem, needed });
  if (words(draft.task).length === 0) say('task', 'missing', true);
  else {
    if (!startsWithVerb(draft.task)) say('task', 'no_verb');
    if (words(draft.task).length < TASK_WORDS) say('task', 'no_goal');
  }
  const context = words(draft.context).length;
  if (context === 0) say('context', 'missing');
  else if (context < CONTEXT_WORDS) say('context', 'thin');
  for (const part of ['exemplar', 'persona', 'format', 'tone'] as const) {
    if (words(draft[part]).length === 0) say(part, 'missing');
    else if (part === 'format' && /\btable(au)?\b/i.test(draft.format) && !/[:|]|\b(columns?|colonnes?)\b/i.test(draft.format)) say('format', 'no_columns');
  }
  return advice;
}

/** The parts as one prompt. The persona comes first, as people introduce somebody before they ask; the exemplar is fenced off. */
export function compose(draft: Draft, titles: Record<Part, string>): string {
  const section = (part: Part) => {
    const text = draft[part].trim();
    if (text === '') return null;
    if (part === 'task' || part === 'persona') return text;
    if (part === 'exemplar') return `${titles.exemplar}:\n<example>\n${text}\n</example>`;
    return `${titles[part]}: ${text}`;
  };
  const order: Part[] = ['persona', 'task', 'context', 'exemplar', 'format', 'tone'];
  return order.map(section).filter((text) => text !== null).join('\n\n');
}

/** Tokens of a text when no tokenizer is at hand: four letters of an alphabet are about one, other signs one each. */
export function estimatedTokens(text: string): number {
  let latin = 0;
  let other = 0;
  for (const sign of text) {
    if ((sign.codePointAt(0) ?? 0) < 0x2e80) latin += 1;
    else other += 1;
  }
  return Math.ceil(latin / 4) + other;
}
