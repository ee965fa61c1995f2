import { plural, wholeNumber } from '$/lib/format';
import type { ExchangeFormat, LeftOutKind } from '$/gen/protocol';
import type { ExportChoice } from '$/lib/exporting';

export const exchangeStrings = {
  // The rows of the settings
  importRow: 'Import conversations',
  importRowText: 'From exports of ChatGPT, Open WebUI and Sirocco, files of LM Studio, and threads of Jan. What is here already is not imported twice.',
  importButton: 'Import',
  exportRow: 'Export all conversations',
  exportRowText: 'JSON holds everything with all branches and can be imported again; the others hold the branch that is shown.',
  exportButton: 'Export all',
  exportFormat: 'Format',

  formats: { json: 'JSON', markdown: 'Markdown', html: 'Web page', jsonl: 'JSONL for training', jsonl_good: 'JSONL for training, good answers only' } satisfies Record<ExportChoice, string>,
  apps: {
    sirocco: 'Sirocco',
    chatgpt: 'ChatGPT',
    lmstudio: 'LM Studio',
    openwebui: 'Open WebUI',
    jan: 'Jan',
  } satisfies Record<ExchangeFormat, string>,

  // The menus of a conversation
  exportAs: 'Export as',
  copyAsMarkdown: 'Copy as Markdown',
  copied: 'Copied as Markdown',
  copyFailed: 'The text could not be copied',
  print: 'Print or save as PDF',
  exported: (count: number) => `${plural(count, 'conversation')} exported`,
  withoutAnswer: (count: number) => `${wholeNumber(count)} without an answer left out`,
  withoutGood: (count: number) => `${wholeNumber(count)} without a good answer left out`,

  // The dialog
  title: 'Import conversations',
  choose: 'Choose the export of another app, a folder or a zip. Nothing is imported before you have seen what is in it.',
  chooseFile: 'Choose a file',
  chooseFolder: 'Choose a folder',
  path: 'File or folder',
  pathHint: 'Such as conversations.json of ChatGPT, its zip, or the conversations folder of LM Studio.',
  pathPlaceholder: '~/Downloads/conversations.json',
  look: 'Look inside',
  reading: 'Reading what is in it',
  from: 'From',
  conversations: 'Conversations',
  known: (count: number) => `${wholeNumber(count)} here already`,
  trashed: (count: number) => `${wholeNumber(count)} in the trash`,
  messages: 'Messages',
  branches: (count: number) => plural(count, 'branch', 'branches'),
  leftOut: 'Left out',
  leftOutKinds: {
    empty_conversations: (count: number) => `${plural(count, 'conversation')} without a message`,
    attachments: (count: number) => `${plural(count, 'image or other file', 'images and other files')}; their words come along`,
    tools: (count: number) => `${plural(count, 'call or result of a tool', 'calls and results of tools')}`,
    hidden: (count: number) => `${plural(count, 'message')} that the other app hides as well`,
    system: (count: number) => `${plural(count, 'further system message')}; the first one becomes the system prompt`,
    folders: (count: number) => `${plural(count, 'conversation')} in a folder or project: the export does not say what it is called`,
    parameters: (count: number) => `Sampling parameters of ${plural(count, 'conversation')}`,
    unknown: (count: number) => `${plural(count, 'message')} of a kind that is not known`,
  } satisfies Record<LeftOutKind, (count: number) => string>,
  refused: 'Cannot be imported',
  refusedMore: (count: number) => `and ${wholeNumber(count)} more`,
  nothingNew: 'Everything in it is here already.',
  importCount: (count: number) => `Import ${plural(count, 'conversation')}`,
  importing: 'Importing',
  importedSoFar: (done: number, all: number) => `${wholeNumber(done)} of ${wholeNumber(all)}`,
  added: (count: number) => (count === 0 ? 'Nothing new was imported.' : `${plural(count, 'conversation')} imported.`),
  knownBefore: (count: number) => `${plural(count, 'conversation was', 'conversations were')} here already.`,
  restored: (count: number) => `${plural(count, 'conversation')} taken out of the trash, as ${count === 1 ? 'it was' : 'they were'} there.`,
  show: (count: number) => (count === 1 ? 'Show it' : 'Show them'),
  another: 'Choose another',
  close: 'Close',
};
