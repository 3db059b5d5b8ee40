/** Where millrace puts its admin socket if the config names none, and how the command finds it from any environment. */
import { once } from 'node:events'
import { chmodSync, existsSync, linkSync, lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { UnixAddress } from '../../src/address.js'
import {
  defaultAdminAddress,
  findAdminSockets,
  foldersToSearch,
  foldersToServeIn,
} from '../../src/admin/default-address.js'
import { temporaryFolder } from '../support/folder.js'
import { run } from '../support/programs.js'

const folder = temporaryFolder()
/** No process on this machine has this id. */
const PID = 4_194_305
let servers: Server[] = []
afterEach(() => {
  for (const server of servers) server.close()
  servers = []
  rmSync(join(folder, 'millrace'), { recursive: true, force: true })
})

const env = () => ({ XDG_RUNTIME_DIR: folder })

async function serveAt(address: UnixAddress | string): Promise<string> {
  if (typeof address === 'string') throw new Error(address)
  const server = createServer().listen(address.path)
  servers.push(server)
  await once(server, 'listening')
  return address.path
}

const paths = async (environment: NodeJS.ProcessEnv): Promise<string[]> =>
  (await findAdminSockets(environment)).map(({ address }) => address.path)

describe('the default admin address', () => {
  it('millrace makes the folder of its default admin socket with mode 700', () => {
    const path = join(folder, 'millrace', `${PID}.sock`)
    expect(defaultAdminAddress(env(), PID)).toEqual({ kind: 'unix', path })
    expect(lstatSync(join(folder, 'millrace')).mode & 0o777).toBe(0o700)
  })

  it.each([0o700, 0o750, 0o755])(
    'millrace puts its default admin socket into a folder of mode %o that systemd made',
    async (mode) => {
      mkdirSync(join(folder, 'millrace'))
      chmodSync(join(folder, 'millrace'), mode)
      const path = await serveAt(defaultAdminAddress(env(), PID))
      expect(path).toBe(join(folder, 'millrace', `${PID}.sock`))
      expect(await paths(env())).toContain(path)
    },
  )

  it('the command finds a socket once that has a name for each process of an upgrade', async () => {
    const old = await serveAt(defaultAdminAddress(env(), PID))
    const address = defaultAdminAddress(env(), PID + 1)
    const { path } = address as UnixAddress
    linkSync(old, path)
    const other = await serveAt(defaultAdminAddress(env(), PID + 2))
    const found = (await paths(env())).filter((each) => each.startsWith(folder))
    expect(found).toEqual([path, other])
  })

  it.each<[string, () => void]>([
    ['that its group may write to', () => mkdirOf(0o770)],
    ['that others may write to', () => mkdirOf(0o757)],
    ['that is a symbolic link', () => symlinkSync('/tmp', join(folder, 'millrace'))],
  ])('millrace neither makes nor finds an admin socket in a folder %s', async (_, make) => {
    make()
    const address = defaultAdminAddress(env(), PID)
    const inside = join(folder, 'millrace', `${PID}.sock`)
    expect(address).not.toMatchObject({ path: inside })
    await serveAt({ kind: 'unix', path: inside })
    expect(await paths(env())).not.toContain(inside)
    expect(existsSync(inside)).toBe(true)
  })

  it('a search for admin sockets looks into the folders that processes with other environments use', () => {
    const environments = [{}, env(), { XDG_RUNTIME_DIR: '/run/user/1000' }]
    const common = environments.map((each) =>
      foldersToServeIn(each, 1000).filter((path) => !path.startsWith(folder)),
    )
    for (const each of environments)
      expect(foldersToSearch(each, 1000)).toEqual(expect.arrayContaining(common.flat()))
    expect(foldersToServeIn({}, 1000)).toContain('/run/millrace')
  })

  it('a search for admin sockets removes a socket file on which nobody listens', async () => {
    const address = defaultAdminAddress(env(), PID) as UnixAddress
    const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
    await run(process.execPath, ['-e', script, address.path])
    expect(existsSync(address.path)).toBe(true)
    expect(await paths(env())).not.toContain(address.path)
    expect(existsSync(address.path)).toBe(false)
  })
})

function mkdirOf(mode: number): void {
  mkdirSync(join(folder, 'millrace'))
  chmodSync(join(folder, 'millrace'), mode)
}
