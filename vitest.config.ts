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
          // Neither these nor the clients measure anything: each file has a host of its own, and two run at a time.
          name: 'host',
          include: ['test/**/*.test.ts'],
          exclude: ['test/clients/**', 'test/measured/**'],
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
      {
        // Whatever compares times or shares of CPU has the machine to itself.
        test: {
          name: 'measured',
          include: ['test/measured/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
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
