import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{kernel,lib,daemons,tools,guests,bench}/**/*.test.ts'],
        },
      },
      {
        test: {
          name: 'host',
          include: ['test/**/*.test.ts'],
          exclude: ['test/clients/**'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Clients measure nothing: each file has a host of its own, and two run at a time.
        test: {
          name: 'clients',
          include: ['test/clients/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
