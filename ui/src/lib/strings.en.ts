/** Texts of the kit and the frame, and the doors to those of each area. Plain, exact, verbs on buttons. */

export { actionStrings } from './strings/actions.en';
export { connectionStrings } from './strings/connections.en';
export { crashStrings } from './strings/crashes.en';
export { databaseCopyStrings } from './strings/databaseCopies.en';
export { discoverStrings } from './strings/discover.en';
export { downloadStrings } from './strings/downloads.en';
export { engineStrings } from './strings/engines.en';
export { exchangeStrings } from './strings/exchange.en';
export { libraryStrings } from './strings/library.en';
export { modelStrings } from './strings/models.en';
export { onboardingStrings } from './strings/onboarding.en';
export { runtimeFileStrings } from './strings/runtimes.en';
export { settingsStrings } from './strings/settings.en';
export { updateStrings } from './strings/updates.en';

export const kitStrings = {
  close: 'Close',
  cancel: 'Cancel',
  clearSearch: 'Clear search',
  dismiss: 'Dismiss',
  notices: 'Notices',
  tryAgain: 'Try again',
};

export const appStrings = {
  name: 'Sirocco',
  chat: 'Chat',
  discover: 'Discover',
  library: 'Library',
  developer: 'Developer',
  settings: 'Settings',
  downloads: 'Downloads',
  downloadsRunning: (share: string) => `Downloads, ${share} done`,
  runtime: 'Runtime and memory',
  sections: 'Sections',
  showList: 'Show the list',
  hideList: 'Hide the list',
  showInspector: 'Show the inspector',
  hideInspector: 'Hide the inspector',
  resizeList: 'Width of the list',
  listColumn: 'List',
  inspector: 'Inspector',
  skipToMain: 'Skip to the main area',
  starting: 'Starting',
  connectionLost: 'The connection to Sirocco is lost. Your text is kept; trying to connect again.',
  bootFailed: 'Sirocco could not start',
  bootSafe: 'Your conversations and models are untouched.',
  tryAgain: 'Try again',
  dropped: 'Drop GGUF files or folders to add them to the library',
};

/** Before a link in an answer is opened. */
export const leaveStrings = {
  title: 'Open this link?',
  text: 'It opens in your browser. Its words may say something else; this is where it leads:',
  trust: (host: string) => `Do not ask again for ${host} while Sirocco runs`,
  copy: 'Copy address',
  copied: 'Copied',
  copyFailed: 'The address could not be copied',
  open: 'Open',
};

export const openingStrings = {
  model: (repository: string) => `Open the page of ${repository}?`,
  modelText: 'A link of another program asks for it. The Hub is asked for what it says about this model.',
  openPage: 'Open page',
  download: (file: string) => `Download ${file}?`,
  downloadText: (repository: string) => `A link of another program asks for it. The file comes from ${repository}.`,
  downloadFile: 'Download',
  seePage: 'See its page',
  refused: 'This could not be opened',
};

export const runtimeStrings = {
  memory: 'Memory',
  freeOf: (free: string, all: string) => `${free} free of ${all}`,
  loaded: 'In memory',
  nothingLoaded: 'No model is loaded.',
  runtimes: 'Runtimes',
  device: (name: string, memory: string) => `${name}, ${memory}`,
  cannotRun: (name: string, reason: string) => `${name} cannot be used: ${reason}`,
  noRuntimes: 'No runtime was found beside the app, so no model can be loaded. Add one in Settings, About, or install Sirocco again.',
  eject: (name: string) => `Eject ${name}`,
  loading: (share: string) => `loading, ${share}`,
  failed: 'did not load',
  ready: 'ready',
  hidden: 'Hidden until the vote',
  queue: (count: number) => (count === 1 ? '1 answer waiting' : `${count} answers waiting`),
};
