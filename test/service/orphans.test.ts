/** Processes that PID 1 of a container has to reap. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { loadNative } from '../../src/io/kernel/native.js'
import { Orphans } from '../../src/service/orphans.js'
import { temporaryFolder } from '../support/folder.js'
import { CLI, writeConfig } from '../support/millrace.js'
import { areMissing, cannotTest, run } from '../support/programs.js'

const folder = temporaryFolder()
const { native } = loadNative()

describe('Orphans', () => {
  let dead: number[]
  let reaped: number[]
  const calls = {
    deadChild: () => dead[0] ?? 0,
    reapChild: (pid: number) => {
      reaped.push(pid)
      dead = dead.filter((each) => each !== pid)
      return pid
    },
  }
  beforeEach(() => {
    vi.useFakeTimers()
    dead = []
    reaped = []
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('all processes that have ended are reaped, except those that millrace has started', () => {
    dead = [7, 8, 9]
    const orphans = new Orphans(calls, (pid) => pid === 9)
    orphans.reap()
    expect(reaped).toEqual([7, 8])
  })

  test('an orphan behind a process of millrace is reaped when libuv has reaped that one', () => {
    dead = [7, 8]
    new Orphans(calls, (pid) => pid === 7).reap()
    expect(reaped).toEqual([])
    dead = [8]
    vi.advanceTimersByTime(1000)
    expect(reaped).toEqual([8])
  })

  test('an error of the system ends the attempt', () => {
    dead = [7]
    new Orphans({ ...calls, reapChild: () => -10 }, () => false).reap()
    expect(reaped).toEqual([])
  })
})

/** Whether this machine lets a test have a pid namespace of its own. */
const hasNamespaces = async (): Promise<boolean> =>
  (await run('unshare', ['--pid', '--fork', '--mount-proc', 'true'])).code === 0 ||
  !cannotTest('this process may not make a pid namespace')

describe.skipIf(native === undefined || areMissing('unshare') || !(await hasNamespaces()))('PID 1', () => {
  test.each([1, 2])(
    'millrace with %i workers as PID 1 leaves no zombie of another process',
    async (workers) => {
      const file = writeConfig(folder, {
        workers,
        listeners: [{ address: '127.0.0.1:0', cluster: 'only' }],
        clusters: { only: { backends: ['127.0.0.1:9'] } },
        admin: `unix:${folder}/admin-${workers}`,
      })
      // The exec makes millrace PID 1. The processes behind & live on, and lose their parent.
      const script = `
      ( ( until [ -S ${folder}/admin-${workers} ]; do sleep 0.02; done
          ( sleep 0.02 & sleep 0.02 & ) 
          sleep 0.2
          while grep -sq '^State:.Z' /proc/[0-9]*/status; do sleep 0.02; done
          kill -TERM 1 ) & )
      exec "$0" "$1" --config "$2"`
      const args = ['--pid', '--fork', '--mount-proc', 'sh', '-c', script, process.execPath, CLI, file]
      expect(await run('unshare', args)).toMatchObject({ code: 0, stderr: '' })
    },
  )
})
