import type { Translation } from '$/lib/language';
import type * as en from './runtimes.en';

export const runtimeFileStrings: Translation<typeof en.runtimeFileStrings> = {
  text: 'Ce avec quoi tournent les modèles. Un moteur est un programme : n’en ajoutez que de là où vous avez obtenu Sirocco.',
  add: 'Ajouter un moteur depuis un fichier…',
  addTyped: 'Ajouter',
  pathOfFile: 'Chemin d’un moteur',
  pathShape: 'L’archive sirocco-runtime-….tar.gz, avec son chemin complet.',
  added: (names) => `Ajouté : ${names}`,
  isAdded: 'ajouté',
  remove: 'Retirer',
  removeNamed: (name) => `Retirer ${name}`,
  removeTitle: (name) => `Retirer ${name} ?`,
  removeText: 'Les modèles que lui seul fait tourner restent dans la bibliothèque, mais ne pourront être chargés tant qu’il n’est pas ajouté de nouveau. Son fichier est supprimé.',
};
