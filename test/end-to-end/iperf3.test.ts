/** iperf3 through the built command: bulk upwards, downwards and both ways at once, with its control connection. */
import { beforeAll, describe, expect, it } from 'vitest'
import { forwardTo, type Millrace } from '../support/millrace.js'
import { expectBulk, expectSmall, modes } from '../support/modes.js'
import { areMissing, freePort, listeningOn, Program, run } from '../support/programs.js'

const BYTES = 192 * 1024 * 1024
/** The receiver stops counting when the control connection says so. Bytes may still be on their way then. */
const COUNTED_BYTES = BYTES * 0.75
/** What each direction moves at least in one second of traffic both ways, on any machine. */
const LEAST_BYTES = 4 * 1024 * 1024
const CONTROL_BYTES = 64 * 1024

interface Report {
  readonly error?: string
  readonly end: { readonly sum_received: { readonly bytes: number } }
}

describe.skipIf(areMissing('iperf3')).each(modes())('iperf3, $name', (mode) => {
  let millrace: Millrace
  let port: number

  beforeAll(async () => {
    const serverPort = await freePort()
    const server = new Program('iperf3', ['--server', '--bind', '127.0.0.1', '--port', String(serverPort)])
    await listeningOn(serverPort, server)
    ;({ millrace, port } = await forwardTo(`127.0.0.1:${serverPort}`, mode))
  })

  /** Runs the client; returns what it transferred, and the records of its connections. */
  async function measure(connections: number, ...flags: string[]) {
    const before = millrace.lines.filter(({ msg }) => msg === 'connection').length
    const args = ['--client', '127.0.0.1', '--port', String(port), '--json', ...flags]
    const { code, stdout } = await run('iperf3', args)
    const report = JSON.parse(stdout) as Report
    expect(report.error).toBeUndefined()
    expect(code).toBe(0)
    const records = (await millrace.records(before + connections)).slice(before)
    const isBulk = (each: (typeof records)[number]) => each.bytesUp + each.bytesDown > CONTROL_BYTES
    const isSmall = (each: (typeof records)[number]) => !isBulk(each)
    const receivedBytes = report.end.sum_received.bytes
    return { receivedBytes, bulk: records.filter(isBulk), small: records.filter(isSmall) }
  }

  it('iperf3 sends to its server through millrace', async () => {
    const { receivedBytes, bulk, small } = await measure(2, '--bytes', String(BYTES))
    expect(receivedBytes).toBeGreaterThan(COUNTED_BYTES)
    expect(bulk).toHaveLength(1)
    expect(bulk[0]!.bytesUp).toBeGreaterThanOrEqual(receivedBytes)
    expectBulk(bulk, mode)
    expectSmall(small, mode)
  })

  it('iperf3 receives from its server through millrace', async () => {
    const { receivedBytes, bulk, small } = await measure(2, '--bytes', String(BYTES), '--reverse')
    expect(receivedBytes).toBeGreaterThan(COUNTED_BYTES)
    expect(bulk).toHaveLength(1)
    expect(bulk[0]!.bytesDown).toBeGreaterThanOrEqual(receivedBytes)
    expectBulk(bulk, mode)
    expectSmall(small, mode)
  })

  it('iperf3 sends and receives through millrace at the same time', async () => {
    const { bulk, small } = await measure(3, '--time', '1', '--bidir')
    expect(bulk).toHaveLength(2)
    expect(Math.max(...bulk.map(({ bytesUp }) => bytesUp))).toBeGreaterThan(LEAST_BYTES)
    expect(Math.max(...bulk.map(({ bytesDown }) => bytesDown))).toBeGreaterThan(LEAST_BYTES)
    expectBulk(bulk, mode)
    expectSmall(small, mode)
  })
})
