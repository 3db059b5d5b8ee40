/**
 * Where a process is reached whose config says nothing of it, and where the command looks for it: one socket per
 * process, in a folder of its user's that nobody else may enter.
 */
import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UnixAddress } from '../address.js'

const SOCKET = /^(\d+)\.sock$/
const OWNER_ONLY = 0o700
const PERMISSIONS = 0o777

export interface FoundSocket {
  readonly pid: number
  readonly address: UnixAddress
}

/** Makes the folder where there is none. Undefined where there can be no such socket, or none that is safe. */
export function defaultAdminAddress(env: NodeJS.ProcessEnv, pid = process.pid): UnixAddress | undefined {
  const folder = folderOf(env)
  if (folder === undefined) return undefined
  try {
    mkdirSync(folder, { mode: OWNER_ONLY, recursive: true })
    return isOurs(folder) ? { kind: 'unix', path: join(folder, `${pid}.sock`) } : undefined
  } catch {
    return undefined
  }
}

/** Of processes that answer, by their number. What others have left behind is removed. */
export async function findAdminSockets(env: NodeJS.ProcessEnv): Promise<FoundSocket[]> {
  const folder = folderOf(env)
  if (folder === undefined || !isOurs(folder)) return []
  const all = readdirSync(folder).flatMap((name): FoundSocket[] => {
    const pid = SOCKET.exec(name)?.[1]
    return pid === undefined
      ? []
      : [{ pid: Number(pid), address: { kind: 'unix', path: join(folder, name) } }]
  })
  const answers = await Promise.all(all.map(({ address }) => whatAnswers(address.path)))
  for (const [index, answer] of answers.entries()) {
    if (answer === 'ECONNREFUSED') rmSync(all[index]!.address.path, { force: true })
  }
  return all.filter((_, index) => answers[index] === 'somebody').sort((a, b) => a.pid - b.pid)
}

/** Undefined where users have no numbers, and so no sockets that are files. */
function folderOf(env: NodeJS.ProcessEnv): string | undefined {
  const uid = process.getuid?.()
  if (uid === undefined) return undefined
  if (env.XDG_RUNTIME_DIR?.startsWith('/')) return join(env.XDG_RUNTIME_DIR, 'millrace')
  return uid === 0 ? '/run/millrace' : join(tmpdir(), `millrace-${uid}`)
}

/** In a folder for everybody anybody may have made this one, to have our sockets in it. */
function isOurs(folder: string): boolean {
  try {
    const stats = lstatSync(folder)
    return (
      stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & PERMISSIONS) === OWNER_ONLY
    )
  } catch {
    return false
  }
}

function whatAnswers(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.on('connect', () => {
      socket.destroy()
      resolve('somebody')
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
  })
}
