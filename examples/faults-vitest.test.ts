/**
 * A test of your own code on networks that a seed chooses, with vitest. A seed that fails will fail again, with the same faults.
 *   npx vitest run faults-vitest.test.ts
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { faultyProxy } from 'millrace/faults'
import { afterAll, beforeAll, expect, it } from 'vitest'

const ANSWER = 'one line\n'.repeat(5000)
const server = createServer((socket) => {
  // A reset reaches the server, too. Node ends the process for an error that nobody handles.
  socket.on('error', () => {}).end(ANSWER)
}).listen(0, '127.0.0.1')
beforeAll(() => server.listening || once(server, 'listening'))
afterAll(() => void server.close())

/** The code under test: counts the lines that a server sends. A reset is an error. */
async function countLines(port: number): Promise<number> {
  let text = ''
  for await (const chunk of connect(port, '127.0.0.1')) text += chunk
  return text.split('\n').length - 1
}

const to = () => `127.0.0.1:${(server.address() as AddressInfo).port}`

it.each([1, 2, 3, 4, 5])('counts all lines, however they are cut into segments (seed %i)', async (seed) => {
  await using proxy = await faultyProxy({ to: to(), seed, kinds: ['delay', 'split', 'join'] })
  expect(await countLines(proxy.port), JSON.stringify(proxy.schedule)).toBe(5000)
})

it('fails if the connection is reset, and counts what came if it is closed', async () => {
  const after = { bytes: 900, direction: 'down' } as const
  await using proxy = await faultyProxy({ to: to(), faults: [{ do: 'reset', after }] })
  await expect(countLines(proxy.port)).rejects.toThrow('ECONNRESET')
  proxy.set([{ do: 'close', after }])
  expect(await countLines(proxy.port)).toBe(100)
})
