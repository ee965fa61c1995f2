/** Words of the prompt library and of the prompt builder. */
import { plural } from '$/lib/format';
import type { Advice, Part } from './builder';

export const promptStrings = {
  menu: 'Prompts and more',
  insert: 'Insert a prompt',
  library: 'Prompt library',
  builder: 'Prompt builder',
  matches: 'Prompts to insert',
  noMatch: 'No prompt has this in its title.',
  own: 'Yours',
  builtIn: 'Built in',
  fillTitle: (title: string) => `Fill in “${title}”`,
  fillSubmit: 'Insert',
  filter: 'Search prompts',
  create: 'New prompt',
  use: 'Insert',
  edit: 'Edit',
  editCopy: 'Edit a copy',
  delete: 'Delete',
  deleted: (title: string) => `Deleted the prompt “${title}”`,
  undo: 'Undo',
  nothingFound: 'No prompt has these words.',
  asksFor: (names: string[]) => `Asks for ${names.join(', ')}`,
  editorTitle: 'Edit the prompt',
  createTitle: 'New prompt',
  copyTitle: 'Edit a copy of the prompt',
  titleLabel: 'Title',
  textLabel: 'Text',
  textHint: 'Write {{name}} where something is to be filled in.',
  save: 'Save',
  saved: (title: string) => `Saved the prompt “${title}”`,
  back: 'Back to the list',
};

const PROBLEMS: Record<Part, Partial<Record<Advice['problem'], string>>> = {
  task: {
    missing: 'Say what is to be done. A prompt without a task gets an answer by chance.',
    no_verb: 'Start the task with what is to be done: write, compare, explain, …',
    no_goal: 'Say what the task is for: what you want to have in the end.',
  },
  context: {
    missing: 'Add what the model cannot know: your background, what success looks like, where it will be used.',
    thin: 'Say more about the background: a sentence on who you are, one on what success looks like.',
  },
  exemplar: { missing: 'Show one example of a good answer, if you have one. It says more than a description.' },
  persona: { missing: 'Name somebody who would be good at this.' },
  format: {
    missing: 'Say how the answer is to look: a table, an e-mail, bullets, a code block.',
    no_columns: 'Name the columns of the table.',
  },
  tone: { missing: 'Say how it is to sound.' },
};

export const builderStrings = {
  title: 'Prompt builder',
  description: 'Six parts, the weightiest first. Only the task is needed.',
  parts: {
    task: ['Task', 'Start with a verb and say the end: “Write a plan that gets me through the exam in three weeks.”'],
    context: ['Context', 'Your background, what success looks like, the surroundings it has to fit into.'],
    exemplar: ['Example', 'An answer, or a piece of one, as you would like it.'],
    persona: ['Persona', '“You are a physiotherapist with twenty years of practice.”'],
    format: ['Format', 'A table with the columns …, an e-mail, bullets, a code block, Markdown.'],
    tone: ['Tone', 'Matter-of-fact, warm, formal, like a friend who knows the subject.'],
  } satisfies Record<Part, [string, string]>,
  preview: 'Preview',
  nothingYet: 'The prompt appears here as you write.',
  tokens: (count: number) => plural(count, 'token'),
  about: (count: number) => `about ${plural(count, 'token')}`,
  estimate: (count: number) => `about ${plural(count, 'token')} (an estimate; load a model for the exact count)`,
  check: 'What is missing',
  complete: 'Nothing is missing.',
  advice: ({ part, problem }: Advice) => PROBLEMS[part][problem] ?? '',
  insert: 'Insert',
  keep: 'Save to the library…',
  clear: 'Clear',
};
