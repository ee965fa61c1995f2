import type { Translation } from '$/lib/language';
import { plural } from '$/lib/format';
import type * as en from './onboarding.en';

export const onboardingStrings: Translation<typeof en.onboardingStrings> = {
  title: 'Discutez avec des modèles de langage sur votre propre machine',
  lead: 'Sirocco les exécute ici même : pas de compte, rien ne quitte cet ordinateur.',
  machine: 'Cette machine',
  cpu: (cpu, cores) => `${cpu}, ${plural(cores, 'cœur')}`,
  memory: (free, all) => `${all} de mémoire, ${free} libres`,
  runsUpTo: (billions) => `À l’aise avec des modèles allant jusqu’à environ ${billions} de paramètres.`,
  runsLittle: 'La mémoire est rare en ce moment : les plus petits modèles fonctionnent ; fermer d’autres programmes aide.',
  noRuntime: 'Aucun moteur n’a été trouvé à côté de l’application, aucun modèle ne peut donc fonctionner. Réinstaller Sirocco le rétablit.',
  starter: 'Un bon premier modèle',
  from: (repository) => `De ${repository} sur Hugging Face`,
  download: 'Télécharger',
  downloadSize: (size) => `Télécharger, ${size}`,
  pause: 'Suspendre',
  resume: 'Reprendre',
  retry: 'Réessayer',
  progress: (name) => `Téléchargement de ${name}`,
  verifying: 'Vérification de chaque octet',
  paused: 'Suspendu. Ce qui est là est conservé.',
  loading: 'Chargement en mémoire',
  starterFailed: 'La suggestion n’a pas pu être lue',
  have: 'J’ai un fichier GGUF',
  haveText: 'Utilisez les modèles que vous avez déjà, où ils sont. Rien n’est copié.',
  choose: 'Choisir des fichiers',
  chooseFolder: 'Choisir un dossier',
  others: 'D’autres modèles',
  skip: 'Jeter d’abord un œil',
};
