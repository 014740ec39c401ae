/**
 * Two groups of tests. `parallel` is everything that shares the machine well; `e2e` lays out network
 * namespaces of its own and mostly waits, so a few of its files run at a time, after all others.
 */
import { defineConfig } from 'vitest/config'

// Real sockets and processes share two cores: a generous limit, reached only when something is wrong.
const limits = { testTimeout: 30_000, hookTimeout: 30_000 }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'parallel',
          include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          sequence: { groupOrder: 0 },
          ...limits,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          ...limits,
        },
      },
    ],
  },
})
