/**
 * Where a process is reached whose config says nothing of it, and where the command looks for it: one socket per
 * process, in a folder that nobody but its owner may put anything into. Entering it helps nobody: the socket itself is
 * its owner's alone.
 */
import { lstatSync, mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UnixAddress } from '../address.js'

const SOCKET = /^(\d+)\.sock$/
const OWNER_ONLY = 0o700
const WRITABLE_BY_OTHERS = 0o022
/** systemd makes it for a service that says `RuntimeDirectory=millrace`, of whatever user. */
const SYSTEM_FOLDER = '/run/millrace'
const ROOT = 0

export interface FoundSocket {
  readonly pid: number
  readonly address: UnixAddress
}

/** Makes the folder where there is none. Where there can be no such socket, or none that is safe: why. */
export function defaultAdminAddress(env: NodeJS.ProcessEnv, pid = process.pid): UnixAddress | string {
  const uid = process.getuid?.()
  if (uid === undefined) return 'users have no numbers here'
  const reasons: string[] = []
  for (const folder of foldersToServeIn(env, uid)) {
    const reason = whyNotMade(folder) ?? whyNotSafe(folder, uid)
    if (reason === undefined) return { kind: 'unix', path: join(folder, `${pid}.sock`) }
    reasons.push(`${folder} ${reason}`)
  }
  return reasons.join(', ')
}

/** Of processes that answer, by their number. What others have left behind is removed. */
export async function findAdminSockets(env: NodeJS.ProcessEnv): Promise<FoundSocket[]> {
  const all = safeFolders(env).flatMap(socketsIn)
  const answers = await Promise.all(all.map(({ address }) => whatAnswers(address.path)))
  for (const [index, answer] of answers.entries()) {
    if (answer === 'ECONNREFUSED') rmSync(all[index]!.address.path, { force: true })
  }
  return all.filter((_, index) => answers[index] === 'somebody').sort((a, b) => a.pid - b.pid)
}

/** The first that can be had. */
export const foldersToServeIn = (env: NodeJS.ProcessEnv, uid: number): string[] => [
  ...namedBy(env),
  SYSTEM_FOLDER,
  join(tmpdir(), `millrace-${uid}`),
]

/** A service has another environment than the shell of who looks for it: all that any process may have chosen. */
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
    return `cannot be made (${(error as NodeJS.ErrnoException).code})`
  }
}

/** In a folder for everybody anybody may have made this one, to have our sockets in it. */
function whyNotSafe(folder: string, owner: number | undefined): string | undefined {
  const stats = lstatSync(folder, { throwIfNoEntry: false })
  if (!stats?.isDirectory()) return 'is no folder'
  if (owner !== undefined && stats.uid !== owner) return `belongs to user ${stats.uid}`
  return (stats.mode & WRITABLE_BY_OTHERS) === 0 ? undefined : 'can be written to by others'
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
