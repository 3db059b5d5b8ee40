/** A real PostgreSQL server of Debian's package, in its own folder. It runs as a user that is not root. */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { freePort, listeningOn, Program, run } from './programs.js'

const VERSIONS = '/usr/lib/postgresql'
/** The user that the package creates. It may log in, and is not root. */
export const USER = 'postgres'

/** The folder of the newest server's programs. Undefined if none is installed. */
export function postgresPrograms(): string | undefined {
  if (!existsSync(VERSIONS)) return undefined
  const newest = readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a))[0]
  const folder = join(VERSIONS, newest ?? 'none', 'bin')
  return existsSync(join(folder, 'postgres')) ? folder : undefined
}

export interface PostgresOptions {
  /** PEM files. With them the server offers TLS. Default: none. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  /** How the server authenticates clients. Default: it trusts them. */
  readonly auth?: 'trust' | 'scram-sha-256'
  /** A server on this port that trusts clients. The new server is its standby. Default: it is a primary. */
  readonly standbyOf?: number
}

/** The password of `postgres`, if the server asks for one. */
export const PASSWORD = 'secret'

export interface Postgres {
  readonly port: number
  /** Stops the server in order. A killed one would leave shared memory behind. */
  stop(): Promise<void>
  /** Stops it in order and starts it again. Resolves when it takes connections. */
  restart(): Promise<void>
}

/** Starts a server in `folder`, which must not exist. */
export async function startPostgres(
  folder: string,
  { tls, auth = 'trust', standbyOf }: PostgresOptions = {},
): Promise<Postgres> {
  const programs = postgresPrograms()!
  const isRoot = process.getuid?.() === 0
  const [uid, gid] = isRoot ? await idsOf(USER) : [undefined, undefined]
  const own = (path: string): void => {
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
  }
  mkdirSync(folder, { mode: 0o700 })
  own(folder)
  const as = (name: string, args: readonly string[]): [string, string[]] =>
    isRoot
      ? ['setpriv', [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', join(programs, name), ...args]]
      : [join(programs, name), [...args]]
  const data = join(folder, 'data')
  const password = join(folder, 'password')
  writeFileSync(password, PASSWORD)
  own(password)
  const init = [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    auth,
    '--pwfile',
    password,
    '--no-sync',
    '-E',
    'UTF8',
    '--locale=C',
  ]
  const copy = [
    '-D',
    data,
    '-U',
    'postgres',
    '-h',
    '127.0.0.1',
    '-p',
    String(standbyOf),
    '-R',
    '-c',
    'fast',
    '--no-sync',
  ]
  const make = standbyOf === undefined ? as('initdb', init) : as('pg_basebackup', copy)
  const { code, stderr } = await run(...make, { cwd: folder })
  if (code !== 0) throw new Error(`${make.join(' ')}: ${stderr}`)
  const settings = [
    'fsync=off',
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=`,
    'max_connections=20',
  ]
  if (tls !== undefined) {
    settings.push('ssl=on', `ssl_cert_file=${copyTo(folder, tls.cert, 'cert.pem', own)}`)
    settings.push(`ssl_key_file=${copyTo(folder, tls.key, 'key.pem', own)}`)
  }
  const port = await freePort()
  const options = settings.flatMap((setting) => ['-c', setting])
  const begin = async (): Promise<Program> => {
    const program = new Program(...as('postgres', ['-D', data, '-p', String(port), ...options]), {
      cwd: folder,
    })
    await program.seen(() => /ready to accept (read-only )?connections/.test(program.stderr))
    await listeningOn(port, program)
    return program
  }
  let server = await begin()
  const stop = async (): Promise<void> => {
    server.child.kill('SIGINT')
    await server.exited
  }
  const restart = async (): Promise<void> => {
    await stop()
    server = await begin()
  }
  return { port, stop, restart }
}

/** Copies a file. The server must own its key, and no other user may read it. */
function copyTo(folder: string, from: string, name: string, own: (path: string) => void): string {
  const path = join(folder, name)
  copyFileSync(from, path)
  chmodSync(path, 0o600)
  own(path)
  return path
}

export async function idsOf(user: string): Promise<[number, number]> {
  const { stdout } = await run('id', ['-u', user])
  const { stdout: group } = await run('id', ['-g', user])
  return [Number(stdout), Number(group)]
}
