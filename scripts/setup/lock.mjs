/**
 * Allows one setup of a checkout at a time, because `npm start` and `npm test` may run side by side. The lock
 * is a file with its owner's process id. It is in the temporary folder, because every folder of a checkout
 * may be deleted by a step. A lock whose owner has died counts as free.
 */
import { createHash } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { say } from './command.mjs'

const LOOK_AGAIN_MS = 100

/** Waits for the lock of the checkout at `root`. Returns a function that gives it back. */
export async function takeLock(root) {
  const path = join(
    tmpdir(),
    `millrace-setup-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`,
  )
  const own = `${path}.${process.pid}`
  writeFileSync(own, String(process.pid))
  try {
    // A link appears together with its content. A created file would be empty for a moment.
    for (let hasWaited = false; !linkIfFree(own, path); hasWaited = true) {
      const owner = readOwner(path)
      if (owner !== undefined && isAlive(owner)) {
        if (!hasWaited) say(`waiting for another setup of this folder (process ${owner})`)
        await sleep(LOOK_AGAIN_MS)
      } else {
        rmSync(path, { force: true })
      }
    }
  } finally {
    rmSync(own, { force: true })
  }
  return () => rmSync(path, { force: true })
}

function linkIfFree(own, path) {
  try {
    linkSync(own, path)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function readOwner(path) {
  try {
    return Number(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Signal 0 only asks. EPERM means that the process exists and belongs to another user. */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
