import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Tests of what moves bytes: how sockets, kernel pipes and event loops behave when nobody else is busy. */
const ALONE = ['pipe', 'io', 'connection', 'proxy', 'tls', 'hostile', 'lifecycle'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
)

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
    // Each file in a process of its own.
    pool: 'forks',
    retry: 0,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: { name: 'alone', include: ALONE, fileParallelism: false, sequence: { groupOrder: 0 } },
      },
      // These start programs and wait for them, most of their time.
      {
        extends: true,
        test: {
          name: 'beside others',
          include: ['test/**/*.test.ts'],
          exclude: ALONE,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
