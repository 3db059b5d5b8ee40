/** TLS session tickets of several workers: a client resumes its session at any worker. */
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { areMissing, Program, run } from '../support/programs.js'
import { bothServe, WorkersRig } from './rig.js'

const HOURS = new URL('../support/hours.mjs', import.meta.url)

describe.skipIf(areMissing('openssl')).each([
  ['with the addon', undefined],
  ['with native off', 'off'],
] as const)('session tickets of two workers, %s', (_, native) => {
  const folder = temporaryFolder()
  const session = join(folder, 'session')
  let pair: { cert: string; key: string }
  let rig: WorkersRig

  beforeAll(async () => {
    pair = await selfSigned(folder)
  })
  afterEach(() => rig.end())

  const start = async () => {
    process.env.NODE_OPTIONS = `--import=${HOURS}`
    const listeners = [{ name: 'front', address: '127.0.0.1:0', cluster: 'a', tls: pair }]
    rig = await WorkersRig.start(folder, { listeners }, native)
    delete process.env.NODE_OPTIONS
  }

  /** Connects by openssl s_client. `more` are further arguments. */
  const connect = (version: string, ...more: string[]): Program =>
    new Program('openssl', ['s_client', '-connect', `127.0.0.1:${rig.port}`, `-${version}`, ...more])

  const getTicket = async (version: string): Promise<void> => {
    const client = connect(version, '-sess_out', session)
    client.child.stdin.write('hello\n')
    await client.seen(() => client.stdout.includes('hello'))
    client.child.stdin.end()
    await client.exited
  }

  /** Whether the ticket worked, and the process of the worker. */
  const resume = async (version: string): Promise<{ isReused: boolean; pid: number }> => {
    const before = rig.millrace.lines.filter(({ msg }) => msg === 'connection').length
    const args = ['s_client', '-connect', `127.0.0.1:${rig.port}`, `-${version}`, '-sess_in', session]
    const { stdout } = await run('openssl', args)
    expect(stdout).toMatch(/^(Reused|New), TLSv/m)
    const records = await rig.millrace.program.seen(() => {
      const all = rig.millrace.lines.filter(({ msg }) => msg === 'connection')
      return all.length > before && all
    })
    return { isReused: stdout.includes('Reused, TLSv'), pid: records.at(-1)!.pid }
  }

  /** Connects until both workers have answered. */
  const resumeEverywhere = async (version: string): Promise<boolean[]> => {
    const pids = new Set<number>()
    const results: boolean[] = []
    while (pids.size < 2) {
      const { isReused, pid } = await resume(version)
      pids.add(pid)
      results.push(isReused)
    }
    return [...new Set(results)]
  }

  const letAnHourPass = async (): Promise<void> => {
    const { program } = rig.millrace
    const told = (): number => program.stderr.split('an hour has passed').length
    const before = told()
    program.child.kill('SIGWINCH')
    await program.seen(() => told() > before)
    // Workers read messages in order. So they have the new keys when they have answered this.
    await rig.status()
  }

  it.each(['tls1_2', 'tls1_3'])(
    'a session ticket works at both workers, and at one that starts later: %s',
    async (version) => {
      await start()
      await getTicket(version)
      expect(await resumeEverywhere(version)).toEqual([true])
      await rig.killOne()
      await rig.statusWhen((status) => bothServe(status) && status.workerDeaths === 1)
      expect(await resumeEverywhere(version)).toEqual([true])
    },
  )

  it('a session ticket works for two rotations of the keys after its own, and not longer', async () => {
    await start()
    await getTicket('tls1_3')
    await letAnHourPass()
    await letAnHourPass()
    expect(await resumeEverywhere('tls1_3')).toEqual([true])
    await letAnHourPass()
    expect(await resumeEverywhere('tls1_3')).toEqual([false])
  })
})
