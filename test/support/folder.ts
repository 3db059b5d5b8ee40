/** A temporary folder for one test file: there when its tests begin, removed when they are done. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'

/** Call outside of any test; the folder exists from `beforeAll` on. The path is short enough for unix sockets. */
export function temporaryFolder(): string {
  const folder = join(tmpdir(), `millrace-test-${randomUUID().slice(0, 8)}`)
  beforeAll(() => {
    mkdirSync(folder)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
