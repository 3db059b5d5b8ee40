/** `millrace import` of nginx: what each directive becomes, and what is said of those that become nothing. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { ProxyConfig } from '../../src/config/input.js'
import { validateConfig } from '../../src/config/validate.js'
import { MillraceError } from '../../src/errors.js'
import { importConfig } from '../../src/import/import.js'

/** The config, and what was told as `file:line: why`. The config has no problem. `files`: those that can be included. */
function imported(text: string, files: Readonly<Record<string, string>> = {}, from?: 'nginx') {
  const read = (pattern: string) => {
    const found = files[pattern]
    if (found === undefined) throw new Error('no such file')
    return [{ file: pattern, text: found }]
  }
  const { yaml, remarks } = importConfig(text, { file: 'nginx.conf', from, read })
  const config = parse(yaml ?? '{}') as ProxyConfig
  if (yaml !== undefined) validateConfig(config)
  return { config, told: remarks.map(({ file, line, why }) => `${file}:${line}: ${why}`) }
}

/** The one listener and the one cluster of a server with these directives. */
function serverOf(directives: string, upstream = 'server 10.0.0.1:1;') {
  const { config, told } = imported(
    `stream { upstream u { ${upstream} } server { listen 1; proxy_pass u; ${directives} } }`,
  )
  const { name: _, address: __, cluster: ___, ...listener } = config.listeners[0]!
  const { backends, halfClose, ...cluster } = config.clusters.u!
  return { listener, cluster, backends, halfClose, general: config, told }
}

