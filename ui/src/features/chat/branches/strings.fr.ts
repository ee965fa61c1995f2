import type { Translation } from '$/lib/language';
import type * as en from './strings.en';

export const branchStrings: Translation<typeof en.branchStrings> = {
  title: 'Carte des versions',
  text: 'Toutes les branches de cette conversation. Choisissez un message pour y aller.',
  noForks: 'Rien ici n’a encore d’autre version. Régénérer une réponse ou modifier un message en crée une.',
  tree: 'Messages de toutes les branches',
  you: 'Vous',
  model: 'Modèle',
  noWords: 'Sans texte',
  version: (at, count) => `Version ${at} sur ${count}`,
  folded: (count) => `${count} messages`,
  shown: 'affiché',
};
