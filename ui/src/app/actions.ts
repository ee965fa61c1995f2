/** The frame's own actions. Features bring theirs (`chatActions`). */
import type { Theme } from '$/gen/protocol';
import type { Sirocco } from '$/lib/state';
import type { Action } from '$/lib/state/actions.svelte';
import type { View } from '$/lib/state/navigation.svelte';
import { actionStrings as s, settingsStrings } from '$/lib/strings.en';

/** What the frame does when it is told to. */
export interface FrameDeeds {
  go: (view: View) => void;
  toggleList: () => void;
  toggleInspector: () => void;
  togglePicker: () => void;
  toggleDownloads: () => void;
  openPalette: () => void;
}

export function frameActions({ app, navigation, toasts }: Sirocco, deeds: FrameDeeds): Action[] {
  const inChat = () => navigation.view === 'chat';
  return [
    { id: 'go.chat', group: 'go', label: s.chat, keys: ['Mod+1'], run: () => deeds.go('chat') },
    { id: 'go.discover', group: 'go', label: s.discover, words: s.discoverWords, keys: ['Mod+2'], run: () => deeds.go('discover') },
    { id: 'go.library', group: 'go', label: s.library, words: s.libraryWords, keys: ['Mod+3'], run: () => deeds.go('library') },
    { id: 'go.developer', group: 'go', label: s.developer, words: s.developerWords, keys: ['Mod+4'], run: () => deeds.go('developer') },
    { id: 'go.settings', group: 'go', label: s.settings, words: s.settingsWords, keys: ['Mod+,'], run: () => deeds.go('settings') },
    { id: 'go.connections', group: 'go', label: s.connections, run: () => navigation.openSettings('connections') },
    { id: 'go.crashes', group: 'go', label: s.crashes, words: s.crashesWords, run: () => navigation.openSettings('crashes') },
    { id: 'go.shortcuts', group: 'go', label: s.shortcuts, words: s.shortcutsWords, keys: ['Mod+/'], run: () => navigation.openSettings('shortcuts') },
    { id: 'palette', group: 'view', label: s.palette, keys: ['Mod+K'], run: deeds.openPalette },
    { id: 'list', group: 'view', label: s.list, words: s.listWords, keys: ['Mod+B'], run: deeds.toggleList },
    { id: 'inspector', group: 'view', label: s.inspector, words: s.inspectorWords, keys: ['Mod+Shift+B'], available: inChat, run: deeds.toggleInspector },
    { id: 'picker', group: 'view', label: s.picker, keys: ['Mod+L'], run: deeds.togglePicker },
    { id: 'downloads', group: 'view', label: s.downloads, keys: ['Mod+J'], run: deeds.toggleDownloads },
    ...(Object.keys(settingsStrings.themes) as Theme[]).map((theme): Action => ({
      id: `theme.${theme}`,
      group: 'view',
      label: s.theme(settingsStrings.themes[theme]),
      words: s.themeWords,
      available: () => app.settings?.theme !== theme,
      run: () => void app.updateSettings({ theme }).catch((thrown) => toasts.error(thrown)),
    })),
  ];
}
