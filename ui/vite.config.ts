import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte(), svelteTesting()],
  resolve: { alias: { $: fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: ['es2022', 'chrome120', 'safari17'],
    // The page's policy allows fonts and styles from 'self' only, so nothing is inlined as data:.
    assetsInlineLimit: 0,
    // Sources are public, and a stack trace from a user is worth the bytes on disk.
    sourcemap: false,
    chunkSizeWarningLimit: 700,
  },
  server: {
    port: 5173,
    strictPort: true,
    // `npm run dev` beside a running backend: the web host answers under /api.
    proxy: { '/api': { target: process.env.SIROCCO_WEB ?? 'http://127.0.0.1:4747' } },
  },
  test: {
    environment: 'happy-dom',
    setupFiles: ['./src/test-setup.ts'],
    include: ['src/**/*.test.ts'],
    restoreMocks: true,
    // The first test of a file may wait for its imports on a busy machine.
    testTimeout: 20_000,
  },
});
