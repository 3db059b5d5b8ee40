/** `millrace import` of HAProxy: what each directive becomes, and what is said of those that become nothing. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { ProxyConfig } from '../../src/config/input.js'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { validateConfig } from '../../src/config/validate.js'
import { MillraceError } from '../../src/errors.js'
import { importConfig } from '../../src/import/import.js'
import { temporaryFolder } from '../support/folder.js'

const names = join(temporaryFolder(), 'names.txt')

const ORDER = {
  file: 'haproxy.cfg',
  from: 'haproxy',
  read: () => {
    throw new Error('HAProxy includes no files')
  },
} as const

/** The config, and what was told as `line: why`. The config has no problem. */
function imported(text: string): { config: ProxyConfig; told: readonly string[] } {
  const { yaml, remarks } = importConfig(text, ORDER)
  const config = parse(yaml ?? '{}') as ProxyConfig
  // Addresses from the environment are read when the file is loaded.
  if (yaml?.includes('${') === false) validateConfig(config)
  return { config, told: remarks.map(({ line, why }) => `${line}: ${why}`) }
}

/** The listener of a frontend with these lines, in front of the backends a and b. */
function listenerOf(...lines: readonly string[]): { listener: ListenerInput; told: readonly string[] } {
  const { config, told } = imported(
    [
      'frontend f',
      'bind :443',
      ...lines,
      'backend a',
      'server a 192.0.2.1:1',
      'backend b',
      'server b 192.0.2.2:1',
    ].join('\n'),
  )
  return { listener: config.listeners[0]!, told }
}

const clusterOf = (...lines: readonly string[]) => {
  const { config, told } = imported(['listen c', 'bind :1', ...lines].join('\n'))
  return { cluster: config.clusters.c!, told }
}

