/**
 * The default admin address: where a process listens if its config does not say, and where the command looks
 * for it. Each process has one socket, in a folder into which only its owner can put files. Entering the
 * folder helps nobody, because only the owner may open the socket.
 */
import { lstatSync, mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UnixAddress } from '../address.js'

const SOCKET = /^(\d+)\.sock$/
const OWNER_ONLY = 0o700
const WRITABLE_BY_OTHERS = 0o022
/** systemd makes this folder for a service with `RuntimeDirectory=millrace`, whatever the service's user. */
const SYSTEM_FOLDER = '/run/millrace'
const ROOT = 0

export interface FoundSocket {
  readonly pid: number
  readonly address: UnixAddress
}

/** Makes the folder if it is missing. Returns a reason if there can be no such socket, or no safe one. */
export function defaultAdminAddress(env: NodeJS.ProcessEnv, pid = process.pid): UnixAddress | string {
  const uid = process.getuid?.()
  if (uid === undefined) return 'this platform has no user ids'
  const reasons: string[] = []
  for (const folder of foldersToServeIn(env, uid)) {
    const reason = whyNotMade(folder) ?? whyNotSafe(folder, uid)
    if (reason === undefined) return { kind: 'unix', path: join(folder, `${pid}.sock`) }
    reasons.push(`${folder} ${reason}`)
  }
  return reasons.join(', ')
}

/**
 * The sockets of processes that answer, by process id. Removes the files that dead processes have left
 * behind.
 */
export async function findAdminSockets(env: NodeJS.ProcessEnv): Promise<FoundSocket[]> {
  const all = safeFolders(env).flatMap(socketsIn)
  const answers = await Promise.all(all.map(({ address }) => whatAnswers(address.path)))
  for (const [index, answer] of answers.entries()) {
    if (answer === 'ECONNREFUSED') rmSync(all[index]!.address.path, { force: true })
  }
  return oncePerSocket(all.filter((_, index) => answers[index] === 'somebody').sort((a, b) => a.pid - b.pid))
}

/**
 * During an upgrade one socket has a name for each process, and all names lead to the same one. The name with the highest process id is
 * taken: both are the same file, so nothing says which name is newer.
 */
function oncePerSocket(found: readonly FoundSocket[]): FoundSocket[] {
  const files = found.map(({ address }) => fileAt(address.path))
  return found.filter((_, index) => files[index] !== undefined && files.lastIndexOf(files[index]) === index)
}

/** The number of a file is unique only within its file system. Undefined: it is gone. */
function fileAt(path: string): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  return stats && `${stats.dev} ${stats.ino}`
}

/** A process takes the first of these that it can use. */
export const foldersToServeIn = (env: NodeJS.ProcessEnv, uid: number): string[] => [
  ...namedBy(env),
  SYSTEM_FOLDER,
  join(tmpdir(), `millrace-${uid}`),
]

/**
 * All folders that a process of this user may have chosen. A service has another environment than the shell
 * of the person who looks for it.
 */
export const foldersToSearch = (env: NodeJS.ProcessEnv, uid: number): string[] => [
  ...foldersToServeIn(env, uid),
  ...namedBy({ XDG_RUNTIME_DIR: `/run/user/${uid}` }),
]

function safeFolders(env: NodeJS.ProcessEnv): string[] {
  const uid = process.getuid?.()
  if (uid === undefined) return []
  const safe = foldersToSearch(env, uid).filter((folder) => {
    const mayBeOfOthers = uid === ROOT && folder === SYSTEM_FOLDER
    return whyNotSafe(folder, mayBeOfOthers ? undefined : uid) === undefined
  })
  return [...new Set(safe.map((folder) => realpathSync(folder)))]
}

const namedBy = ({ XDG_RUNTIME_DIR: folder }: NodeJS.ProcessEnv): string[] =>
  folder?.startsWith('/') ? [join(folder, 'millrace')] : []

function whyNotMade(folder: string): string | undefined {
  try {
    mkdirSync(folder, { mode: OWNER_ONLY, recursive: true })
    return undefined
  } catch (error) {
    return `cannot be created (${(error as NodeJS.ErrnoException).code})`
  }
}

/**
 * In a folder that everybody can write to, such as /tmp, somebody else may have made this one, to get our
 * sockets into it.
 */
function whyNotSafe(folder: string, owner: number | undefined): string | undefined {
  const stats = lstatSync(folder, { throwIfNoEntry: false })
  if (!stats?.isDirectory()) return 'is not a folder'
  if (owner !== undefined && stats.uid !== owner) return `belongs to user ${stats.uid}`
  return (stats.mode & WRITABLE_BY_OTHERS) === 0 ? undefined : 'is writable by others'
}

function socketsIn(folder: string): FoundSocket[] {
  return readdirSync(folder).flatMap((name): FoundSocket[] => {
    const pid = SOCKET.exec(name)?.[1]
    return pid === undefined
      ? []
      : [{ pid: Number(pid), address: { kind: 'unix', path: join(folder, name) } }]
  })
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
