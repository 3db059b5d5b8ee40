/**
 * Carries out a Dockerfile without Docker: each stage is a clean Debian with Node and npm, as the image node:…-slim is. Then the
 * command of the image runs as the image says: its user, its folder, as process 1.
 */
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { output } from './checks.mjs'
import { makeCleanRoot } from './clean-root.mjs'
import { readDockerfile, words } from './dockerfile.mjs'
import { NODES } from './nodes.mjs'
import { Clients, configFor, listening, startBackend } from './served.mjs'

const NODE = /^node:(\d+)-bookworm-slim$/
const NPM = 'npm@11.6.0'
const DEFAULTS = { USER: '0:0', WORKDIR: '/' }

/** @returns the last stage: its root, and the texts of its instructions that describe a container */
export async function buildImage(checkout, folder, text) {
  const stages = []
  for (const [index, { image, name, instructions }] of readDockerfile(text).entries()) {
    const home = join(folder, `stage-${index}`)
    mkdirSync(home)
    const stage = { name, root: await makeCleanRoot(checkout, home), settings: { ...DEFAULTS } }
    await addNode(home, stage.root, image)
    for (const each of instructions) await carryOut(each, stage, stages, checkout)
    stages.push(stage)
  }
  return stages.at(-1)
}

/** As the image has it: with headers, which the addon needs, and with npm. */
async function addNode(folder, root, image) {
  const line = NODE.exec(image)?.[1]
  const version = NODES.find((each) => each.startsWith(`${line}.`))
  if (version === undefined) throw new Error(`Dockerfile: no stand-in for the image ${image}`)
  const local = join(root.path, 'usr/local')
  await unpack(`node-linux-${process.arch}@${version}`, folder, local)
  await unpack(NPM, folder, join(local, 'lib/node_modules/npm'))
  await root.shell('ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm')
}

async function unpack(name, folder, target) {
  const [{ filename }] = JSON.parse(await output('npm', ['pack', name, '--json'], { cwd: folder }))
  mkdirSync(target, { recursive: true })
  await output('tar', ['-xzf', filename, '-C', target, '--strip-components=1', '--no-same-owner'], {
    cwd: folder,
  })
}

async function carryOut({ name, text, options }, stage, stages, checkout) {
  if (name === 'RUN') await stage.root.shell(`cd ${stage.settings.WORKDIR} && ${text}`)
  else if (name === 'COPY') copy(text, options, stage, stages, checkout)
  else if (['USER', 'WORKDIR', 'HEALTHCHECK', 'ENTRYPOINT', 'CMD'].includes(name)) stage.settings[name] = text
  else throw new Error(`Dockerfile: ${name} is unknown here`)
  if (name === 'WORKDIR') mkdirSync(join(stage.root.path, text), { recursive: true })
}

function copy(text, { from }, stage, stages, checkout) {
  const [source, target] = text.split(' ')
  const base = from === undefined ? checkout : stages.find(({ name }) => name === from).root.path
  const ignored = from === undefined ? ignoredNames(checkout) : []
  const filter = (path) => !ignored.includes(basename(path)) || basename(join(path, '..')) !== basename(base)
  const into = target.startsWith('/') ? target : join(stage.settings.WORKDIR, target)
  cpSync(join(base, source), join(stage.root.path, into), { recursive: true, filter, verbatimSymlinks: true })
}

const ignoredNames = (checkout) =>
  readFileSync(join(checkout, 'packaging/docker/Dockerfile.dockerignore'), 'utf8').split('\n')

/** Serves one client and more, asks the health check, and stops as Docker does. */
export async function tryImage({ root, settings }) {
  const { USER, WORKDIR, ENTRYPOINT, CMD, HEALTHCHECK } = settings
  const [uid, gid] = USER.split(':')
  const inside = (...command) => [
    ...['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', 'env', `--chdir=${WORKDIR}`],
    ...command,
  ]
  const backend = await startBackend()
  root.write('/etc/millrace/millrace.yaml', configFor(backend.port))
  const child = root.startAsFirst(...inside(...words(ENTRYPOINT), ...words(CMD)))
  try {
    const { port, engine } = await listening(child)
    const clients = new Clients(port)
    clients.start()
    await clients.answers(10)
    clients.stop()
    if (clients.failures.length > 0) throw new Error(`clients failed: ${clients.failures.join(', ')}`)
    const told = await root.run(...inside(...words(HEALTHCHECK.replace(/^CMD /, ''))))
    const ended = once(child, 'exit')
    process.kill(firstProcessOf(child.pid), 'SIGTERM')
    const [code] = await ended
    if (code !== 0) throw new Error(`SIGTERM ended it with ${code}`)
    return `${engine}; ${told.split('\n')[0]}`
  } finally {
    child.kill('SIGKILL')
    backend.close()
  }
}

/** The only child of `unshare --fork`. */
const firstProcessOf = (pid) => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'))
