/** The texts of `strings.en.ts` in French. */
import type { Translation } from '$/lib/language';
import type * as en from './strings.en';

export { actionStrings } from './strings/actions.fr';
export { connectionStrings } from './strings/connections.fr';
export { crashStrings } from './strings/crashes.fr';
export { databaseCopyStrings } from './strings/databaseCopies.fr';
export { discoverStrings } from './strings/discover.fr';
export { downloadStrings } from './strings/downloads.fr';
export { engineStrings } from './strings/engines.fr';
export { exchangeStrings } from './strings/exchange.fr';
export { libraryStrings } from './strings/library.fr';
export { modelStrings } from './strings/models.fr';
export { onboardingStrings } from './strings/onboarding.fr';
export { runtimeFileStrings } from './strings/runtimes.fr';
export { settingsStrings } from './strings/settings.fr';
export { updateStrings } from './strings/updates.fr';

export const kitStrings: Translation<typeof en.kitStrings> = {
  close: 'Fermer',
  cancel: 'Annuler',
  clearSearch: 'Effacer la recherche',
  dismiss: 'Masquer',
  notices: 'Notifications',
  tryAgain: 'Réessayer',
};

export const appStrings: Translation<typeof en.appStrings> = {
  name: 'Sirocco',
  chat: 'Discussion',
  discover: 'Découvrir',
  library: 'Bibliothèque',
  developer: 'Développeur',
  settings: 'Réglages',
  downloads: 'Téléchargements',
  downloadsRunning: (share) => `Téléchargements, ${share} terminés`,
  runtime: 'Moteur et mémoire',
  sections: 'Sections',
  showList: 'Afficher la liste',
  hideList: 'Masquer la liste',
  showInspector: 'Afficher l’inspecteur',
  hideInspector: 'Masquer l’inspecteur',
  resizeList: 'Largeur de la liste',
  listColumn: 'Liste',
  inspector: 'Inspecteur',
  skipToMain: 'Aller à la zone principale',
  starting: 'Démarrage',
  connectionLost: 'La connexion à Sirocco est perdue. Votre texte est conservé ; nouvelle tentative en cours.',
  bootFailed: 'Sirocco n’a pas pu démarrer',
  bootSafe: 'Vos conversations et vos modèles sont intacts.',
  tryAgain: 'Réessayer',
  dropped: 'Déposez des fichiers GGUF ou des dossiers pour les ajouter à la bibliothèque',
};

export const leaveStrings: Translation<typeof en.leaveStrings> = {
  title: 'Ouvrir ce lien ?',
  text: 'Il s’ouvre dans votre navigateur. Son texte peut dire autre chose ; voici où il mène :',
  trust: (host) => `Ne plus demander pour ${host} tant que Sirocco est ouvert`,
  copy: 'Copier l’adresse',
  copied: 'Copiée',
  copyFailed: 'L’adresse n’a pas pu être copiée',
  open: 'Ouvrir',
};

export const openingStrings: Translation<typeof en.openingStrings> = {
  model: (repository) => `Ouvrir la page de ${repository} ?`,
  modelText: 'Un lien d’un autre programme le demande. Le Hub est interrogé sur ce modèle.',
  openPage: 'Ouvrir la page',
  download: (file) => `Télécharger ${file} ?`,
  downloadText: (repository) => `Un lien d’un autre programme le demande. Le fichier vient de ${repository}.`,
  downloadFile: 'Télécharger',
  seePage: 'Voir sa page',
  refused: 'Ceci n’a pas pu être ouvert',
};

export const runtimeStrings: Translation<typeof en.runtimeStrings> = {
  memory: 'Mémoire',
  freeOf: (free, all) => `${free} libres sur ${all}`,
  loaded: 'En mémoire',
  nothingLoaded: 'Aucun modèle n’est chargé.',
  runtimes: 'Moteurs',
  device: (name, memory) => `${name}, ${memory}`,
  cannotRun: (name, reason) => `${name} est inutilisable : ${reason}`,
  noRuntimes: 'Aucun moteur n’a été trouvé à côté de l’application, aucun modèle ne peut donc être chargé. Ajoutez-en un dans Réglages, À propos, ou réinstallez Sirocco.',
  eject: (name) => `Éjecter ${name}`,
  loading: (share) => `chargement, ${share}`,
  failed: 'non chargé',
  ready: 'prêt',
  hidden: 'Masqué jusqu’au vote',
  queue: (count) => (count === 1 ? '1 réponse en attente' : `${count} réponses en attente`),
};
