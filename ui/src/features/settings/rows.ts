/** The table of settings: what each is called, under which words it is found, and where it stands. */
import { databaseCopyStrings, engineStrings, exchangeStrings, settingsStrings as s } from '$/lib/strings.en';

export type SettingsGroup = keyof typeof s.groups;
export type ParameterName = keyof typeof s.parameters;

export type RowName =
  | 'language'
  | 'theme'
  | 'accent'
  | 'interface_percent'
  | 'transcript_percent'
  | 'typeface'
  | 'density'
  | 'direction'
  | 'reasoning_open'
  | 'shortcuts'
  | 'enter_sends'
  | 'default_context_length'
  | 'threads'
  | 'engines'
  | 'titles'
  | 'default_system_prompt'
  | ParameterName
  | 'max_tokens'
  | 'import_chats'
  | 'export_chats'
  | 'offline'
  | 'account'
  | 'endpoint'
  | 'proxy'
  | 'extra_ca'
  | 'connections'
  | 'parallel'
  | 'streams'
  | 'speed_limit'
  | 'hours'
  | 'trash_days'
  | 'conversation_trash_days'
  | 'database_copies'
  | 'quick_ask'
  | 'notify_answers'
  | 'login_start'
  | 'version'
  | 'data_folder'
  | 'runtimes'
  | 'machine'
  | 'crashes';

export interface SettingsRow {
  name: RowName;
  group: SettingsGroup;
  label: string;
  /** Searched along with the label. */
  words: string;
}

/** Range and default of a sampling parameter, as the contract documents them. */
export interface ParameterRange {
  min: number;
  max: number;
  step: number;
  standard: number;
}

export const PARAMETERS: Record<ParameterName, ParameterRange> = {
  temperature: { min: 0, max: 5, step: 0.05, standard: 0.7 },
  top_p: { min: 0, max: 1, step: 0.01, standard: 0.95 },
  top_k: { min: 0, max: 200, step: 1, standard: 40 },
  min_p: { min: 0, max: 1, step: 0.01, standard: 0.05 },
  repeat_penalty: { min: 0.5, max: 2, step: 0.01, standard: 1 },
};

export const PARAMETER_NAMES = Object.keys(PARAMETERS) as ParameterName[];
/** As the contract has it (`Settings::default`). */
export const CONTEXT_STANDARD = 4096;
export const DOWNLOADS_STANDARD = { parallel: 2, streams: 4 };
export const TRASH_DAYS_STANDARD = 30;

