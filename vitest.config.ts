import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Sockets, fds and CPU time are the subject: one file at a time, each in a process of its own.
    pool: 'forks',
    fileParallelism: false,
    retry: 0,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
