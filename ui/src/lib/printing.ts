/** Prints a page of its own, such as an export, without showing it. */

/** Ends the one before. One at a time: where nothing tells that printing is over, the next one takes its place. */
let end = () => {};

/**
 * Opens the print dialog over a whole HTML page. Nothing in the page runs, whatever is written in it: the frame has
 * no leave for scripts, and it is of this origin only so that it can be told to print.
 */
export function printPage(html: string, title: string): Promise<void> {
  end();
  const shown = document.createElement('iframe');
  shown.title = title;
  shown.setAttribute('sandbox', 'allow-same-origin allow-modals');
  shown.setAttribute('aria-hidden', 'true');
  shown.tabIndex = -1;
  // Not `display: none`, of which engines print nothing; and as wide as a sheet, or lines break as on a phone.
  shown.style.cssText = 'position: fixed; inset-block-start: 0; inset-inline-start: -10000px; inline-size: 800px; block-size: 1100px; border: 0; visibility: hidden;';
  shown.srcdoc = html;
  return new Promise((resolve, reject) => {
    // A frame that is taken away before its page is there tells of nothing.
    end = () => {
      shown.remove();
      resolve();
    };
    const print = () => {
      const focused = document.activeElement;
      try {
        const page = shown.contentWindow;
        // By the next turn, for the event is one of the frame's own.
        page?.addEventListener('afterprint', () => void setTimeout(() => shown.remove(), 0));
        page?.focus();
        page?.print();
        resolve();
      } catch (thrown) {
        shown.remove();
        reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
      }
      // Keys that are pressed in the frame reach nothing of ours, and WebKitGTK tells nobody that printing is over.
      window.focus();
      if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
    };
    shown.addEventListener('load', print, { once: true });
    document.body.append(shown);
  });
}
