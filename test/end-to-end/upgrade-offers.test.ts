/** curl offers HTTP/2 in `Upgrade`, and the nginx behind the built command answers in HTTP/1.1. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { startWith } from '../support/millrace.js'
import { modes } from '../support/modes.js'
import { startNginx } from '../support/nginx.js'
import { areMissing, run } from '../support/programs.js'

const engines = modes().filter(({ splice }) => splice === 'auto')

describe.skipIf(areMissing('nginx', 'curl'))('curl --http2', () => {
  const folder = temporaryFolder()
  let nginxPort: number
  beforeAll(async () => {
    writeFileSync(join(folder, 'small'), 'a small answer\n')
    nginxPort = await startNginx(folder)
  })

  it.each(engines)('curl that offers HTTP/2 gets its answers in HTTP/1.1, $name', async (mode) => {
    const forward = { protocol: 'http', http: 'forward', cluster: 'back' } as const
    const { ports } = await startWith(
      folder,
      {
        listeners: [{ name: 'web', address: '127.0.0.1:0', ...forward }],
        clusters: { back: { backends: [`127.0.0.1:${nginxPort}`] } },
      },
      mode,
    )
    const url = `http://127.0.0.1:${ports.web}/small`
    // Two requests, because curl keeps a connection for the next request.
    const { stdout, stderr } = await run('curl', ['-sSv', '--http2', url, url])
    expect(stderr.match(/^> Upgrade: h2c/gm)).toHaveLength(2)
    expect(stderr.match(/^< HTTP\/1\.1 200 OK/gm)).toHaveLength(2)
    expect(stdout).toBe('a small answer\n'.repeat(2))
  })
})
