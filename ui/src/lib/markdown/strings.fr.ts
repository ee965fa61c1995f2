import type { Translation } from '$/lib/language';
import type * as en from './strings.en';

export const markdownStrings: Translation<typeof en.markdownStrings> = {
  copyCode: 'Copier le code',
  copied: 'Copié',
  wrapLines: 'Replier les longues lignes',
  showSource: 'Afficher la source',
  showDiagram: 'Afficher le diagramme',
  drawing: 'Dessin du diagramme',
  diagramProblems: {
    failed: 'Ce diagramme ne peut pas être dessiné. Sa source est ci-dessous.',
    late: 'Le dessin de ce diagramme a pris trop de temps. Sa source est ci-dessous.',
    too_large: 'Ce diagramme est trop grand pour être dessiné. Sa source est ci-dessous.',
  },
  diagram: 'Diagramme',
  table: 'Tableau',
  copyTable: 'Copier le tableau',
  lineNumbers: 'Numéroter les lignes',
  source: 'Source',
  shownOf: (shown, all) => `Les ${shown} premiers sur ${all}.`,
  showAll: 'Tout afficher',
  showRest: (size) => `Afficher les ${size} restants`,
  formula: 'Formule',
  code: (language) => `Code ${language}`,
};
