/** The bundle that users start and import, and the library in the bundle of a program, far from its package and beside it. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
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
    buildSync({ stdin, bundle: true, platform: 'node', format: 'esm', outfile: join(folder, file) })
  }
  mkdirSync(join(folder, 'beside/node_modules'))
  symlinkSync(ROOT, join(folder, 'beside/node_modules/millrace'))
})

/** The modules that these files of the bundle or of dist import, those of Node left out. */
function importedBy(texts: readonly string[]): string[] {
  const names = texts.flatMap((text) => [
    ...text.matchAll(/(?:\bfrom |\bimport\(|^import )["']([^"'\n]+)["']/gm),
  ])
  const isOutside = (name: string): boolean => !/^(\.|node:)/.test(name) && !builtinModules.includes(name)
  return [...new Set(names.map(([, name = '']) => name).filter(isOutside))]
}

it('the bundle imports no package: what most starts load is in it, and so are the licenses', () => {
  const files = readdirSync(join(ROOT, 'bundle'))
  const read = (name: string): string => readFileSync(join(ROOT, 'bundle', name), 'utf8')
  expect(importedBy(files.filter((name) => name.endsWith('.js')).map(read))).toEqual([])
  expect(read('LICENSES.txt')).toMatch(/^package: zod \S+ \(MIT\)$/m)
})

it('zod is imported as `* as z`, so the bundle has only its English sentences, and not those of 40 languages', () => {
  const texts = readdirSync(join(ROOT, 'bundle')).map((name) =>
    readFileSync(join(ROOT, 'bundle', name), 'utf8'),
  )
  expect(texts.flatMap((text) => text.match(/zod\/v4\/locales\/\w+/g) ?? [])).toEqual(['zod/v4/locales/en'])
})

it('a program in TypeScript needs no package and no new compiler for the types of the library', () => {
  const files = new Set(['dist/index.d.ts', 'dist/index-pipe.d.ts', 'dist/faults/faults.d.ts'])
  const texts = []
  for (const file of files) {
    const text = readFileSync(join(ROOT, file), 'utf8')
    texts.push(text)
    for (const [, name = ''] of text.matchAll(/(?:\bfrom |\bimport\()["'](\.[^"'\n]+)\.js["']/g))
      files.add(join(dirname(file), `${name}.d.ts`))
  }
  expect(importedBy(texts)).toEqual([])
  // Before TypeScript 5.7, the types of Node have no such parameter.
  expect(texts.flatMap((text) => text.match(/\b(?:Buffer|Uint8Array)<\w+/g) ?? [])).toEqual([])
})

it('millrace/pipe is the pipe of the library, without zod, pino and all that a proxy is made of', async () => {
  const program = `
    const small = await import('millrace/pipe')
    const { pipe, MillraceError } = await import('millrace')
    console.log(JSON.stringify([small.pipe === pipe, small.MillraceError === MillraceError]))
  `
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
    cwd: join(folder, 'beside'),
  })
  expect(JSON.parse(stdout)).toEqual([true, true])
  const { metafile } = buildSync({
    ...{ entryPoints: ['bundle/index-pipe.js'], absWorkingDir: ROOT, outdir: folder },
    ...{ bundle: true, platform: 'node', format: 'esm', write: false, metafile: true },
  })
  const texts = Object.keys(metafile.inputs).map((path) => readFileSync(join(ROOT, path), 'utf8'))
  expect(texts.join('')).toContain('// dist/pipe/join.js')
  expect(texts.join('')).not.toMatch(
    /^\/\/ (?:node_modules|dist\/(?:config|proxy|observe|cluster|connection))\//m,
  )
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
