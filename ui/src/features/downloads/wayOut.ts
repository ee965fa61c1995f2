/** What puts a stopped download right, in its own row. */
import type { Download } from '$/gen/protocol';
import { errorOf } from '$/lib/downloading';
import type { Sirocco } from '$/lib/state';
import { downloadStrings as s } from '$/lib/strings.en';

export interface WayOut {
  label: string;
  run: () => void;
}

/** `null`: trying again is all there is to do. `leave` closes the drawer. */
export function wayOut(download: Download, all: Sirocco, leave: () => void): WayOut | null {
  const { app, downloads, navigation, toasts } = all;
  const go = (label: string, open: () => void): WayOut => ({
    label,
    run: () => {
      open();
      leave();
    },
  });
  switch (errorOf(download)?.code) {
    case 'disk_full':
      return go(s.freeSpace, () => navigation.openLibraryPlace('disk'));
    case 'token_needed':
      return go(s.signIn, () => navigation.openSettings('settings', 'account'));
    case 'gated':
      return go(s.openPage, () => navigation.openDiscover(download.repository));
    case 'offline':
      return {
        label: s.goOnline,
        run: () =>
          void (async () => {
            if (app.settings) await app.updateSettings({ network: { ...app.settings.network, offline: false } });
            await downloads.resume(download.id);
          })().catch((thrown) => toasts.error(thrown)),
      };
    default:
      return null;
  }
}
