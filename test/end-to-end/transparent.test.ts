/**
 * millrace between clients and servers that do not know of it: TPROXY of nftables brings clients of another address, and a cluster
 * connects from the address of its client. In a network of the test's own.
 */
import { afterAll, describe, expect, it } from 'vitest'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { temporaryFolder } from '../support/folder.js'
import { Millrace, writeConfig } from '../support/millrace.js'
import { cannotHaveNetworks, Network } from '../support/network.js'
import { areMissing, cannotTest, listeningOn, Program } from '../support/programs.js'

const RULES = `table ip millrace {
  chain here {
    type route hook output priority mangle
    ip daddr 192.0.2.10 tcp dport 80 meta mark set 1
  }
  chain divert {
    type filter hook prerouting priority mangle
    ip daddr 192.0.2.10 tcp dport 80 tproxy to 127.0.0.1:7000 meta mark set 1 accept
  }
}
`
/** Packets with the mark, and answers of the backend, come to this machine whatever their address is. */
const ROUTES = [
  'route add default dev lo',
  'rule add fwmark 1 lookup 100',
  'rule add ipproto tcp sport 7001 lookup 100',
  'route add local 0.0.0.0/0 dev lo table 100',
]

const isTestable =
  (kernelLoop() instanceof KernelLoop || !cannotTest(`IP_TRANSPARENT: ${kernelLoop()}`)) &&
  !areMissing('socat', 'nft') &&
  !cannotHaveNetworks()
const programs: Program[] = []
const folder = temporaryFolder()
afterAll(async () => {
  await Promise.all(programs.splice(0).map((program) => program.kill()))
})

describe.runIf(isTestable)('transparent proxying', () => {
  it('a client reaches an address that is not of this machine, and a backend sees the address of its client', async () => {
    const network = new Network('cubic')
    const inside = (input: string | undefined, ...command: string[]): Program => {
      const [name, ...args] = [...network.beneath, ...command] as [string, ...string[]]
      const program = new Program(name, args, input === undefined ? {} : { input })
      programs.push(program)
      return program
    }
    for (const route of ROUTES) expect((await inside('', 'ip', ...route.split(' ')).exited).code).toBe(0)
    const rules = inside(RULES, 'nft', '-f', '-')
    expect({ ...(await rules.exited), stderr: rules.stderr }).toMatchObject({ code: 0, stderr: '' })
    const answer = 'SYSTEM:echo from $SOCAT_PEERADDR; cat'
    await listeningOn(7001, inside(undefined, 'socat', 'TCP-LISTEN:7001,bind=127.0.0.3,fork', answer))
    const file = writeConfig(folder, {
      listeners: [
        { name: 'tproxy', address: '0.0.0.0:7000', cluster: 'told', socket: { transparent: true } },
        {
          name: 'named',
          address: '127.0.0.1:7002',
          cluster: 'as-client',
          acceptProxy: { from: ['127.0.0.1'] },
        },
      ],
      clusters: {
        told: { backends: ['127.0.0.3:7001'], sendProxy: 'v1' },
        'as-client': { backends: ['127.0.0.3:7001'], socket: { source: 'client' } },
      },
      admin: false,
    })
    const millrace = new Millrace(['--config', file], { through: network.beneath })
    programs.push(millrace.program)
    await millrace.logged(({ msg }) => msg.startsWith('listening on 127'))
    const heard = async (input: string, to: string): Promise<string> => {
      const client = inside(input, 'socat', '-', to)
      await client.exited
      return client.stdout
    }
    expect(await heard('hello\n', 'TCP:192.0.2.10:80,bind=127.0.0.2')).toMatch(
      /^from 127\.0\.0\.\d\nPROXY TCP4 127\.0\.0\.2 192\.0\.2\.10 \d+ 80\r\nhello\n$/,
    )
    const header = 'PROXY TCP4 198.51.100.7 127.0.0.1 5555 7002\r\n'
    expect(await heard(`${header}hello\n`, 'TCP:127.0.0.1:7002')).toBe('from 198.51.100.7\nhello\n')
  })
})
