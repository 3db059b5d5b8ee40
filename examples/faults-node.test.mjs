/**
 * A test of your own code on a bad network, with `node:test`. The proxy runs in the process of the test.
 *   node --test examples/faults-node.test.mjs
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { faultyProxy } from 'millrace/faults'

const CONTENT = 'millrace '.repeat(10_000)
const server = createServer((_, response) => response.end(CONTENT)).listen(0, '127.0.0.1')
before(() => server.listening || once(server, 'listening'))
after(() => server.close())

/** The code under test: it tries a download a second time. */
async function download(url) {
  const once = async () => (await fetch(url)).text()
  return await once().catch(once)
}

async function through(t, faults) {
  const proxy = await faultyProxy({ to: `127.0.0.1:${server.address().port}`, faults })
  t.after(proxy.close)
  return proxy
}

test('a download that is reset after 1000 bytes is tried again', async (t) => {
  const first = [{ do: 'reset', after: { bytes: 1000, direction: 'down' } }]
  const proxy = await through(t, (_, index) => (index === 0 ? first : []))
  assert.equal(await download(`http://${proxy.address}`), CONTENT)
  assert.deepEqual(
    proxy.connections.map(({ bytesDown }) => bytesDown > 1000),
    [false, true],
  )
})

test('a download waits while the server hangs, and goes on when it answers again', async (t) => {
  const proxy = await through(t, [{ do: 'hang', after: { bytes: 1000, direction: 'down' } }])
  const answer = await fetch(`http://${proxy.address}`)
  proxy.heal()
  assert.equal(await answer.text(), CONTENT)
})

test('a download fails if the server stays away', async (t) => {
  const proxy = await through(t)
  proxy.stopListening()
  await assert.rejects(download(`http://${proxy.address}`), /fetch failed/)
})
