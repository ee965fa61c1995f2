import type { Translation } from '$/lib/language';
import { inNumber, plural, wholeNumber } from '$/lib/format';
import type * as en from './exchange.en';

export const exchangeStrings: Translation<typeof en.exchangeStrings> = {
  // The rows of the settings
  importRow: 'Importer des conversations',
  importRowText: 'Depuis les exports de ChatGPT, d’Open WebUI et de Sirocco, les fichiers de LM Studio et les fils de Jan. Ce qui est déjà là n’est pas importé deux fois.',
  importButton: 'Importer',
  exportRow: 'Exporter toutes les conversations',
  exportRowText: 'Le JSON contient tout, avec toutes les branches, et peut être réimporté ; les autres contiennent la branche affichée.',
  exportButton: 'Tout exporter',
  exportFormat: 'Format',

  formats: { json: 'JSON', markdown: 'Markdown', html: 'Page web', jsonl: 'JSONL pour l’entraînement', jsonl_good: 'JSONL pour l’entraînement, bonnes réponses seulement' },
  apps: { sirocco: 'Sirocco', chatgpt: 'ChatGPT', lmstudio: 'LM Studio', openwebui: 'Open WebUI', jan: 'Jan' },

  // The menus of a conversation
  exportAs: 'Exporter en',
  copyAsMarkdown: 'Copier en Markdown',
  copied: 'Copié en Markdown',
  copyFailed: 'Le texte n’a pas pu être copié',
  print: 'Imprimer ou enregistrer en PDF',
  exported: (count) => `${plural(count, 'conversation')} ${inNumber(count, 'exportée', 'exportées')}`,
  withoutAnswer: (count) => `${wholeNumber(count)} sans réponse ${inNumber(count, 'laissée', 'laissées')} de côté`,
  withoutGood: (count) => `${wholeNumber(count)} sans bonne réponse ${inNumber(count, 'laissée', 'laissées')} de côté`,

  // The dialog
  title: 'Importer des conversations',
  choose: 'Choisissez l’export d’une autre application, un dossier ou un zip. Rien n’est importé avant que vous n’ayez vu ce qu’il contient.',
  chooseFile: 'Choisir un fichier',
  chooseFolder: 'Choisir un dossier',
  path: 'Fichier ou dossier',
  pathHint: 'Par exemple conversations.json de ChatGPT, son zip, ou le dossier conversations de LM Studio.',
  pathPlaceholder: '~/Téléchargements/conversations.json',
  look: 'Examiner',
  reading: 'Lecture du contenu',
  from: 'Origine',
  conversations: 'Conversations',
  known: (count) => `${wholeNumber(count)} déjà là`,
  trashed: (count) => `${wholeNumber(count)} dans la corbeille`,
  messages: 'Messages',
  branches: (count) => plural(count, 'branche'),
  leftOut: 'Laissé de côté',
  leftOutKinds: {
    empty_conversations: (count) => `${plural(count, 'conversation')} sans message`,
    attachments: (count) => `${plural(count, 'image ou autre fichier', 'images et autres fichiers')} ; leur texte est repris`,
    tools: (count) => plural(count, 'appel ou résultat d’outil', 'appels et résultats d’outils'),
    hidden: (count) => `${plural(count, 'message')} que l’autre application masque aussi`,
    system: (count) => `${plural(count, 'autre message système', 'autres messages système')} ; le premier devient le prompt système`,
    folders: (count) => `${plural(count, 'conversation')} dans un dossier ou un projet : l’export ne dit pas comment il s’appelle`,
    parameters: (count) => `Paramètres d’échantillonnage de ${plural(count, 'conversation')}`,
    unknown: (count) => `${plural(count, 'message')} d’un genre inconnu`,
  },
  refused: 'Ne peut pas être importé',
  refusedMore: (count) => `et ${wholeNumber(count)} de plus`,
  nothingNew: 'Tout ce qu’il contient est déjà là.',
  importCount: (count) => `Importer ${plural(count, 'conversation')}`,
  importing: 'Importation',
  importedSoFar: (done, all) => `${wholeNumber(done)} sur ${wholeNumber(all)}`,
  added: (count) => (count === 0 ? 'Rien de nouveau n’a été importé.' : `${plural(count, 'conversation')} ${inNumber(count, 'importée', 'importées')}.`),
  knownBefore: (count) => `${plural(count, 'conversation était', 'conversations étaient')} déjà là.`,
  restored: (count) => `${plural(count, 'conversation')} ${inNumber(count, 'reprise', 'reprises')} dans la corbeille, ${inNumber(count, 'telle qu’elle y était', 'telles qu’elles y étaient')}.`,
  show: (count) => (count === 1 ? 'L’afficher' : 'Les afficher'),
  another: 'En choisir un autre',
  close: 'Fermer',
};
