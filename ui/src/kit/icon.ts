import type { Component } from 'svelte';

/** A drawn sign, as the icon library has them. */
export type Icon = Component<{ size?: number | string; strokeWidth?: number | string; 'aria-hidden'?: 'true' }>;
