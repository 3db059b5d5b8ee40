import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    // By these URLs the page imports modules of src/, and a browser gets them built.
    alias: [
      {
        find: /^\/assets\/dist\/(\w+)\.js$/,
        replacement: fileURLToPath(new URL('src/$1.ts', import.meta.url)),
      },
    ],
  },
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
