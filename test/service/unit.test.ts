/** The unit of systemd in packaging/systemd/: what it says is right, and millrace can work within its limits. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { loadNative } from '../../src/io/kernel/native.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { listeningPort, Millrace, runMillrace, writeConfig } from '../support/millrace.js'
import { connectTo } from '../support/peer.js'
import { areMissing, run } from '../support/programs.js'

const UNITS = fileURLToPath(new URL('../../packaging/systemd/', import.meta.url))
const unit = readFileSync(join(UNITS, 'millrace.service'), 'utf8')
const folder = temporaryFolder()
const { native } = loadNative()

test.skipIf(areMissing('systemd-analyze'))('systemd understands every line of the units', async () => {
  const service = join(folder, 'millrace.service')
  const socket = join(folder, 'millrace.socket')
  // It looks for the command.
  writeFileSync(service, unit.replaceAll('/usr/bin/millrace', process.execPath))
  copyFileSync(join(UNITS, 'millrace.socket'), socket)
  const { code, stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', service, socket])
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' })
})

/** The names of all system calls in a group such as @system-service, and in the groups inside it. */
async function systemCallsOf(group: string): Promise<Set<string>> {
  const { stdout } = await run('systemd-analyze', ['syscall-filter', '--no-pager'])
  const groups = new Map(
    Array.from(stdout.matchAll(/^(@\S+)\n((?: .*\n)*)/gm), ([, name, lines]) => [
      name!,
      lines!.split('\n').flatMap((line) => /^ +([^#\s]\S*)$/.exec(line)?.[1] ?? []),
    ]),
  )
  const expand = (name: string): string[] =>
    name.startsWith('@') ? (groups.get(name) ?? []).flatMap(expand) : [name]
  return new Set(expand(group))
}

test.skipIf(native === undefined || areMissing('systemd-analyze', 'strace'))(
  'the filter of the unit allows every system call of two workers that splice, reload and write a log file',
  async () => {
    const allowed = await systemCallsOf(/^SystemCallFilter=(\S+)$/m.exec(unit)![1]!)
    expect(allowed.size).toBeGreaterThan(200)
    const backend = (await Backend.listen()).echo()
    const [trace, admin] = [join(folder, 'trace'), `unix:${join(folder, 'admin')}`]
    const file = writeConfig(folder, {
      workers: 2,
      splice: 'on',
      listeners: [{ address: '127.0.0.1:0', cluster: 'only' }],
      clusters: { only: { backends: [backend.address] } },
      limits: { perSource: { maxConnections: 100 } },
      admin,
    })
    const millrace = new Millrace(['--config', file], { through: ['strace', '-f', '-qq', '-o', trace] })
    const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: await listeningPort(millrace) })
    await millrace.logged(({ msg }) => msg.startsWith('admin on'))
    client.send(Buffer.alloc(1_000_000))
    client.end()
    await client.ended
    for (const verb of ['status', 'reload']) {
      expect(await runMillrace([verb, '--admin', admin])).toMatchObject({ code: 0 })
    }
    const { pid } = await millrace.logged(({ msg }) => msg === 'config reloaded')
    process.kill(pid, 'SIGTERM')
    expect(await millrace.program.exited).toEqual({ code: 0, signal: null })
    const called = new Set(
      Array.from(readFileSync(trace, 'utf8').matchAll(/^\d+ +(\w+)\(/gm), ([, name]) => name!),
    )
    // V8 asks for protection keys, and does without.
    expect([...called].filter((name) => !allowed.has(name) && name !== 'pkey_alloc')).toEqual([])
    expect([...called]).toEqual(expect.arrayContaining(['splice', 'pipe2', 'epoll_ctl', 'memfd_create']))
    await backend.close()
  },
)
