export const runtimeFileStrings = {
  text: 'What models run with. A runtime is a program: add one only from where you got Sirocco.',
  add: 'Add a runtime from a file…',
  addTyped: 'Add',
  pathOfFile: 'Path of a runtime',
  pathShape: 'The archive sirocco-runtime-….tar.gz, with its whole path.',
  added: (names: string) => `Added: ${names}`,
  isAdded: 'added',
  remove: 'Remove',
  removeNamed: (name: string) => `Remove ${name}`,
  removeTitle: (name: string) => `Remove ${name}?`,
  removeText: 'Models that only it can run stay in the library and cannot be loaded until it is added again. Its file is deleted.',
};
