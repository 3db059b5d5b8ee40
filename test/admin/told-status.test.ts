/**
 * The status after a reload has removed things and after a worker has died, and the data of events, checked against the
 * document at /openapi.json. Both with one process and with two workers.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterEach, describe, expect, it } from 'vitest'
import type { ProxyStatus } from '../../src/observe/status.js'
import { temporaryFolder } from '../support/folder.js'
import { WorkersRig } from '../workers/rig.js'

const folder = temporaryFolder()
let rig: WorkersRig
afterEach(() => rig.end())

const ajv = addFormats.default(new Ajv2020({ strict: true, allErrors: true, strictTypes: false }))

/** Validates the answer to a GET of this path by the document. */
async function answerOf(path: string): Promise<ValidateFunction> {
  const { paths } = JSON.parse((await rig.get('/openapi.json')).text)
  return ajv.compile(paths[path].get.responses['200'].content['application/json'].schema)
}

function expectValid(validate: ValidateFunction, value: unknown): void {
  expect(validate(value), ajv.errorsText(validate.errors)).toBe(true)
}

async function firstEvent(): Promise<{ status: ProxyStatus; connections: readonly object[] }> {
  const stream = await rig.admin.listen('/api/v1/events')
  let text = ''
  for await (const chunk of stream) {
    text += String(chunk)
    if (text.includes('\n\n')) break
  }
  return JSON.parse(/^data: (.*)$/m.exec(text)![1]!)
}

describe.each([1, 2])('the status with %d workers', (workers) => {
  it('the status matches the OpenAPI document while a removed listener has a client, and after that', async () => {
    rig = await WorkersRig.start(folder, { workers })
    const isStatus = await answerOf('/api/v1/status')
    const client = await rig.join()
    await rig.reload({
      workers,
      listeners: [{ name: 'other', address: '127.0.0.1:0', cluster: 'b' }],
      clusters: { b: { backends: [rig.backends[1]!.address] } },
    })
    const leaving = await rig.statusWhen(({ listeners }) => listeners.some(({ isLeaving }) => isLeaving))
    expectValid(isStatus, leaving)
    client.socket.destroy()
    const gone = await rig.statusWhen(({ pastListeners }) => pastListeners.length > 0)
    expectValid(isStatus, gone)
    expect(gone).toMatchObject({
      pastListeners: [{ name: 'front', accepted: 1, ended: 1 }],
      pastClusters: [{ name: 'a', ended: 1, pastBackends: [{ connections: 1 }] }],
    })
  })

  it('an event matches the schemas of the OpenAPI document for the status and the connections', async () => {
    rig = await WorkersRig.start(folder, { workers })
    await rig.join()
    const { status, connections } = await firstEvent()
    expectValid(await answerOf('/api/v1/status'), status)
    expect(connections).toHaveLength(1)
    expectValid(await answerOf('/api/v1/connections'), { matched: 1, connections })
  })
})

it('the status keeps the counts of a worker that died, and matches the OpenAPI document', async () => {
  rig = await WorkersRig.start(folder)
  const isStatus = await answerOf('/api/v1/status')
  for (let i = 0; i < 10; i++) await rig.join()
  const { processes } = await rig.status()
  await rig.killOne(processes[0]!.pid)
  const after = await rig.statusWhen(({ workerDeaths }) => workerDeaths === 1)
  expectValid(isStatus, after)
  expect(after).toMatchObject({ listeners: [{ accepted: 10 }] })
})
