/** The example with a port for each tunnel runs unchanged. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { Program } from '../support/programs.js'

it('tunnel-ports.mjs opens a port for a backend, counts its bytes and closes it', async () => {
  const backend = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
  await once(backend, 'listening')
  const path = fileURLToPath(new URL('../../examples/tunnel-ports.mjs', import.meta.url))
  const program = new Program(process.execPath, [path], { env: { PORT: '0' } })
  const [, port] = await program.seen(() => /tunnels on (\d+)\n/.exec(program.stdout))
  const ask = async (method: string, name: string, body?: string): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${port}/${name}`, {
      method,
      ...(body !== undefined && { body }),
    })
    return (await response.text()).trim()
  }
  const answer = await ask('POST', '', `127.0.0.1:${(backend.address() as AddressInfo).port}`)
  const [name, address] = answer.split(' ') as [string, string]
  const client = connect(Number(address.split(':')[1]), '127.0.0.1')
  client.end('through')
  expect(Buffer.concat(await client.toArray()).toString()).toBe('through')
  await program.seen(() => program.stdout.includes(`${name} 14 bytes\n`))
  expect(await ask('DELETE', name)).toBe('closed')
  expect(await ask('DELETE', name)).toBe('no such tunnel')
  backend.close()
})