describe('the import of HAProxy', () => {
  it('servers become backends with their weight, their limit and their tier, and their checks those of the cluster', () => {
    const { cluster, told } = clusterOf(
      'balance leastconn',
      'option redis-check',
      'timeout check 500',
      'default-server inter 3s fall 2 check',
      'server s1 10.0.0.1:6379 weight 5 maxconn 30',
      'server s2 redis.example.com:6379 rise 4',
      'server s3 10.0.0.3:6379 backup',
      'server s4 10.0.0.4:6379 backup disabled',
    )
    expect(cluster).toEqual({
      balance: 'least-connections',
      health: {
        check: {
          script: [{ send: 'PING\r\n' }, { expect: '+PONG\r\n', at: 0 }],
          everyMs: '3s',
          fall: 2,
          timeoutMs: '500ms',
        },
      },
      backends: [
        { address: '10.0.0.1:6379', weight: 5, maxConnections: 30 },
        'redis.example.com:6379',
        { address: '10.0.0.3:6379', tier: 1 },
        { address: '10.0.0.4:6379', weight: 0, tier: 2 },
      ],
    })
    expect(told).toEqual([
      '8: "health" holds for all backends of a cluster, and this server says something else',
    ])
  })

  it.each([
    ['option httpchk HEAD /up', { http: { method: 'HEAD', path: '/up' } }],
    [
      'http-check send meth GET uri /up hdr Host a.test',
      { http: { method: 'GET', path: '/up', host: 'a.test' } },
    ],
    ['http-check expect status 200-299,301', { http: { status: ['200-299', '301'] } }],
    [
      'option pgsql-check user app',
      { script: [{ send: 'hex:000000120003000075736572006170700000' }, { expect: 'R', at: 0 }] },
    ],
    ['tcp-check send-binary 50494e47', { script: [{ send: 'hex:50494e47' }] }],
    ['tcp-check send "PING\\r\\n"', { script: [{ send: 'PING\r\n' }] }],
    ['tcp-check expect binary 2b', { script: [{ expect: 'hex:2b' }] }],
    ['tcp-check connect port 81', { port: 81 }],
    ['option ssl-hello-chk', { tls: { verify: false } }],
  ])('the check "%s" becomes %j', (line, check) => {
    const { cluster } = clusterOf(line, 'server s 10.0.0.1:1 check')
    expect(cluster.health).toEqual({ check })
  })

  it.each([
    ['send-proxy-v2', { sendProxy: 'v2' }],
    [
      'ssl verify none sni str(a.test) alpn h2',
      { tls: { verify: false, serverName: 'a.test', alpn: ['h2'] } },
    ],
    ['slowstart 1m', { slowStartMs: '1m' }],
    ['on-marked-down shutdown-sessions', { health: { onDown: 'reset' } }],
    ['agent-check agent-port 81 agent-inter 1s', { health: { agent: { port: 81, everyMs: '1s' } } }],
    ['maxqueue 9', { limits: { queueLength: 9 } }],
  ])('the parameters "%s" of a server hold for its cluster', (parameters, fields) => {
    const { cluster, told } = clusterOf(`server s 10.0.0.1:1 ${parameters}`)
    expect(cluster).toEqual({ ...fields, backends: ['10.0.0.1:1'] })
    expect(told).toEqual([])
  })

  it('use_backend by server name becomes routes, in the order of HAProxy although the most specific name wins here', () => {
    const { listener, told } = listenerOf(
      'tcp-request inspect-delay 3s',
      'tcp-request content accept if { req.ssl_hello_type 1 }',
      'acl office src 10.0.0.0/8',
      'use_backend b if office',
      'use_backend a if { req.ssl_sni -i a.test } or { req.ssl_sni -m end .a.test }',
      'default_backend b',
    )
    expect(listener).toMatchObject({
      cluster: 'b',
      onBadHello: 'b',
      routes: [
        { sni: ['a.test', '**.a.test'], source: '10.0.0.0/8', cluster: 'b' },
        { source: '10.0.0.0/8', cluster: 'b' },
        { sni: 'a.test', cluster: 'a' },
        { sni: '**.a.test', cluster: 'a' },
      ],
    })
    expect(told).toEqual([])
  })

  it('a frontend that rejects what is not TLS keeps it out, and a map of names is a map here', () => {
    writeFileSync(names, 'a.test a\n')
    const { listener } = listenerOf(
      'tcp-request content accept if { req.ssl_hello_type 1 }',
      'tcp-request content reject',
      `use_backend %[req.ssl_sni,lower,map(${names},a)]`,
    )
    expect(listener).toMatchObject({ cluster: 'a', routes: [{ map: { file: names, by: 'sni' } }] })
    expect(listener.onBadHello).toBeUndefined()
  })

  it('rules about connections become lists and limits of each source', () => {
    const { listener, told } = listenerOf(
      'default_backend a',
      'acl bad src 10.0.0.0/8 192.0.2.7',
      'stick-table type ip size 1m expire 10m store conn_cur,conn_rate(10s)',
      'tcp-request connection track-sc0 src',
      'tcp-request connection accept if { src 10.1.0.0/16 }',
      'tcp-request connection reject if bad',
      'tcp-request connection reject if { sc0_conn_cur gt 20 } || { sc0_conn_rate gt 50 }',
    )
    expect(listener.limits).toEqual({
      deny: ['10.0.0.0/8', '192.0.2.7', '!10.1.0.0/16'],
      perSource: { maxConnections: 20, newPerSecond: { rate: 5, burst: 50 } },
    })
    expect(told).toEqual([])
    expect(
      listenerOf('default_backend a', 'tcp-request connection reject unless { src 10.0.0.0/8 }').listener
        .limits,
    ).toEqual({
      allow: ['10.0.0.0/8'],
    })
  })

  it('each address of a bind line is a listener, and a setting that all clusters share stands once', () => {
    const { config } = imported(`
      global
        maxconn 5000
        nbthread 2
        hard-stop-after 1m
      defaults
        timeout connect 3s
        timeout client 1h
        timeout server 2h
      listen db
        bind 10.0.0.9:5432,:::5433
        bind /run/db.sock mode 660
        maxconn 50
        server db "\${DB:-10.0.0.1}:5432"
      resolvers dns
        nameserver one 10.0.0.53:53`)
    expect(config.clusters.db!.backends).toEqual([`$\{DB:-10.0.0.1}:5432`])
    expect(config).toMatchObject({
      workers: 2,
      limits: { maxConnections: 5000 },
      timeouts: { drainMs: '1m', connectMs: '3s', idleMs: '1h' },
      names: { servers: ['10.0.0.53:53'] },
      listeners: [
        { name: 'db', address: '10.0.0.9:5432', limits: { maxConnections: 50 } },
        { name: 'db-2', address: '[::]:5433' },
        { name: 'db-3', address: 'unix:/run/db.sock', mode: '0660' },
      ],
    })
  })

  it('backends whose names become one here have clusters of their own, and a name that fits stays', () => {
    const long = 'n'.repeat(63)
    const { config, told } = imported(`
frontend f
  bind :1
  use_backend web if { req.ssl_sni a.test }
  use_backend ${long}b if { req.ssl_sni b.test }
  default_backend _web
backend _web
  server s 10.0.0.1:1
backend web
  server s 10.0.0.2:1
backend ${long}a
  server s 10.0.0.3:1
backend ${long}b
  server s 10.0.0.4:1
listen reject
  bind :2
  server s 10.0.0.5:1
backend web
  server s 10.0.0.6:1`)
    const numbered = `${'n'.repeat(57)}-2`
    expect(config).toMatchObject({
      listeners: [
        {
          routes: [
            { sni: 'a.test', cluster: 'web' },
            { sni: 'b.test', cluster: numbered },
          ],
          cluster: 'web-2',
        },
        { cluster: 'reject-1' },
      ],
      clusters: {
        web: { backends: ['10.0.0.2:1'] },
        'web-2': { backends: ['10.0.0.1:1'] },
        [long]: { backends: ['10.0.0.3:1'] },
        [numbered]: { backends: ['10.0.0.4:1'] },
        'reject-1': { backends: ['10.0.0.5:1'] },
      },
    })
    expect(told).toEqual([
      '7: its cluster has the name "web-2"',
      `11: its cluster has the name "${long}"`,
      `13: its cluster has the name "${numbered}"`,
      '15: its cluster has the name "reject-1"',
      '18: not imported: another backend has this name',
    ])
  })

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    '"%s" is a word like any other',
    (word) => {
      const { told } = imported(`
frontend f
  bind :1 ${word}
  acl ${word} ${word}
  use_backend a if ${word} or { ${word} }
  use_backend a unless ${word}x
  use_backend ${word} if { req.ssl_sni a.test }
  ${word} ${word}
  default_backend a
backend a
  balance ${word}
  balance hash ${word}
  timeout connect ${word}
  server ${word} 10.0.0.1:1 ${word}
${word}`)
      expect(told).toContain(`5: not imported: millrace has no condition "${word}"`)
      expect(told).toContain(`6: not imported: there is no ACL "${word}x"`)
      expect(imported(`listen a\n bind :1\n use_backend a if ${word}\n server a 10.0.0.1:1`).told).toEqual([
        `3: not imported: there is no ACL "${word}"`,
      ])
      expect(told.filter((each) => /^1[12]:/.test(each))).toEqual([
        '11: not imported: millrace cannot hash this in mode tcp: the backends get clients in turn',
        '12: not imported: millrace cannot hash this in mode tcp: the backends get clients in turn',
      ])
    },
  )

  it('every line that became nothing is told once with its reason, and mode http as a whole', () => {
    const { told } = imported(`defaults
  log global
  option httplog
  timeout connect 1s
frontend f
  bind :80
  tcp-request content reject if { req.len 0 }
  use_backend a if !{ req.ssl_sni a.test }
  use_backend nowhere if { req.ssl_sni b.test }
  made-up directive
  default_backend a
backend a
  server a 10.0.0.1
  server b 10.0.0.2:80 socks4 127.0.0.1:1080
listen web
  mode http
  bind :81
peers p
  peer a 10.0.0.1:1024`)
    expect(told).toEqual([
      '2: not imported: millrace writes JSON lines to stdout or a file: see "log"',
      '7: not imported: millrace has no condition "req.len"',
      '8: not imported: a route cannot ask for the opposite of a condition',
      '9: not imported: there is no backend "nowhere" with a server that millrace can dial',
      '10: not imported: millrace has nothing like it',
      '13: not imported: "10.0.0.1" is no address with a host and a port',
      '14: not imported: socks4: millrace speaks SOCKS5 or HTTP CONNECT: write "via" of the cluster',
      expect.stringMatching(/^15: not imported: mode http is not imported\. millrace forwards/),
      '18: not imported: millrace has no section "peers"',
    ])
  })

  it('quotes, escapes and comments are those of HAProxy', () => {
    const { cluster } = clusterOf(
      `tcp-check send 'a "b" \\n' # a comment`,
      'tcp-check send a\\ b\\#c\\x41\\1',
      'tcp-check send "it\'s \\"x\\" # no comment"',
      'server s 10.0.0.1:1 check',
    )
    expect(cluster.health).toMatchObject({
      check: { script: [{ send: 'a "b" \\n' }, { send: 'a b#cA\\1' }, { send: `it's "x" # no comment` }] },
    })
    expect(() => imported('listen c\n  bind ":1')).toThrow(
      'haproxy.cfg:2:1 a quotation mark " is not closed: close it',
    )
  })

  it('text of the file cannot leave the comments of the config', () => {
    const hostile =
      'frontend f\n  bind :1\n  use_backend a if { x\\n\\nadmin: }\nlisten a\n  bind :2\n  server a 10.0.0.1:1'
    const { yaml = '' } = importConfig(hostile, ORDER)
    expect(yaml).toContain('# haproxy.cfg:3: ')
    expect(Object.keys(parse(yaml))).toEqual(['listeners', 'clusters'])
  })

  it('hostile text ends in a config, in none, or in an error that names the file', () => {
    const words = fc.constantFrom(
      'listen a',
      'bind :1',
      'acl',
      'use_backend',
      'if',
      '{',
      '}',
      '!',
      'src',
      '-f',
      'or',
      '\n',
      '"',
      '\\',
      "'",
      '%[',
      'server',
      'tcp-request connection reject',
      'defaults',
      'from',
      '.if',
      'constructor',
      'toString',
      '__proto__',
      'balance',
      'default_backend',
    )
    const text = fc
      .array(fc.oneof(words, fc.string({ maxLength: 8 })), { maxLength: 60 })
      .map((parts) => parts.join(' '))
    fc.assert(
      fc.property(text, (hostile) => {
        try {
          importConfig(hostile, ORDER)
        } catch (error) {
          expect(error).toBeInstanceOf(MillraceError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
