import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const features = ['chat', 'discover', 'exchange', 'models', 'downloads', 'settings', 'server', 'onboarding'];

/** Only `lib/backend/tauri.ts` may know the window host. */
const noTauri = {
  group: ['@tauri-apps/*'],
  message: 'Only lib/backend/tauri.ts may import @tauri-apps; use backend().',
};

/** The table of rooms in the design: a feature may use kit, lib and gen, and nothing else. */
const boundaries = [
  ...features.map((feature) => ({
    files: [`src/features/${feature}/**`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            noTauri,
            {
              group: [
                '$/app/*',
                '**/app/*',
                ...features.filter((f) => f !== feature).flatMap((f) => [`$/features/${f}`, `$/features/${f}/**`, `../${f}/*`, `../../${f}/*`]),
              ],
              message: 'A feature imports only kit, lib and gen; src/app composes features.',
            },
          ],
        },
      ],
    },
  })),
  {
    files: ['src/kit/**', 'src/lib/**'],
    ignores: ['src/lib/backend/tauri.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            noTauri,
            { group: ['$/app/*', '$/features/**', '**/features/**'], message: 'kit and lib know neither app nor features.' },
          ],
        },
      ],
    },
  },
  { files: ['src/app/**', 'src/main.ts'], rules: { 'no-restricted-imports': ['error', { patterns: [noTauri] }] } },
];

export default ts.config(
  { ignores: ['dist', 'node_modules', 'src/gen'] },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig },
    },
  },
  {
    rules: {
      // The compiler checks undefined names, with better knowledge of Svelte's snippets.
      'no-undef': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Plain maps inside state classes are replaced, never mutated in place, or are no state at all.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  // A narrow space that does not break stands before French signs.
  { files: ['**/*.fr.ts'], rules: { 'no-irregular-whitespace': ['error', { skipTemplates: true }] } },
  ...boundaries,
);
