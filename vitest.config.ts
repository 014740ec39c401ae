import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real sockets and processes share two cores: a generous limit, reached only when something is wrong.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
