/** The library in the bundle of a program, far from its package and beside it. */
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { beforeAll, expect, it } from 'vitest'
import { loadNative } from '../src/io/kernel/native.js'
import { temporaryFolder } from './support/folder.js'
import { run } from './support/programs.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const folder = temporaryFolder()

/** It serves one client through a proxy with an admin address, and two sockets through a pipe. It prints what it saw. */
const PROGRAM = `
  import { once } from 'node:events'
  import { get } from 'node:http'
  import { connect, createServer } from 'node:net'
  import { createProxy, pipe } from './bundle/index.js'
  const SOCKET = new URL('admin.sock', import.meta.url).pathname
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const backend = \`127.0.0.1:\${echo.address().port}\`
  const proxy = createProxy({
    listeners: [{ address: '127.0.0.1:0', cluster: 'echo' }],
    clusters: { echo: { backends: [backend] } },
    admin: 'unix:' + SOCKET,
    log: { level: 'silent' },
  })
  await proxy.start()
  const status = proxy.status()
  const target = Number(status.listeners[0].address.split(':').at(-1))
  const front = createServer((client) => void pipe(client, connect(target, '127.0.0.1'))).listen(0, '127.0.0.1')
  await once(front, 'listening')
  const client = connect(front.address().port, '127.0.0.1')
  client.end('through')
  const [echoed] = await once(client, 'data')
  const [{ statusCode: page }] = await once(get({ socketPath: SOCKET, path: '/' }), 'response')
  process.stdout.write(JSON.stringify({ echoed: String(echoed), notSplicing: status.notSplicing, version: status.version, page }))
  process.exit(0)
`

beforeAll(() => {
  const stdin = { contents: PROGRAM, resolveDir: ROOT }
  const files = ['alone/program.mjs', 'beside/program.mjs']
  for (const file of files) {
    buildSync({
      stdin,
      bundle: true,
      platform: 'node',
      format: 'esm',
      // Packages in CommonJS call require for modules of Node.
      banner: {
        js: `import { createRequire as from } from 'node:module'; const require = from(import.meta.url)`,
      },
      outfile: join(folder, file),
    })
  }
  mkdirSync(join(folder, 'beside/node_modules'))
  symlinkSync(ROOT, join(folder, 'beside/node_modules/millrace'))
})

async function runProgram(place: string): Promise<unknown> {
  const { code, stdout, stderr } = await run(process.execPath, [join(folder, place, 'program.mjs')])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

it('a bundle without the package beside it serves with the stream engine, says that the addon is missing, and has no page', async () => {
  expect(await runProgram('alone')).toMatchObject({
    echoed: 'through',
    notSplicing: 'addon-missing',
    page: 404,
  })
})

it.runIf(loadNative().native !== undefined)(
  'a bundle beside the installed package loads its addon and has its page',
  async () => {
    const told = await runProgram('beside')
    expect(told).toMatchObject({ echoed: 'through', page: 200 })
    expect(told).not.toHaveProperty('notSplicing')
  },
)
