/** The first start: what this is, what the machine can run, and the shortest way to a first answer. */
export { default as Onboarding } from './Onboarding.svelte';
