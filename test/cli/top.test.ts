/** `millrace top` on a terminal: it shows clients, outlives the proxy, and leaves the terminal as it was. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { CLI, type Millrace, runMillrace, startWith } from '../support/millrace.js'
import { connectTo, type Peer } from '../support/peer.js'
import { areMissing, Program } from '../support/programs.js'

const folder = temporaryFolder()
const admin = `unix:${folder}/admin.sock`
/** Alternate screen, no cursor, no wrapped lines, and the reverse. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l'
const AFTER_A_SCREEN = '\x1b[J'

interface Rig {
  readonly millrace: Millrace
  connect(): Promise<Peer>
  end(): Promise<void>
}

async function start(): Promise<Rig> {
  const backend = (await Backend.listen()).echo()
  const config = {
    listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back' }],
    clusters: { back: { backends: [backend.address] } },
    admin,
  }
  const { millrace, ports } = await startWith(folder, config, { splice: 'auto', native: undefined })
  await millrace.logged(({ msg }) => msg.startsWith('admin on'))
  return {
    millrace,
    connect: async () => await connectTo({ kind: 'tcp', host: '127.0.0.1', port: ports.front! }),
    end: async () => {
      await millrace.program.kill()
      await backend.close()
    },
  }
}

/** `top` on a terminal. The settings of the terminal are printed before and after it, and its exit code at the end. */
function topOnTerminal(): Program {
  const top = `sh -c 'echo $$ > "${folder}/pid"; exec "${process.execPath}" "${CLI}" top --admin ${admin}'`
  const command = `stty rows 30 cols 120; stty -g; ${top}; echo "ended with $?"; stty -g`
  return new Program('script', ['-qec', command, '/dev/null'])
}

/** Everything that `top` wrote, and whether the terminal has its settings of before. */
async function ended(top: Program): Promise<{ written: string; code: string; isAsBefore: boolean }> {
  await top.exited
  const [, before, written = '', code = '', after] =
    /^(\S+)\r*\n([\s\S]*)ended with (\d+)\r*\n(\S+)\r*\n/.exec(top.stdout) ?? []
  return { written, code, isAsBefore: before !== undefined && before === after }
}

/** The last thing before `LEAVE` is a whole screen. */
function expectClean({ written, isAsBefore }: Awaited<ReturnType<typeof ended>>): void {
  expect(written.startsWith(ENTER)).toBe(true)
  expect(written.split(LEAVE)).toHaveLength(2)
  expect(written.endsWith(AFTER_A_SCREEN + LEAVE)).toBe(true)
  expect(isAsBefore).toBe(true)
}

describe.skipIf(areMissing('script', 'stty'))('top on a terminal', () => {
  it('`millrace top` shows clients, goes on when the proxy ends, and leaves a clean terminal on q', async () => {
    const rig = await start()
    const top = topOnTerminal()
    await top.seen(() => top.stdout.includes('front'))
    const client = await rig.connect()
    const from = `127.0.0.1:${(client.socket.address() as { port: number }).port}`
    await top.seen(() => top.stdout.includes(from))
    await rig.millrace.program.kill()
    await top.seen(() => top.stdout.includes(`(gone, retrying ${admin})`))
    top.child.stdin.write('q')
    const end = await ended(top)
    expectClean(end)
    expect(end.code).toBe('0')
    client.socket.destroy()
    await rig.end()
  })

  it('keys change the screen at once, and Ctrl-C, SIGTERM and SIGHUP leave a clean terminal', async () => {
    const rig = await start()
    const ways: readonly ((top: Program) => void)[] = [
      (top) => top.child.stdin.write('\x03'),
      () => process.kill(Number(readFileSync(`${folder}/pid`, 'utf8')), 'SIGTERM'),
      () => process.kill(Number(readFileSync(`${folder}/pid`, 'utf8')), 'SIGHUP'),
    ]
    for (const leave of ways) {
      const top = topOnTerminal()
      await top.seen(() => top.stdout.includes('front'))
      top.child.stdin.write('/nobody')
      await top.seen(() => top.stdout.includes('nothing found in 1 row'))
      leave(top)
      const end = await ended(top)
      expectClean(end)
      expect(end.code).toBe('0')
    }
    await rig.end()
  })

  it('`millrace top` that finds no millrace says so on the ordinary screen and exits with 1', async () => {
    const top = topOnTerminal()
    const { written, code, isAsBefore } = await ended(top)
    expect(written.slice(0, ENTER.length + LEAVE.length)).toBe(ENTER + LEAVE)
    expect(written).toContain('millrace: no millrace answers')
    expect({ code, isAsBefore }).toEqual({ code: '1', isAsBefore: true })
  })
})

describe('top --json', () => {
  it('prints one line of JSON each second, exits with 1 when the proxy ends, and with --once prints one line', async () => {
    const rig = await start()
    const once = await runMillrace(['top', '--json', '--once', '--admin', admin])
    expect(once.code).toBe(0)
    expect(momentsIn(once.stdout)).toHaveLength(1)
    const top = new Program(process.execPath, [CLI, 'top', '--json', '--admin', admin])
    await top.seen(() => top.stdout.split('\n').length > 2)
    await rig.millrace.program.kill()
    expect(await top.exited).toMatchObject({ code: 1 })
    expect(top.stderr).toBe(`millrace: ${admin} has ended its answer\n`)
    const [first, second] = momentsIn(top.stdout)
    expect(first!.status.listeners[0]!.name).toBe('front')
    expect(second!.at).toBeGreaterThan(first!.at)
    expect(momentsIn(top.stdout).at(-1)).toMatchObject({ detail: `${admin} has ended its answer` })
    await rig.end()
  })
})

interface PrintedMoment {
  readonly at: number
  readonly status: { readonly listeners: readonly { readonly name: string }[] }
}

function momentsIn(stdout: string): PrintedMoment[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as PrintedMoment)
}
