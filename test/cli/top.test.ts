/** `millrace top` on a terminal: it shows clients, outlives the proxy, and leaves the terminal as it was. */
import { describe, expect, it } from 'vitest'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { CLI, startWith } from '../support/millrace.js'
import { connectTo } from '../support/peer.js'
import { areMissing, Program } from '../support/programs.js'

const ALTERNATE_SCREEN = '\x1b[?1049h'
const ORDINARY_SCREEN = '\x1b[?1049l'

describe.skipIf(areMissing('script'))('top on a terminal', () => {
  const folder = temporaryFolder()

  it.each([
    ['q', 'q'],
    ['Ctrl-C', '\x03'],
  ])(
    '`millrace top` shows clients, goes on when the proxy ends, and restores the terminal on %s',
    async (_, key) => {
      const backend = (await Backend.listen()).echo()
      const admin = `unix:${folder}/admin.sock`
      const config = {
        listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back' }],
        clusters: { back: { backends: [backend.address] } },
        admin,
      }
      const { millrace, ports } = await startWith(folder, config, { splice: 'auto', native: undefined })
      await millrace.logged(({ msg }) => msg.startsWith('admin on'))
      const command = `stty rows 30 cols 120; "${process.execPath}" "${CLI}" top --admin ${admin}`
      const top = new Program('script', ['-qec', command, '/dev/null'])
      await top.seen(() => top.stdout.includes('front'))
      const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: ports.front! })
      const from = `127.0.0.1:${(client.socket.address() as { port: number }).port}`
      await top.seen(() => top.stdout.includes(from))
      await millrace.program.kill()
      await top.seen(() => top.stdout.includes(`(gone, retrying ${admin})`))
      top.child.stdin.write(key)
      expect(await top.exited).toEqual({ code: 0, signal: null })
      expect(top.stdout.startsWith(ALTERNATE_SCREEN)).toBe(true)
      expect(top.stdout.trimEnd().endsWith(ORDINARY_SCREEN)).toBe(true)
      client.socket.destroy()
      await backend.close()
    },
  )
})