describe('the import of nginx', () => {
  it('a server becomes a listener for each of its addresses, and its upstream a cluster', () => {
    const { config, told } = imported(`
      worker_processes auto;
      events { worker_connections 1024; }
      stream {
        upstream db {
          least_conn;
          server 10.0.0.1:5432 weight=3 max_conns=20;
          server db.example.com:5432 resolve;
          server 10.0.0.3:5432 backup;
          server unix:/run/db.sock down;
        }
        server { listen 5432; listen [::]:5432; listen unix:/run/pg.sock; proxy_pass db; }
        server { listen 127.0.0.1:81-82; proxy_pass 10.0.0.9:80; proxy_timeout 1h 30m; }
      }`)
    expect(config).toEqual({
      workers: 'auto',
      listeners: [
        { name: 'db', address: '0.0.0.0:5432', cluster: 'db' },
        { name: 'db-2', address: '[::]:5432', cluster: 'db' },
        { name: 'db-3', address: 'unix:/run/pg.sock', cluster: 'db' },
        { name: '10.0.0.9:80', address: '127.0.0.1:81', cluster: '10.0.0.9:80' },
        { name: '10.0.0.9:80-2', address: '127.0.0.1:82', cluster: '10.0.0.9:80' },
      ],
      clusters: {
        db: {
          balance: 'least-connections',
          halfClose: 'close',
          backends: [
            { address: '10.0.0.1:5432', weight: 3, maxConnections: 20 },
            { address: 'db.example.com:5432', expand: 'all' },
            { address: '10.0.0.3:5432', backup: true },
            { address: 'unix:/run/db.sock', weight: 0 },
          ],
        },
        '10.0.0.9:80': { halfClose: 'close', timeouts: { idleMs: '90m' }, backends: ['10.0.0.9:80'] },
      },
    })
    expect(told).toEqual([])
  })

  it.each([
    ['proxy_protocol on;', { sendProxy: 'v1' }],
    [
      'proxy_ssl on; proxy_ssl_name a.test; proxy_ssl_verify on;',
      { tls: { verify: true, serverName: 'a.test' } },
    ],
    ['proxy_ssl on;', { tls: { verify: false } }],
    ['proxy_ssl_name a.test;', {}],
  ])('"%s" becomes %j of the cluster', (directives, cluster) => {
    expect(serverOf(directives).cluster).toEqual(cluster)
  })

  it.each([
    ['deny 10.0.0.1; allow 10.0.0.0/8; deny all;', { limits: { deny: ['10.0.0.1'], allow: ['10.0.0.0/8'] } }],
    ['allow 10.1.0.0/16; deny 10.0.0.0/8;', { limits: { deny: ['10.0.0.0/8', '!10.1.0.0/16'] } }],
    ['proxy_upload_rate 1m;', { limits: { perConnection: { bytesPerSecond: { up: 1024 ** 2 } } } }],
  ])('"%s" becomes %j of the listener', (directives, listener) => {
    expect(serverOf(directives).listener).toEqual(listener)
  })

  it.each([
    ['hash $remote_addr consistent; server 10.0.0.1:1;', { balance: 'hash', hash: { key: 'source' } }],
    ['random two least_conn; server 10.0.0.1:1;', { balance: 'p2c' }],
    ['server 10.0.0.1:1 max_fails=2 fail_timeout=5s;', { health: { eject: { failures: 2, forMs: '5s' } } }],
    ['server 10.0.0.1:1 max_fails=0;', { health: { eject: false } }],
  ])('the upstream "%s" becomes %j', (upstream, cluster) => {
    expect(serverOf('', upstream).cluster).toEqual(cluster)
  })

  it('a map of server names becomes routes, and what it says of no name holds for clients without TLS, too', () => {
    const { config, told } = imported(
      `stream {
        map $ssl_preread_server_name $name { hostnames; include names.map; "" 10.0.0.3:1; default 10.0.0.4:1; }
        server { listen 443 so_keepalive=30m::5; ssl_preread on; proxy_pass $name; }
      }`,
      { 'names.map': 'a.test 10.0.0.1:1;\n.b.test 10.0.0.2:1;\n~^c 10.0.0.2:1;' },
    )
    expect(config.listeners).toEqual([
      {
        name: 'stream',
        address: '0.0.0.0:443',
        keepalive: { idleMs: '30m', count: 5 },
        routes: [
          { sni: 'a.test', cluster: '10.0.0.1:1' },
          { sni: ['b.test', '**.b.test'], cluster: '10.0.0.2:1' },
        ],
        cluster: '10.0.0.4:1',
        onNoSni: '10.0.0.3:1',
        onBadHello: '10.0.0.3:1',
      },
    ])
    expect(told).toEqual([
      'names.map:3: not imported: millrace has no regular expressions: write a name pattern such as *.example.com',
    ])
  })

  it('SSH and HTTPS on one port become a route by what the client speaks', () => {
    const { config } = imported(`stream {
      map $ssl_preread_protocol $up { "" 10.0.0.1:22; default 10.0.0.2:443; }
      server { listen 443; ssl_preread on; proxy_pass $up; }
    }`)
    expect(config.listeners[0]).toMatchObject({
      routes: [{ speaks: 'tls', cluster: '10.0.0.2:443' }],
      cluster: '10.0.0.1:22',
    })
  })

  it('a server takes what stands in the stream and not in itself, and servers that differ have clusters of their own', () => {
    const { config } = imported(`stream {
      proxy_connect_timeout 2s;
      deny 10.0.0.0/8;
      limit_conn_zone $binary_remote_addr zone=addr:10m;
      upstream u { server 10.0.0.1:1; }
      server { listen 1; proxy_pass u; limit_conn addr 5; }
      server { listen 2 proxy_protocol; proxy_pass u; proxy_connect_timeout 9s; allow 192.0.2.1; deny all; }
    }`)
    expect(config).toMatchObject({
      listeners: [
        { cluster: 'u', limits: { deny: ['10.0.0.0/8'], perSource: { maxConnections: 5 } } },
        { cluster: 'u-2', acceptProxy: { from: ['0.0.0.0/0', '::/0'] }, limits: { allow: ['192.0.2.1'] } },
      ],
      clusters: { u: {}, 'u-2': { timeouts: { connectMs: '9s' } } },
      timeouts: { connectMs: '2s' },
    })
  })

  it('every line that became nothing is told once with its reason', () => {
    const { told } = imported(`http { server { listen 80; } }
stream {
  log_format basic '$remote_addr';
  include missing.conf;
  server { listen 53 udp; proxy_pass 10.0.0.1:53; }
  server { listen 1; return "x"; }
  server { listen 2; proxy_pass $ssl_preread_server_name:443; }
  server { listen 3; made_up on; proxy_buffer_size 16k; proxy_pass 10.0.0.1:3; }
}`)
    expect(told).toEqual([
      expect.stringMatching(/^nginx\.conf:1: not imported: http is not imported\. millrace forwards/),
      'nginx.conf:3: not imported: millrace writes JSON lines to stdout or a file: see "log"',
      'nginx.conf:4: not imported: no such file',
      'nginx.conf:5: not imported: udp: millrace forwards TCP',
      'nginx.conf:6: not imported: millrace sends no text of its own: see refuseAs',
      'nginx.conf:6: not imported: it has no proxy_pass',
      'nginx.conf:7: not imported: clusters.NAME.dial dials the server that a client asks for, and needs a list of names',
      'nginx.conf:8: not imported: millrace has nothing like it',
      'nginx.conf:8: not imported: bulk goes through kernel pipes: kernelPipeBytes',
    ])
  })

  it.each(['constructor', 'toString', '__proto__'])('"%s" is a word like any other', (word) => {
    const { told } = imported(`stream {
  map $ssl_preread_server_name $${word} { a.test ${word}; default u; }
  upstream u { hash ${word}; server 10.0.0.1:1 ${word}=1; ${word} on; }
  upstream ${word} { server 10.0.0.2:1; }
  server { listen 1 ${word}; proxy_pass $${word}; limit_conn ${word} 1; proxy_timeout ${word}; ${word} on; }
}`)
    expect(told).toContain(
      'nginx.conf:3: not imported: millrace cannot hash this in a stream: the backends get clients in turn',
    )
    expect(told).toContain(`nginx.conf:5: not imported: "${word}" is no time`)
  })

  it('files that include their folder are each read once on their way, and a total of files ends the reading', () => {
    const files = Array.from({ length: 30 }, (_, number) => ({
      file: `conf.d/${number}`,
      text: 'include *;',
    }))
    let reads = 0
    function* read() {
      for (const each of files) {
        reads++
        yield each
      }
    }
    const text =
      'stream {\nupstream u { server 10.0.0.1:1; }\nserver { listen 1; proxy_pass u; }\ninclude *;\n}'
    const { yaml, remarks } = importConfig(text, { file: 'nginx.conf', from: 'nginx', read })
    expect(parse(yaml!).listeners).toHaveLength(1)
    expect(reads).toBeLessThan(10_000)
    expect([...new Set(remarks.map(({ why }) => why.replace(/\d+ includes/, 'N includes')))].sort()).toEqual([
      'not imported: conf.d/N includes itself',
      'not imported: files include each other more than 10 times',
      'not imported: the config includes more than 10000 files, or more than 64 MiB: all further ones are missing',
    ])
  })

  it('a broken file is an error at its line', () => {
    const problem = (text: string) => () => imported(`stream {\n${text}`, {}, 'nginx')
    expect(problem('server { listen 1;')).toThrow('nginx.conf:1:1 this block is not closed: add a "}"')
    expect(problem('} }')).toThrow('nginx.conf:2:1 this "}" closes no block: remove it')
    expect(problem('server { listen 1 } }')).toThrow('nginx.conf:2:1 a ";" is missing: add it')
    expect(problem('listen "1;')).toThrow('nginx.conf:2:1 a quotation mark " is not closed: close it')
  })

  it('hostile text ends in a config, in none, or in an error that names the file', () => {
    const words = fc.constantFrom(
      'stream {',
      'server {',
      'upstream u {',
      'map $a $b {',
      '}',
      ';',
      'listen',
      'proxy_pass $b;',
      'include x;',
      '"',
      '\\',
      '${',
      '\n',
      'deny',
      'all;',
    )
    const text = fc
      .array(fc.oneof(words, fc.string({ maxLength: 8 })), { maxLength: 60 })
      .map((parts) => parts.join(' '))
    const read = () => [{ file: 'x', text: 'include x;' }]
    fc.assert(
      fc.property(text, (hostile) => {
        try {
          importConfig(hostile, { file: 'nginx.conf', from: 'nginx', read })
        } catch (error) {
          expect(error).toBeInstanceOf(MillraceError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
