/**
 * The package of Debian as its users have it: installed in a clean Debian, upgraded while it serves, removed, and purged. systemd
 * does not run there. The check starts and ends the process itself.
 */
import { cpSync } from 'node:fs'
import { basename, join } from 'node:path'
import { makePrebuilds } from '../prebuilds/make.mjs'
import { output } from './checks.mjs'
import { makeCleanRoot, ROOT_PROGRAMS } from './clean-root.mjs'
import { buildDeb } from './deb/build.mjs'
import { CONFIG } from './deb/papers.mjs'
import { BUILDERS, keptIn } from './deb.mjs'
import { Clients, configFor, listening, startBackend } from './served.mjs'

/** These paths may stay after a purge: what apt and dpkg keep, and the user, whose files may be left elsewhere. */
const MAY_STAY =
  /^\/(var\/(lib|cache|log)|etc\/(passwd|group|shadow|gshadow|subuid|subgid)-?$|root|tmp|run|dev|proc)/

/** Returns the checks. They run in order, and each needs those before it. */
export function debRootChecks(checkout, folder) {
  let debian
  let server
  let clients
  let files
  const debs = []
  return [
    {
      name: 'the package for arm64 is built, and two revisions of that for amd64',
      programs: BUILDERS,
      run: async () => {
        await makePrebuilds(checkout)
        await buildDeb({ root: checkout, folder: keptIn(checkout), arch: 'arm64' })
        for (const revision of [1, 2])
          debs.push(await buildDeb({ root: checkout, folder, arch: 'x64', revision }))
      },
    },
    {
      name: 'apt installs it in a clean Debian, with a user and without a start',
      programs: ROOT_PROGRAMS,
      run: async () => {
        debian = await makeCleanRoot(checkout, folder)
        await debian.shell('apt-get update -q')
        files = await filesOf(debian)
        await install(debian, debs[0])
        await debian.run('id', 'millrace')
        return (await debian.run('millrace', '--version')).trim()
      },
    },
    {
      name: 'millrace check accepts the config of the package',
      run: () => debian.run('millrace', 'check', '--config', CONFIG),
    },
    {
      name: 'it serves as its user, with the addon',
      run: async () => {
        server = await startService(debian)
        clients = new Clients(server.port)
        clients.start()
        await clients.answers(10)
        return `${server.engine}, ${clients.answered} clients served`
      },
    },
    {
      name: 'apt upgrades it while it serves: another process serves, and no client is refused',
      run: async () => {
        const before = await processesOf(debian)
        await install(debian, debs[1])
        const after = await processesOf(debian)
        if (after === before) throw new Error(`process ${before} still serves`)
        await clients.answers(10)
        if (clients.failures.length > 0) throw new Error(`clients failed: ${clients.failures.join(', ')}`)
        return `process ${before}, then ${after}; ${clients.answered} clients, none refused`
      },
    },
    {
      name: 'a purge leaves no file behind',
      run: async () => {
        clients.stop()
        await debian.run('millrace', 'drain', '--all', '--deadline', '1s')
        server.stop()
        await debian.run('apt-get', 'purge', '-qy', 'millrace')
        const left = (await filesOf(debian)).filter((path) => !files.includes(path) && /millrace/.test(path))
        if (left.length > 0) throw new Error(`left: ${left.join(' ')}`)
      },
    },
  ]
}

async function install(debian, deb) {
  cpSync(deb, join(debian.path, 'tmp', basename(deb)))
  return await debian.run('apt-get', 'install', '-qy', '--no-install-recommends', `/tmp/${basename(deb)}`)
}

/** The service as systemd starts it: as its user, with a runtime folder. */
async function startService(debian) {
  const backend = await startBackend()
  debian.write(CONFIG, configFor(backend.port))
  await debian.shell('install -d -o millrace -g millrace -m 0755 /run/millrace')
  const user = ['setpriv', '--reuid=millrace', '--regid=millrace', '--init-groups']
  const child = debian.start(...user, '/usr/bin/millrace', '--config', CONFIG)
  return { ...(await listening(child)), stop: () => [backend.close(), child.kill('SIGKILL')] }
}

/** The processes that serve, as the command tells them. */
async function processesOf(debian) {
  const { processes } = JSON.parse(await debian.run('millrace', 'status', '--json'))
  return processes.map(({ pid }) => pid).join(', ')
}

async function filesOf(debian) {
  const found = await output('find', [debian.path, '-xdev'], { maxBuffer: 256 * 1024 * 1024 })
  return found
    .split('\n')
    .map((path) => path.slice(debian.path.length))
    .filter((path) => !MAY_STAY.test(path))
}
