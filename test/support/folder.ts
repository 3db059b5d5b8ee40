/** A temporary folder for one test file. It exists while the tests of the file run. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'

/** Call it outside of any test. The folder exists from `beforeAll` on. Its path is short enough for unix sockets. */
export function temporaryFolder(): string {
  const folder = join(tmpdir(), `millrace-test-${randomUUID().slice(0, 8)}`)
  beforeAll(() => {
    mkdirSync(folder)
  })
  // Programs of the test are ended after this, because hooks that come later run first. Until then they may make a file here.
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }))
  return folder
}
