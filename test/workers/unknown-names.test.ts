/** An unknown name gets the same sentence from the library, and from the API of one process and of several. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminClient } from '../../src/command/client.js'
import type { DrainOrder } from '../../src/control/orders.js'
import { createProxy } from '../../src/proxy/library-proxy.js'
import type { Proxy } from '../../src/proxy/proxy.js'
import { temporaryFolder } from '../support/folder.js'
import { WorkersRig } from './rig.js'

const LISTENER = 'there is no listener "frnt"; did you mean "front"?'
const CLUSTER = 'there is no cluster "x"; did you mean "a"?'
const BACKEND = 'there is no backend "nowhere.example:65000" in cluster "a"'
const DRAIN = '/api/v1/drain'
const KILL = '/api/v1/connections/kill'
const LIST = '/api/v1/connections'
const NOWHERE = { cluster: 'a', backend: 'nowhere.example:65000' }

const folder = temporaryFolder()
let program: Proxy
let several: WorkersRig
let apis: AdminClient[]

beforeAll(async () => {
  several = await WorkersRig.start(folder)
  const path = join(folder, 'one.sock')
  program = createProxy({ ...several.config(), workers: 1, admin: `unix:${path}`, log: { level: 'silent' } })
  await program.start()
  apis = [several.admin, new AdminClient({ address: { kind: 'unix', path }, token: undefined })]
})
afterAll(async () => {
  await program.stop()
  await several.end()
})

describe('unknown names', () => {
  it.each<[string, string, string, object | undefined]>([
    [LISTENER, 'POST', DRAIN, { listener: 'frnt' }],
    [LISTENER, 'POST', KILL, { listener: 'frnt' }],
    [LISTENER, 'GET', `${LIST}?listener=frnt`, undefined],
    [CLUSTER, 'POST', DRAIN, { cluster: 'x' }],
    [CLUSTER, 'POST', KILL, { cluster: 'x' }],
    [CLUSTER, 'GET', `${LIST}?cluster=x`, undefined],
    [CLUSTER, 'GET', '/api/v1/clusters/x/backends', undefined],
    [CLUSTER, 'PATCH', '/api/v1/clusters/x/backends/y:1', { state: 'up' }],
    [BACKEND, 'POST', DRAIN, NOWHERE],
    [BACKEND, 'POST', KILL, NOWHERE],
    [BACKEND, 'GET', `${LIST}?cluster=a&backend=nowhere.example:65000`, undefined],
    [BACKEND, 'PATCH', '/api/v1/clusters/a/backends/nowhere.example:65000', { state: 'up' }],
  ])(
    'the API of one process and that of several answer an unknown name alike: %s (%s %s)',
    async (sentence, method, path, body) => {
      for (const api of apis) {
        const problem = { status: 404, code: 'unknown-name', detail: sentence }
        await expect(api.ask(method, path, body)).rejects.toMatchObject({ message: sentence, cause: problem })
      }
    },
  )

  it.each<[string, DrainOrder]>([
    [LISTENER, { listener: 'frnt' }],
    [CLUSTER, { cluster: 'x' }],
    [BACKEND, NOWHERE],
  ])('the library answers an unknown name in the same words: %s', async (sentence, order) => {
    await expect(program.drain(order)).rejects.toMatchObject({ message: sentence, code: 'unknown-name' })
  })
})