/** All rows, in the language that is shown. */
export const settingRows = (): SettingsRow[] => [
  { name: 'language', group: 'appearance', label: s.language, words: `${s.languageText} language langue english anglais français french` },
  { name: 'theme', group: 'appearance', label: s.theme, words: `${s.themeText} ${Object.values(s.themes).join(' ')} colours colors` },
  { name: 'accent', group: 'appearance', label: s.accent, words: `${s.accentText} ${Object.values(s.accents).join(' ')} colour color highlight` },
  { name: 'interface_percent', group: 'appearance', label: s.interfaceSize, words: `${s.interfaceSizeText} zoom scale font` },
  { name: 'transcript_percent', group: 'appearance', label: s.transcriptSize, words: `${s.transcriptSizeText} font reading` },
  { name: 'typeface', group: 'appearance', label: s.typeface, words: `${s.typefaceText} ${Object.values(s.typefaces).join(' ')} font letters` },
  { name: 'density', group: 'appearance', label: s.density, words: `${s.densityText} ${Object.values(s.densities).join(' ')} spacing` },
  { name: 'reasoning_open', group: 'appearance', label: s.reasoning, words: `${s.reasoningText} ${Object.values(s.reasoningChoices).join(' ')} reasoning thinking` },
  { name: 'direction', group: 'appearance', label: s.direction, words: `${s.directionText} ${Object.values(s.directions).join(' ')} rtl ltr mirror` },
  { name: 'shortcuts', group: 'writing', label: s.shortcuts, words: `${s.shortcutsText} keys hotkeys bindings` },
  { name: 'enter_sends', group: 'writing', label: s.enterSends, words: s.enterSendsText('') },
  { name: 'default_context_length', group: 'models', label: s.contextLength, words: s.contextLengthText },
  { name: 'threads', group: 'models', label: s.threads, words: `${s.threadsText} cpu cores` },
  { name: 'engines', group: 'engines', label: engineStrings.label, words: `${engineStrings.text} remote server endpoint openai api ollama` },
  { name: 'titles', group: 'conversations', label: s.titles, words: `${s.titlesText} ${Object.values(s.titleChoices).join(' ')} name rename` },
  { name: 'default_system_prompt', group: 'conversations', label: s.systemPrompt, words: s.systemPromptText },
  ...PARAMETER_NAMES.map((name): SettingsRow => ({
    name,
    group: 'conversations',
    label: s.parameters[name][0],
    words: `${s.parameters[name][1]} sampling parameters`,
  })),
  { name: 'max_tokens', group: 'conversations', label: s.maxTokens, words: `${s.maxTokensText} max tokens` },
  {
    name: 'import_chats',
    group: 'exchange',
    label: exchangeStrings.importRow,
    words: `${exchangeStrings.importRowText} ${Object.values(exchangeStrings.apps).join(' ')} history`,
  },
  {
    name: 'export_chats',
    group: 'exchange',
    label: exchangeStrings.exportRow,
    words: `${exchangeStrings.exportRowText} ${Object.values(exchangeStrings.formats).join(' ')} backup save download`,
  },
  { name: 'offline', group: 'network', label: s.offline, words: `${s.offlineText} switch internet` },
  { name: 'account', group: 'network', label: s.account, words: `${s.accountText} ${s.signIn} hugging face login gated` },
  { name: 'endpoint', group: 'network', label: s.endpoint, words: `${s.endpointText} ${s.endpointDefault} hugging face url` },
  { name: 'proxy', group: 'network', label: s.proxy, words: `${s.proxyText} socks http` },
  { name: 'extra_ca', group: 'network', label: s.extraCa, words: `${s.extraCaText} tls ca` },
  { name: 'connections', group: 'network', label: s.connections, words: `${s.connectionsText} log privacy` },
  { name: 'parallel', group: 'downloads', label: s.parallel, words: `${s.parallelText} parallel queue` },
  { name: 'streams', group: 'downloads', label: s.streams, words: `${s.streamsText} streams speed` },
  { name: 'speed_limit', group: 'downloads', label: s.speedLimit, words: `${s.speedLimitText} throttle bandwidth` },
  { name: 'hours', group: 'downloads', label: s.hours, words: `${s.hoursText} schedule night` },
  {
    name: 'conversation_trash_days',
    group: 'storage',
    label: s.conversationTrashDays,
    words: `${s.conversationTrashDaysText} trash chats`,
  },
  { name: 'trash_days', group: 'storage', label: s.trashDays, words: `${s.trashDaysText} trash` },
  { name: 'database_copies', group: 'storage', label: databaseCopyStrings.label, words: `${databaseCopyStrings.text} backup restore undo upgrade` },
  { name: 'quick_ask', group: 'desktop', label: s.quickAsk, words: `${s.quickAskText} global shortcut hotkey window launcher` },
  { name: 'notify_answers', group: 'desktop', label: s.notify, words: `${s.notifyText} notification alert` },
  { name: 'login_start', group: 'desktop', label: s.loginStart, words: `${s.loginStartText} autostart boot launch` },
  { name: 'version', group: 'about', label: s.version, words: 'sirocco update newer release' },
  { name: 'data_folder', group: 'about', label: s.dataFolder, words: s.dataFolderText },
  { name: 'runtimes', group: 'about', label: s.runtimes, words: 'worker mistral.rs llama.cpp engine add remove cuda' },
  { name: 'machine', group: 'about', label: s.machine, words: 'cpu memory system' },
  { name: 'crashes', group: 'about', label: s.crashes, words: `${s.crashesText} error panic log bug` },
];

/** Rows in which every word of the query appears. */
export function rowsFor(query: string): SettingsRow[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return settingRows().filter((row) => {
    const text = `${row.label} ${row.words} ${s.groups[row.group]}`.toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  });
}
