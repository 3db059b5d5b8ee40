/** nginx behind the built command: one large answer to curl, whole and unchanged, and many small ones to wrk. */
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, createReadStream, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { forwardTo, type Millrace } from '../support/millrace.js'
import { expectBulk, expectSmall, modes } from '../support/modes.js'
import { startNginx } from '../support/nginx.js'
import { areMissing, run } from '../support/programs.js'

const MEBIBYTE = 1024 * 1024
const LARGE_BYTES = 256 * MEBIBYTE
const SMALL = 'a small answer\n'
const WRK_CONNECTIONS = 20

describe.skipIf(areMissing('nginx', 'curl', 'wrk'))('nginx', () => {
  const folder = temporaryFolder()
  let digest: string
  let nginxPort: number

  beforeAll(async () => {
    digest = writeLargeFile(join(folder, 'large'))
    writeFileSync(join(folder, 'small'), SMALL)
    nginxPort = await startNginx(folder)
  })

  describe.each(modes())('$name', (mode) => {
    let millrace: Millrace
    let port: number

    beforeAll(async () => {
      ;({ millrace, port } = await forwardTo(`127.0.0.1:${nginxPort}`, mode))
    })

    it('nginx sends a file of 256 MiB to curl through millrace, unchanged', async () => {
      const received = join(folder, 'received')
      const { code, stderr } = await run('curl', ['-sS', '-o', received, `http://127.0.0.1:${port}/large`])
      expect(stderr).toBe('')
      expect(code).toBe(0)
      expect(await digestOf(received)).toBe(digest)
      const [record] = await millrace.records(1)
      expect(record!.bytesDown).toBeGreaterThan(LARGE_BYTES)
      expect(record!.ended).toMatchObject({ by: 'client', cause: 'finished' })
      expectBulk([record!], mode)
    })

    it('nginx answers thousands of small requests of wrk through millrace without an error', async () => {
      const before = millrace.lines.filter(({ msg }) => msg === 'connection').length
      const args = ['-t1', `-c${WRK_CONNECTIONS}`, '-d1s', `http://127.0.0.1:${port}/small`]
      const { code, stdout } = await run('wrk', args)
      expect(code).toBe(0)
      expect(stdout).not.toMatch(/Socket errors|Non-2xx/)
      const requests = Number(/(\d+) requests in/.exec(stdout)?.[1])
      expect(requests).toBeGreaterThan(WRK_CONNECTIONS)
      const records = (await millrace.records(before + WRK_CONNECTIONS)).slice(before)
      expectSmall(records, mode)
      const answered = records.reduce((bytes, each) => bytes + each.bytesDown, 0)
      expect(answered).toBeGreaterThan(requests * SMALL.length)
    })
  })
})

/** Writes random bytes, so that no byte can be taken for another; returns their checksum. */
function writeLargeFile(path: string): string {
  const hash = createHash('sha256')
  const fd = openSync(path, 'w')
  for (let written = 0; written < LARGE_BYTES; written += MEBIBYTE) {
    const bytes = randomBytes(MEBIBYTE)
    hash.update(bytes)
    writeSync(fd, bytes)
  }
  closeSync(fd)
  return hash.digest('hex')
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: MEBIBYTE }), hash)
  return hash.digest('hex')
}
