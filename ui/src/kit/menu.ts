/** What a menu is made of. */
import type { Icon } from './icon';

export interface MenuItem {
  label: string;
  icon?: Icon;
  shortcut?: string;
  danger?: boolean;
  disabled?: boolean;
  /** Present for choices: whether it is on. */
  checked?: boolean;
  onSelect: () => void;
}

/** Opens a menu of its own beside it. */
export interface Submenu {
  label: string;
  icon?: Icon;
  items: MenuEntry[];
}

export type MenuEntry = MenuItem | Submenu | 'separator';
