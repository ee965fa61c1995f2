import type { Translation } from '$/lib/language';
import type * as en from './databaseCopies.en';

export const databaseCopyStrings: Translation<typeof en.databaseCopyStrings> = {
  label: 'Copies de la base de données',
  text: 'Conversations, réglages et liste des modèles, tels qu’ils étaient. Sirocco en fait une avant qu’une nouvelle version modifie la base, dont les trois plus récentes restent, et une chaque fois que vous revenez en arrière. Les unes et les autres restent 30 jours au plus, car les conversations que vous supprimez y sont encore. Les copies que vous faites restent jusqu’à ce que vous les supprimiez.',
  none: 'Il n’y a pas encore de copie.',
  make: 'Faire une copie maintenant',
  reasons: {
    upgrade: 'Avant une mise à jour',
    asked: 'Faite par vous',
    went_back: 'Laissée lors d’un retour',
  },
  ofVersion: (version) => `Sirocco ${version}`,
  newer: 'D’une version plus récente',
  unreadable: 'Illisible',
  goBack: 'Revenir à cette copie…',
  goBackNamed: (when) => `Revenir à cette copie… ${when}`,
  delete: 'Supprimer',
  deleteNamed: (when) => `Supprimer la copie du ${when}`,
  goBackTitle: (when) => `Revenir au ${when} ?`,
  goBackText: 'Au prochain démarrage de Sirocco, les conversations et les réglages sont tels qu’ils étaient alors. Ce qui est venu après n’est pas perdu : c’est gardé comme une autre copie.',
  goBackConfirm: 'Revenir',
  planned: (when) => `Au prochain démarrage, Sirocco revient au ${when}.`,
  restart: 'Redémarrer maintenant',
  stay: 'Ne pas revenir',
  deleteTitle: (when) => `Supprimer la copie du ${when} ?`,
  deleteText: 'Elle est supprimée pour de bon. Ce que vous voyez maintenant dans Sirocco ne change pas.',
  notDone: 'Le dernier démarrage n’est pas revenu en arrière ; tout est comme avant.',
};
