/** The examples of servers, with the clients that they are for. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { startNginx } from '../support/nginx.js'
import { areMissing, Program, run } from '../support/programs.js'

/** Starts an example. Resolves with it and with its port. */
async function start(name: string, args: readonly string[], env: Record<string, string> = {}) {
  const path = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))
  const program = new Program(process.execPath, [path, ...args], { env: { PORT: '0', ...env } })
  const [, port] = await program.seen(() => / on 127\.0\.0\.1:(\d+)\n/.exec(program.stdout))
  return { program, port: port! }
}

describe.skipIf(areMissing('curl', 'nginx', 'openssl'))('examples of servers', () => {
  const folder = temporaryFolder()

  it('connect-server.mjs lets its user reach its hosts, and nobody else anything', async () => {
    const pair = await selfSigned(folder)
    writeFileSync(join(folder, 'file'), 'hello')
    const nginxPort = await startNginx(folder, pair)
    const env = { PROXY_USER: 'ci', PROXY_PASSWORD: 's3cret', NETWORKS: '127.0.0.0/8,::1' }
    const { program, port } = await start('connect-server.mjs', ['localhost'], env)
    const curl = (user: string, host: string) =>
      run('curl', [
        '-sS',
        '-x',
        `http://${user}@127.0.0.1:${port}`,
        '--cacert',
        pair.cert,
        `https://${host}:${nginxPort}/file`,
      ])
    expect(await curl('ci:s3cret', 'localhost')).toMatchObject({ code: 0, stdout: 'hello' })
    expect((await curl('ci:s3cret', '127.0.0.1')).stderr).toContain('403')
    expect((await curl('ci:wrong', 'localhost')).stderr).toContain('407')
    await program.seen(() => program.stdout.includes('"outcome":"served"'))
  })

  it('socks-server.mjs leads its users into its networks, and nobody else', async () => {
    const web = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1')
    onTestFinished(() => void web.close())
    await new Promise((resolve) => web.once('listening', resolve))
    const { port: webPort } = web.address() as { port: number }
    const { program, port } = await start('socks-server.mjs', ['127.0.0.0/8'], { USERS: 'ada:s3cret' })
    const curl = (user: string, host: string) =>
      run('curl', ['-sS', '--socks5-hostname', `${user}@127.0.0.1:${port}`, `http://${host}:${webPort}/`])
    expect(await curl('ada:s3cret', '127.0.0.1')).toMatchObject({ code: 0, stdout: 'hello' })
    expect(await curl('ada:s3cret', '10.0.0.1')).toMatchObject({ code: 97, stdout: '' })
    expect(await curl('ada:wrong', '127.0.0.1')).toMatchObject({ code: 97, stdout: '' })
    expect(await curl('eve:undefined', '127.0.0.1')).toMatchObject({ code: 97, stdout: '' })
    await program.seen(() => program.stdout.includes('10.0.0.1 is a private address'))
  })
})

it('websocket-gateway.mjs leads a WebSocket to the server of its room, and answers 401 and 404 to others', async () => {
  const room = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  room.on('connection', (socket) => socket.send('welcome'))
  onTestFinished(() => void room.close())
  await once(room, 'listening')
  const address = `127.0.0.1:${(room.address() as AddressInfo).port}`
  const { program, port } = await start('websocket-gateway.mjs', [`lobby=${address}`], { TOKEN: 's3cret' })
  const open = (path: string) => new WebSocket(`ws://127.0.0.1:${port}${path}`)
  const refused = async (path: string) => ((await once(open(path), 'error')) as [Error])[0].message
  const socket = open('/lobby?token=s3cret')
  expect(String((await once(socket, 'message'))[0])).toBe('welcome')
  expect(await refused('/lobby?token=wrong')).toBe('Unexpected server response: 401')
  expect(await refused('/garden?token=s3cret')).toBe('Unexpected server response: 404')
  program.child.kill('SIGTERM')
  await once(socket, 'close')
  expect(await program.exited).toEqual({ code: 0, signal: null })
})
