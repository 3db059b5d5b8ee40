/** A real OpenSSH server of Debian's package, in its own folder. It runs as a user that is not root, and lets only this user in. */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { idsOf, USER } from './postgres.js'
import { freePort, listeningOn, Program, run } from './programs.js'

export interface Sshd {
  readonly port: number
  /** The options and the user with which `ssh` logs in at 127.0.0.1. */
  readonly login: readonly string[]
}

/** Starts a server in `folder`, which must not exist. */
export async function startSshd(folder: string): Promise<Sshd> {
  const isRoot = process.getuid?.() === 0
  const user = isRoot ? USER : userInfo().username
  mkdirSync(folder, { mode: 0o755 })
  for (const name of ['host', 'client']) {
    const { code, stderr } = await run('ssh-keygen', [
      '-q',
      '-t',
      'ed25519',
      '-N',
      '',
      '-f',
      join(folder, name),
    ])
    if (code !== 0) throw new Error(`ssh-keygen: ${stderr}`)
  }
  const port = await freePort()
  const settings = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${folder}/host`,
    `AuthorizedKeysFile ${folder}/client.pub`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
  ]
  writeFileSync(join(folder, 'config'), `${settings.join('\n')}\n`)
  const server = ['/usr/sbin/sshd', '-D', '-e', '-f', join(folder, 'config')]
  let through: readonly string[] = []
  if (isRoot) {
    const [uid, gid] = await idsOf(user)
    for (const name of ['host', 'host.pub', 'config']) chownSync(join(folder, name), uid, gid)
    through = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups']
  }
  const [name = '', ...args] = [...through, ...server]
  await listeningOn(port, new Program(name, args))
  const known = [
    'UserKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=no',
    'IdentitiesOnly=yes',
    'LogLevel=ERROR',
  ]
  const options = ['BatchMode=yes', ...known].flatMap((option) => ['-o', option])
  return { port, login: ['-F', 'none', '-i', join(folder, 'client'), ...options, `${user}@127.0.0.1`] }
}
