/** Where the processes of a successor take live connections over: unix sockets in a folder that only this user can enter. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Succession } from './succession.js'

export interface PrivateFolder {
  readonly path: string
  remove(): void
}

function makePrivateFolder(): PrivateFolder {
  const path = mkdtempSync(join(tmpdir(), 'millrace-'))
  const removeNow = (): void => rmSync(path, { recursive: true, force: true })
  process.once('exit', removeNow)
  const remove = (): void => {
    process.off('exit', removeNow)
    removeNow()
  }
  return { path, remove }
}

/** Returns the paths of the sockets. The folder exists until the predecessor is gone, or until this process ends. */
export async function takeConnections(
  succession: Succession,
  predecessorGone: Promise<void>,
  makeFolder = makePrivateFolder,
): Promise<readonly string[]> {
  const { config, log } = succession
  if (config.handOver === false) return []
  try {
    const folder = makeFolder()
    void predecessorGone
      .then(() => succession.stopTaking())
      .finally(() => folder.remove())
      .catch((err: unknown) => log.warn({ err }, 'a worker still waits for live connections'))
    return await succession.takeConnections(folder.path)
  } catch (err) {
    log.warn({ err }, 'live connections stay in the old process')
    return []
  }
}

/** Gives live connections to the processes of the successor. Those that cannot move go on here. */
export async function giveConnections(succession: Succession, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return
  const { log } = succession
  try {
    const handedOver = await succession.giveConnections(paths)
    if (handedOver > 0) log.info({ handedOver }, 'live connections go on in the new process')
  } catch (err) {
    log.warn({ err }, 'the hand-over of live connections did not come to its end')
  }
}
