import { wholeNumber } from '$/lib/format';

const models = (count: number) => (count === 1 ? '1 model' : `${wholeNumber(count)} models`);

export const engineStrings = {
  label: 'Models on other machines',
  text: 'Whatever speaks OpenAI’s API: another Sirocco, vLLM, SGLang, llama-server or LM Studio. Its models stand in the picker; what you write to them goes there. Files on this machine are not needed.',
  address: 'Address',
  addressPlaceholder: '10.0.0.5:1234',
  addressHint: 'A host with its port is enough',
  name: 'Name',
  namePlaceholder: 'Workstation',
  token: 'Token',
  tokenHint: 'If it wants one; kept in the key store of the system',
  add: 'Add',
  models,
  answers: (count: number) => `Answers · ${models(count)}`,
  hasToken: 'Token',
  test: 'Test',
  testNamed: (name: string) => `Test ${name}`,
  remove: 'Remove',
  removeNamed: (name: string) => `Remove ${name}`,
  removeTitle: (name: string) => `Remove ${name}?`,
  removeText: 'Its models leave the picker and its token is forgotten. Conversations with them stay.',
  remote: 'Remote',
  remoteAt: (engine: string) => `Answers on ${engine}`,
  gone: (engine: string) => `${engine} does not have it any more`,
};
