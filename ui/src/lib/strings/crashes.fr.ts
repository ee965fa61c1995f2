import type { Translation } from '$/lib/language';
import type * as en from './crashes.en';

export const crashStrings: Translation<typeof en.crashStrings> = {
  title: 'Rapports de plantage',
  text: 'Ce qui a cédé, gardé sur cette machine et jamais envoyé. Un rapport ne contient ni conversation ni jeton ; les 20 plus récents sont gardés.',
  back: 'Réglages',
  none: 'Aucun plantage n’est consigné',
  noneText: 'Quand un modèle ou Sirocco lui-même s’arrête de façon inattendue, un rapport apparaît ici.',
  notRead: 'Les rapports n’ont pas pu être lus',
  tryAgain: 'Réessayer',
  panic: (program) => `Erreur dans ${program}`,
  worker: {
    loading: (model) => `${model} s’est arrêté pendant son chargement`,
    answering: (model) => `${model} s’est arrêté pendant une réponse`,
    waiting: (model) => `${model} s’est arrêté sans être sollicité`,
  },
  unclosed: 'Sirocco n’a pas été fermé',
  copy: 'Copier',
  copied: 'Copié',
  reveal: 'Afficher dans le dossier',
  delete: 'Supprimer',
  deleteAll: 'Tout supprimer',
  deleteAllTitle: 'Supprimer tous les rapports de plantage ?',
  deleteAllText: 'Rien d’autre ne change.',
  lastPanic: 'Sirocco s’est arrêté de façon inattendue la dernière fois',
  lastUnclosed: 'Sirocco n’a pas été fermé la dernière fois',
  lastText: 'Un rapport est gardé sur cette machine. Rien n’est envoyé.',
  show: 'Afficher le rapport',
};
