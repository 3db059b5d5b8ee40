/** A temporary folder for one test file. It exists while the tests of the file run. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { endProgramsIn } from './programs.js'

/** Call it outside of any test. The folder exists from `beforeAll` on. Its path is short enough for unix sockets. */
export function temporaryFolder(): string {
  const folder = join(tmpdir(), `millrace-test-${randomUUID().slice(0, 8)}`)
  beforeAll(() => {
    mkdirSync(folder)
  })
  afterAll(async () => {
    // A program that still runs in it could make a file during the removal.
    await endProgramsIn(folder)
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}
