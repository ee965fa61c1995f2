import { plural } from '$/lib/format';
import type { Translation } from '$/lib/language';
import type * as en from './engines.en';

const models = (count: number) => plural(count, 'modèle');

export const engineStrings: Translation<typeof en.engineStrings> = {
  label: 'Modèles sur d’autres machines',
  text: 'Tout ce qui parle l’API d’OpenAI : un autre Sirocco, vLLM, SGLang, llama-server ou LM Studio. Ses modèles figurent dans le sélecteur ; ce que vous leur écrivez y est envoyé. Aucun fichier n’est nécessaire sur cette machine.',
  address: 'Adresse',
  addressPlaceholder: '10.0.0.5:1234',
  addressHint: 'Un hôte et son port suffisent',
  name: 'Nom',
  namePlaceholder: 'Station de travail',
  token: 'Jeton',
  tokenHint: 'S’il en faut un ; conservé dans le trousseau du système',
  add: 'Ajouter',
  models,
  answers: (count) => `Répond · ${models(count)}`,
  hasToken: 'Jeton',
  test: 'Tester',
  testNamed: (name) => `Tester ${name}`,
  remove: 'Retirer',
  removeNamed: (name) => `Retirer ${name}`,
  removeTitle: (name) => `Retirer ${name} ?`,
  removeText: 'Ses modèles quittent le sélecteur et son jeton est oublié. Les conversations avec eux restent.',
  remote: 'Distant',
  remoteAt: (engine) => `Répond sur ${engine}`,
  gone: (engine) => `${engine} ne l’a plus`,
};
