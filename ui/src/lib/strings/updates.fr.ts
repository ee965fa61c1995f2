import type { Translation } from '$/lib/language';
import type * as en from './updates.en';

export const updateStrings: Translation<typeof en.updateStrings> = {
  label: 'Rechercher des mises à jour',
  text: 'Demande une fois par jour s’il existe une version plus récente de Sirocco, et vous le dit. Rien n’est téléchargé ni installé sans votre accord.',
  checkNow: 'Rechercher',
  newest: (when) => `C’est la version la plus récente (vérifié : ${when}).`,
  found: (version) => `Sirocco ${version} est disponible`,
  show: 'Afficher',
  notes: 'Nouveautés',
  byHand: 'Ce Sirocco vient d’un paquet du système ou d’un dossier à part. Installez le nouveau par-dessus : vos données restent où elles sont.',
  openPackage: 'Télécharger le paquet',
  download: 'Télécharger',
  downloading: (version) => `Sirocco ${version} est en cours de téléchargement`,
  amount: (done, total) => `${done} sur ${total}`,
  downloaded: (version) => `Sirocco ${version} est prêt à être installé`,
  install: 'Installer et redémarrer',
  installTitle: (version) => `Installer Sirocco ${version} ?`,
  installText: 'Sirocco se ferme et redémarre dans la nouvelle version. Les réponses en cours s’arrêtent, leur texte est conservé.',
  tryAgain: 'Réessayer',
};
