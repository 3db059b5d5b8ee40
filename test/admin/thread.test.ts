/** The admin socket of a proxy in a worker thread. A thread cannot set the umask that protects the file. */
import { chmodSync, lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'

const folder = temporaryFolder()
const LIBRARY = new URL('../../bundle/index.js', import.meta.url).href

/** Starts a proxy in a worker thread; returns the mode of its socket, or the error message. */
async function startInThread(path: string): Promise<string> {
  const script = `
    import { lstatSync } from 'node:fs'
    import { parentPort } from 'node:worker_threads'
    import { createProxy } from ${JSON.stringify(LIBRARY)}
    const proxy = createProxy({
      listeners: [{ address: '127.0.0.1:0', cluster: 'back' }],
      clusters: { back: { backends: ['127.0.0.1:1'] } },
      admin: 'unix:${path}',
      log: { level: 'silent' },
    })
    const told = await proxy.start().then(() => (lstatSync('${path}').mode & 0o777).toString(8), (error) => error.message)
    await proxy.stop()
    parentPort.postMessage(told)`
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`))
  const told = await new Promise<string>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  await worker.terminate()
  return told
}

it('a proxy in a worker thread makes its admin socket with mode 600 in a folder of mode 700', async () => {
  mkdirSync(join(folder, 'private'), { mode: 0o700 })
  expect(await startInThread(join(folder, 'private', 'admin.sock'))).toBe('600')
})

it('a proxy in a worker thread refuses an admin socket in a folder of mode 755, and says to chmod it', async () => {
  mkdirSync(join(folder, 'open'))
  chmodSync(join(folder, 'open'), 0o755)
  expect(await startInThread(join(folder, 'open', 'admin.sock'))).toMatch(/^admin: .*chmod 700 .*open/)
  expect(lstatSync(join(folder, 'open', 'admin.sock'), { throwIfNoEntry: false })).toBeUndefined()
})
