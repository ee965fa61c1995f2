import { plural, wholeNumber } from '$/lib/format';
import type { ImportMode, ModelOrigin } from '$/gen/protocol';

export const libraryStrings = {
  // The list
  sort: 'Order of the list',
  sorts: { used: 'Last used', name: 'Name', size: 'Size', added: 'Added' },
  group: 'Group by folder',
  favourites: 'Favourites',
  own: 'Downloaded here',
  single: 'Single files',
  favourite: 'Favourite',
  newer: 'Newer on the Hub',
  offline: 'Offline',
  places: 'Keep the library in order',
  groupLabel: (name: string, models: string, size: string, offline: boolean) => `${name}, ${offline ? 'Offline, ' : ''}${models}, ${size}`,
  origins: {
    folder: 'Folder',
    hugging_face_cache: 'Hugging Face cache',
    lm_studio: 'LM Studio',
    jan: 'Jan',
    ollama: 'Ollama',
    llama_cpp: 'llama.cpp',
  } satisfies Record<ModelOrigin, string>,
  tryAgain: 'Try again',
  notRead: 'This could not be read',

  // The model page
  rename: 'Rename',
  renameLabel: 'Name of the model',
  saveName: 'Save',
  favour: 'Mark as favourite',
  unfavour: 'No favourite any more',
  more: 'More',
  reveal: 'Show in file manager',
  newerText: 'The Hub has other bytes under this name now. The file here keeps working as it is.',
  newerOpen: 'See what is there',
  source: 'From',
  commit: 'Commit',
  openSource: (repository: string) => `Open the page of ${repository}`,
  folder: 'Folder',
  onDisk: 'On disk',
  integrity: 'Integrity',
  hash: 'SHA-256',
  hashUnknown: 'Not known yet. Verifying works it out and keeps it.',
  copyHash: 'Copy hash',
  verify: 'Verify',
  verifyText: (size: string) => `Reads all ${size} again and compares them with the hash.`,
  verifying: 'Reading every byte',
  verifyQueued: 'Waits for other checks',
  verifyProgress: (name: string) => `Verifying ${name}`,
  verifiedAt: (date: string) => `Last verified ${date}: the bytes are as they should be.`,
  neverVerified: 'Its bytes were not verified here yet.',
  intact: 'The bytes are as they should be.',
  hashKept: 'There was no hash to compare with. This one is kept for the next time.',
  damaged: 'The file is damaged: its bytes are not the ones of its hash',
  damagedNamed: (name: string) => `The file of ${name} is damaged.`,
  damagedHint: 'download it again; until then its answers may be wrong',
  downloadAgain: 'Download again',
  notes: 'Notes',
  notesLabel: 'Notes about this model',
  notesPlaceholder: 'What it is good at, settings that work, where not to use it',
  header: 'Header',
  headerShow: 'Show what the file says about itself',
  tensors: 'Tensors',
  tensorCount: (count: number) => plural(count, 'tensor'),
  template: 'Chat template',
  templateNone: 'It has none; a plain one is used.',
  templateSafe: 'Nothing suspicious was found in it.',
  concerns: (count: number) => (count === 1 ? '1 thing to look at' : `${count} things to look at`),
  copyTemplate: 'Copy template',
  copied: 'Copied',
  metadata: 'Metadata',
  metadataKey: 'Key',
  metadataValue: 'Value',

  // Defaults of one model
  makeDefault: 'Keep as default',
  defaultKept: (name: string) => `${name} loads like this from now on.`,
  defaultIs: (tokens: string, threads: string | null, runtime: string | null) =>
    `Default of this model: ${[`${tokens} tokens`, threads && `${threads} threads`, runtime].filter(Boolean).join(', ')}.`,
  forgetDefault: 'Use the general default',

  // The end of one
  delete: 'Delete',
  deleteText: (days: number) =>
    days === 0
      ? 'Its file is removed at once.'
      : `Its file goes to Sirocco's trash and can be restored for ${days === 1 ? '1 day' : `${days} days`}.`,
  notDeletable: 'The file lies outside Sirocco’s own folder, so it is never deleted from here. Forgetting takes it off the library.',
  deleted: (name: string) => `${name} is in the trash.`,
  undo: 'Undo',
  restored: (name: string) => `${name} is back.`,
  deleteNamed: (name: string) => `Delete ${name}`,
  showNamed: (name: string) => `Show ${name}`,
  show: 'Show',

  // Folders
  foldersTitle: 'Folders',
  modelsAndSize: (count: number, size: string) => `${count === 1 ? '1 model' : `${wholeNumber(count)} models`} · ${size}`,
  suggestions: 'Found on this machine',
  suggestionsText: 'Models of other apps can be used where they are. Sirocco never changes or deletes anything in their folders.',
  addFolder: 'Add',
  addFolderOf: (app: string) => `Add the folder of ${app}`,

  // Duplicates
  duplicatesTitle: 'Duplicates',
  duplicatesText: 'Models with the very same bytes. A hard link lets several names share one copy on the disk; nothing else changes.',
  duplicatesNone: 'No duplicates',
  duplicatesNoneText: 'No two models whose hash is known have the same bytes.',
  copies: (count: number, size: string) => `${count} copies of ${size}`,
  link: (size: string) => `Link, free ${size}`,
  linkNamed: (size: string, names: string) => `Link, free ${size}: ${names}`,
  linked: (size: string) => `${size} freed.`,
  notLinkable: 'They share one copy already, or lie on different drives.',
  hashUnknownCount: (count: number) =>
    count === 1 ? 'The hash of 1 model is not known yet, so it was not compared.' : `The hashes of ${wholeNumber(count)} models are not known yet, so they were not compared.`,
  verifyAll: 'Verify all',
  verifyAllText: 'Reads every file once; that takes a while on a slow disk.',
  verifyingAll: (done: number, all: number) => `${done} of ${all} read`,
  reclaimable: (size: string) => `${size} can be freed`,

  // Disk use
  diskTitle: 'Disk use',
  diskText: 'What models take, folder by folder. Bytes that are linked twice count once.',
  inAll: (size: string) => `${size} in all`,
  freeOnDrive: (size: string) => `${size} free on its drive`,
  driveOffline: 'Not reachable now',
  singleFiles: 'Files picked by themselves',
  trash: 'Trash',
  unfinished: 'Unfinished downloads',
  database: 'Conversations and settings',
  share: (name: string) => `Share of ${name}`,
  largest: 'Largest models',
  lastUsed: (date: string) => `last loaded ${date}`,
  neverUsed: 'never loaded',
  openTrash: 'Open',
  openTrashLabel: 'Open the trash',

  // Trash
  trashTitle: 'Trash',
  trashText: (days: number) =>
    days === 0
      ? 'Deleted models are removed at once, as your settings say.'
      : `Deleted models stay here for ${days === 1 ? '1 day' : `${days} days`} and take their space until then.`,
  trashEmpty: 'The trash is empty',
  trashEmptyText: 'Models that you delete can be restored from here.',
  changeDays: 'Change how long',
  restore: 'Restore',
  restoreNamed: (name: string) => `Restore ${name}`,
  deletedAt: (date: string) => `deleted ${date}`,
  removedAt: (date: string) => `removed for good on ${date}`,
  empty: 'Empty trash',
  emptyTitle: 'Empty the trash?',
  emptyAsk: (count: number, size: string) =>
    `${count === 1 ? '1 model is' : `${count} models are`} removed for good, ${size} in all. This cannot be undone.`,

  // The import question
  importTitle: (count: number) => (count === 1 ? 'Add this to the library' : `Add ${count} to the library`),
  importHow: 'What becomes of the file',
  importMore: (count: number) => `and ${count} more`,
  importAdd: 'Add',
  modes: {
    in_place: ['Use it where it is', 'Nothing is copied or moved. It is missing here when it is moved or deleted there.'],
    link: ['Link it', 'A second name in Sirocco’s folder for the same bytes: no more space, and it stays when the original is deleted. Same drive only.'],
    copy: ['Copy it', 'A copy in Sirocco’s folder. Takes its size again.'],
    move: ['Move it', 'Into Sirocco’s folder. Other apps do not find it where it was any more.'],
  } satisfies Record<ImportMode, [string, string]>,
};
