import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Tests of what moves bytes: how sockets, kernel pipes and event loops behave when nobody else is busy. */
const ALONE = filesBelow('pipe', 'io', 'connection', 'proxy', 'tls', 'hostile', 'lifecycle')

/** Tests that only compute. They start no program that outlives a call, and leave nothing behind in their process. */
const IN_ONE_PROCESS = [
  'test/*.test.ts',
  ...filesBelow('admission', 'cluster', 'command', 'config', 'control', 'limits', 'listener', 'postgres'),
  ...filesBelow('refusals', 'route', 'status', 'via', 'websocket', 'workers/sockets', 'workers/state'),
]

/** Thousands of stories in the simulated kernel. */
const SIMULATIONS = filesBelow('simulation')

function filesBelow(...folders: string[]): string[] {
  return folders.map((folder) => `test/${folder}/**/*.test.ts`)
}

/** The files that run at a time. Most of their time they wait for programs. */
const MAX_WORKERS = 3

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
    // Each file in a process of its own, if its project does not say otherwise.
    pool: 'forks',
    retry: 0,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // `.ci/run` names the projects, because it runs some of them side by side.
    projects: [
      {
        extends: true,
        test: { name: 'alone', include: ALONE, fileParallelism: false, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'in one process',
          include: IN_ONE_PROCESS,
          isolate: false,
          maxWorkers: MAX_WORKERS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'simulations',
          include: SIMULATIONS,
          maxWorkers: MAX_WORKERS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'beside others',
          include: ['test/**/*.test.ts'],
          exclude: [...ALONE, ...IN_ONE_PROCESS, ...SIMULATIONS],
          maxWorkers: MAX_WORKERS,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
