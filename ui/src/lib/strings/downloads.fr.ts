import type { Translation } from '$/lib/language';
import { inNumber } from '$/lib/format';
import type * as en from './downloads.en';

export const downloadStrings: Translation<typeof en.downloadStrings> = {
  title: 'Téléchargements',
  empty: 'Aucun téléchargement',
  emptyText: 'Les modèles que vous téléchargez apparaissent ici avec leur progression. Après un redémarrage, ils reprennent où ils en étaient.',
  discover: 'Trouver un modèle',
  failedToLoad: 'Les téléchargements n’ont pas pu être lus',

  // All together
  running: (count) => `${count} en cours`,
  waiting: (count) => `${count} en attente`,
  held: (count) => `${count} ${inNumber(count, 'suspendu', 'suspendus')}`,
  troubled: (count) => `${count} ${inNumber(count, 'demande', 'demandent')} votre aide`,
  allProgress: 'Progression de tous les téléchargements',
  pauseAll: 'Tout suspendre',
  resumeAll: 'Tout reprendre',
  queue: 'File d’attente',

  // One
  pause: 'Suspendre',
  resume: 'Reprendre',
  retry: 'Réessayer',
  pauseNamed: (name) => `Suspendre ${name}`,
  resumeNamed: (name) => `Reprendre ${name}`,
  retryNamed: (name) => `Réessayer ${name}`,
  moreNamed: (name) => `Plus d’actions pour ${name}`,
  progressOf: (name) => `Progression de ${name}`,
  doneOf: (done, total) => `${done} sur ${total}`,
  speed: (speed) => `${speed}/s`,
  left: (time) => `encore ${time}`,
  verifying: 'Vérification de chaque octet',
  resolving: 'Demande au Hub où il se trouve',
  connecting: 'Connexion',
  paused: 'Suspendu',
  failed: 'Arrêté',
  finished: 'Dans la bibliothèque',
  turn: 'Attend son tour',
  schedule: 'Attend les heures que vous avez fixées',
  offline: 'Attend le réseau',
  rateLimit: 'Le Hub demande de ralentir',
  retrying: 'La connexion s’est interrompue',
  goesOn: (time) => `reprend à ${time}`,
  triesAgain: (time) => `nouvel essai à ${time}`,
  files: (done, all) => `${done} fichiers complets sur ${all}`,
  fileWhole: 'Complet',

  // Order
  reorder: (name) => `Déplacer ${name}`,
  reorderHint: 'Faites glisser, ou utilisez les flèches haut et bas',
  first: 'Placer en tête',
  up: 'Monter',
  down: 'Descendre',
  movedTo: (name, place, all) => `${name} est en position ${place} sur ${all}`,

  // Ways out
  freeSpace: 'Libérer de l’espace',
  signIn: 'S’identifier',
  openPage: 'Ouvrir sa page',
  goOnline: 'Passer en ligne',

  // The end of one
  cancel: 'Annuler le téléchargement',
  cancelAsk: (bytes) => `Annuler et supprimer les ${bytes} déjà présents ?`,
  keep: 'Garder',
  remove: 'Supprimer',
  done: 'Terminés',
  clear: 'Vider',
  clearHint: 'Les retire de cette liste. Les modèles restent.',
  load: 'Charger',
  loadNamed: (name) => `Charger ${name}`,
  loading: (share) => `Chargement, ${share}`,
  chat: 'Discuter',
  chatNamed: (name) => `Discuter avec ${name}`,
  openModel: 'Voir dans la bibliothèque',
  openNamed: (name) => `Voir ${name} dans la bibliothèque`,
  gone: 'N’est plus dans la bibliothèque',
};
