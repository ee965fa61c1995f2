/** Words of the prompt library and of the prompt builder, in French. */
import { plural } from '$/lib/format';
import type { Translation } from '$/lib/language';
import type { Advice, Part } from './builder';
import type * as en from './strings.en';

export const promptStrings: Translation<typeof en.promptStrings> = {
  menu: 'Prompts et plus',
  insert: 'Insérer un prompt',
  library: 'Bibliothèque de prompts',
  builder: 'Assistant de prompt',
  matches: 'Prompts à insérer',
  noMatch: 'Aucun prompt n’a cela dans son titre.',
  own: 'Les vôtres',
  builtIn: 'Fournis',
  fillTitle: (title) => `Compléter « ${title} »`,
  fillSubmit: 'Insérer',
  filter: 'Rechercher des prompts',
  create: 'Nouveau prompt',
  use: 'Insérer',
  edit: 'Modifier',
  editCopy: 'Modifier une copie',
  delete: 'Supprimer',
  deleted: (title) => `Prompt « ${title} » supprimé`,
  undo: 'Annuler',
  nothingFound: 'Aucun prompt ne contient ces mots.',
  asksFor: (names) => `Demande ${names.join(', ')}`,
  editorTitle: 'Modifier le prompt',
  createTitle: 'Nouveau prompt',
  copyTitle: 'Modifier une copie du prompt',
  titleLabel: 'Titre',
  textLabel: 'Texte',
  textHint: 'Écrivez {{nom}} là où quelque chose est à compléter.',
  save: 'Enregistrer',
  saved: (title) => `Prompt « ${title} » enregistré`,
  back: 'Retour à la liste',
};

const PROBLEMS: Record<Part, Partial<Record<Advice['problem'], string>>> = {
  task: {
    missing: 'Dites ce qu’il faut faire. Un prompt sans tâche reçoit une réponse au hasard.',
    no_verb: 'Commencez la tâche par ce qu’il faut faire : écris, compare, explique, …',
    no_goal: 'Dites à quoi sert la tâche : ce que vous voulez obtenir à la fin.',
  },
  context: {
    missing: 'Ajoutez ce que le modèle ne peut pas savoir : votre situation, ce qu’est un succès, où cela servira.',
    thin: 'Dites-en plus sur la situation : une phrase sur vous, une sur ce qu’est un succès.',
  },
  exemplar: { missing: 'Montrez un exemple de bonne réponse, si vous en avez un. Il en dit plus qu’une description.' },
  persona: { missing: 'Nommez quelqu’un qui ferait cela bien.' },
  format: {
    missing: 'Dites à quoi la réponse doit ressembler : un tableau, un courriel, une liste, un bloc de code.',
    no_columns: 'Nommez les colonnes du tableau.',
  },
  tone: { missing: 'Dites quel ton elle doit avoir.' },
};

export const builderStrings: Translation<typeof en.builderStrings> = {
  title: 'Assistant de prompt',
  description: 'Six parties, la plus importante d’abord. Seule la tâche est nécessaire.',
  parts: {
    task: ['Tâche', 'Commencez par un verbe et dites le but : « Écris un plan qui me fasse réussir l’examen en trois semaines. »'],
    context: ['Contexte', 'Votre situation, ce qu’est un succès, le cadre où cela doit s’inscrire.'],
    exemplar: ['Exemple', 'Une réponse, ou un morceau, telle que vous l’aimeriez.'],
    persona: ['Rôle', '« Tu es kinésithérapeute et tu exerces depuis vingt ans. »'],
    format: ['Format', 'Un tableau avec les colonnes …, un courriel, une liste, un bloc de code, du Markdown.'],
    tone: ['Ton', 'Factuel, chaleureux, formel, comme un ami qui connaît le sujet.'],
  },
  preview: 'Aperçu',
  nothingYet: 'Le prompt apparaît ici à mesure que vous écrivez.',
  tokens: (count) => plural(count, 'token'),
  about: (count) => `environ ${plural(count, 'token')}`,
  estimate: (count) => `environ ${plural(count, 'token')} (estimation ; chargez un modèle pour le compte exact)`,
  check: 'Ce qui manque',
  complete: 'Il ne manque rien.',
  advice: ({ part, problem }) => PROBLEMS[part][problem] ?? '',
  insert: 'Insérer',
  keep: 'Enregistrer dans la bibliothèque…',
  clear: 'Effacer',
};
