/**
 * A tooltip as an attachment: `<button {@attach tooltip('New chat', 'Mod+N')}>`. One element for the
 * whole page, so that a list of 10,000 rows with buttons costs nothing. It repeats what the control's
 * label says, so it stays out of the accessibility tree; shortcuts go to `aria-keyshortcuts`.
 */
import type { Attachment } from 'svelte/attachments';
import { shortcutText } from '$/lib/shortcut';
import { forward } from './direction';

const DELAY_MS = 450;
/** Shown without delay when another one was open just now. */
const WARM_MS = 400;
const GAP = 6;
const MARGIN = 8;

export type TooltipSide = 'top' | 'bottom' | 'end';

let element: HTMLElement | null = null;
let owner: Element | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let closedAt = 0;

function show(target: Element, text: string, shortcut: string | undefined, side: TooltipSide): void {
  if (!target.isConnected) return;
  element ??= document.createElement('div');
  element.className = 'kit-tooltip';
  element.setAttribute('aria-hidden', 'true');
  element.textContent = text;
  if (shortcut) {
    const keys = document.createElement('kbd');
    keys.textContent = shortcutText(shortcut);
    element.append(keys);
  }
  document.body.append(element);
  owner = target;
  place(element, target.getBoundingClientRect(), side);
}

function place(tip: HTMLElement, at: DOMRect, side: TooltipSide): void {
  const { offsetWidth: width, offsetHeight: height } = tip;
  let left = at.left + at.width / 2 - width / 2;
  let top = at.bottom + GAP;
  if (side === 'end') {
    left = forward(tip) === 1 ? at.right + GAP : at.left - width - GAP;
    top = at.top + at.height / 2 - height / 2;
  } else if (side === 'top' || top + height > innerHeight - MARGIN) {
    top = at.top - height - GAP;
    if (top < MARGIN) top = at.bottom + GAP;
  }
  left = Math.max(MARGIN, Math.min(left, innerWidth - width - MARGIN));
  tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}

function hide(target: Element): void {
  clearTimeout(timer);
  if (owner !== target) return;
  element?.remove();
  owner = null;
  closedAt = Date.now();
}

export function tooltip(text: string | null | undefined, shortcut?: string, side: TooltipSide = 'bottom'): Attachment {
  return (target) => {
    if (!text) return;
    const open = (now: boolean) => {
      clearTimeout(timer);
      const wait = now || owner || Date.now() - closedAt < WARM_MS ? 0 : DELAY_MS;
      timer = setTimeout(() => show(target, text, shortcut, side), wait);
    };
    const enter = (event: Event) => {
      if ((event as PointerEvent).pointerType !== 'touch') open(false);
    };
    const focus = () => {
      if (target.matches(':focus-visible')) open(true);
    };
    const close = () => hide(target);
    const key = (event: Event) => {
      if ((event as KeyboardEvent).key === 'Escape') close();
    };
    const listeners: [string, (event: Event) => void][] = [
      ['pointerenter', enter],
      ['pointerleave', close],
      ['pointerdown', close],
      ['focus', focus],
      ['blur', close],
      ['keydown', key],
    ];
    for (const [name, listener] of listeners) target.addEventListener(name, listener);
    return () => {
      close();
      for (const [name, listener] of listeners) target.removeEventListener(name, listener);
    };
  };
}
