/**
 * A network namespace for one test. It has only a loopback interface and its own TCP settings. `ip netns exec` starts
 * programs in it. It is removed when the test file ends.
 */
import { spawnSync } from 'node:child_process'
import { afterAll } from 'vitest'
import { areMissing, cannotTest } from './programs.js'

/**
 * The congestion controls that tests use (tcp(7), `tcp_congestion_control`). Routes set them (ip-route(8), `congctl`),
 * because the default of a new namespace may only be one that the machine allows every user.
 */
export type CongestionControl = 'cubic' | 'bbr'

const open = new Set<Network>()
let count = 0

afterAll(() => {
  for (const network of open) network.remove()
})

export class Network {
  readonly name = `millrace-test-${process.pid}-${++count}`
  /** A command with this in front runs in the namespace. */
  readonly beneath = ['ip', 'netns', 'exec', this.name] as const

  constructor(congestion: CongestionControl) {
    ip('netns', 'add', this.name)
    open.add(this)
    try {
      this.#setUp(congestion)
    } catch (error) {
      this.remove()
      throw error
    }
  }

  #setUp(congestion: CongestionControl): void {
    ip('-n', this.name, 'link', 'set', 'lo', 'up')
    for (const destination of ['127.0.0.0/8', '127.0.0.1']) {
      const route = ['local', destination, 'dev', 'lo', 'table', 'local', 'proto', 'kernel', 'scope', 'host']
      ip('-n', this.name, 'route', 'replace', ...route, 'src', '127.0.0.1', 'congctl', congestion)
    }
  }

  remove(): void {
    open.delete(this)
    ip('netns', 'del', this.name)
  }
}

/** Whether this user cannot create network namespaces here. Prints the reason. */
export function cannotHaveNetworks(): boolean {
  if (process.platform !== 'linux') return cannotTest('network namespaces: this is not Linux')
  if (areMissing('ip')) return true
  try {
    new Network('cubic').remove()
    return false
  } catch (error) {
    return cannotTest(`network namespaces: ${(error as Error).message}`)
  }
}

function ip(...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${(error?.message ?? stderr).trim()}`)
}
