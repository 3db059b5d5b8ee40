/** A config of nginx → a draft of ours: its `stream` block, or a file that such a block includes. */
import { explainAddressRange } from '../../address-set.js'
import { deny } from '../access.js'
import { applyDirective } from '../directive.js'
import { createDraft, type Draft, type Fields, hoist, put } from '../draft.js'
import { addCommon } from '../haproxy/clusters.js'
import type { GeneralDraft } from '../haproxy/general.js'
import { freeName, safeName } from '../names.js'
import type { Line } from '../place.js'
import type { Remarks } from '../remarks.js'
import { MAIN_DIRECTIVES, SERVER_DIRECTIVES, STREAM_DIRECTIVES } from './directives.js'
import { Includes, type ReadIncluded } from './includes.js'
import { addMap } from './maps.js'
import { type Directive, parseNginx } from './parse.js'
import type { AccessRule, Listen, MapDraft, ServerDraft, UpstreamDraft } from './stream-draft.js'
import { UPSTREAM_DIRECTIVES } from './upstream.js'

export function importNginx(text: string, file: string, read: ReadIncluded, remarks: Remarks): Draft {
  return new NginxImport(file, read, remarks).draftOf(text)
}

class NginxImport {
  readonly #draft = createDraft()
  readonly #general: GeneralDraft
  readonly #file: string
  readonly #includes: Includes
  readonly #remarks: Remarks
  readonly #upstreams = new Map<string, UpstreamDraft>()
  readonly #maps = new Map<string, MapDraft>()
  readonly #zones = new Map<string, string>()
  /** The name of each cluster that was made, by its upstream and what its server says about it. */
  readonly #made = new Map<string, string>()
  readonly #names = new Set<string>()

  constructor(file: string, read: ReadIncluded, remarks: Remarks) {
    this.#file = file
    this.#includes = new Includes(read, remarks)
    this.#remarks = remarks
    this.#general = { fields: this.#draft.general, spreadChecks: undefined, crtBase: '', caBase: '' }
  }

  draftOf(text: string): Draft {
    const top = this.#includes.resolve(parseNginx(text, this.#file))
    const streams = top.filter(({ words: [word] }) => word === 'stream')
    const isPart =
      streams.length === 0 && top.some(({ words: [word] }) => word === 'upstream' || word === 'server')
    if (isPart) this.#readStream(top)
    else {
      for (const directive of top)
        if (!streams.includes(directive))
          applyDirective(MAIN_DIRECTIVES, directive, this.#general, this.#remarks)
      for (const { block } of streams) this.#readStream(this.#includes.resolve(block ?? []))
    }
    hoist(this.#draft)
    return this.#draft
  }

  #readStream(directives: readonly Directive[]): void {
    const servers: Directive[] = []
    const common: Directive[] = []
    for (const directive of directives) {
      const [word, name = '', variable = ''] = directive.words
      if (word === 'server') servers.push(directive)
      else if (word === 'upstream') this.#readUpstream(name, directive.block ?? [])
      else if (word === 'map') this.#maps.set(variable, this.#mapOf(name, directive))
      else if (word === 'limit_conn_zone') this.#zones.set(/zone=([^:]+)/.exec(variable)?.[1] ?? '', name)
      else if (Object.hasOwn(STREAM_DIRECTIVES, word ?? '') || !isOfServers(directive))
        applyDirective(STREAM_DIRECTIVES, directive, this.#general, this.#remarks)
      else common.push(directive)
    }
    for (const server of servers) this.#readServer(server, common)
  }

  #readUpstream(name: string, block: readonly Directive[]): void {
    const upstream: UpstreamDraft = { cluster: {}, servers: [] }
    for (const directive of this.#includes.resolve(block))
      applyDirective(UPSTREAM_DIRECTIVES, directive, upstream, this.#remarks)
    this.#upstreams.set(name, upstream)
  }

  #mapOf(of: string, map: Directive): MapDraft {
    const entries = this.#includes.resolve(map.block ?? [])
    const hasHostNames = entries.some(({ words }) => words[0] === 'hostnames')
    return {
      line: map,
      of,
      hasHostNames,
      entries: entries
        .filter(({ words }) => words.length === 2)
        .map((line) => ({ key: line.words[0]!, value: line.words[1]!, line })),
    }
  }

  /** A server has its own directives, and those of the stream that it does not have itself. */
  #readServer(directive: Directive, common: readonly Directive[]): void {
    const own = this.#includes.resolve(directive.block ?? [])
    const groupOf = (word = ''): string => (word === 'deny' ? 'allow' : word)
    const said = new Set(own.map(({ words: [word] }) => groupOf(word)))
    const inherited = common.filter(({ words: [word] }) => !said.has(groupOf(word)))
    const server: ServerDraft = {
      line: directive,
      listens: [],
      listener: {},
      cluster: { halfClose: 'close' },
      access: [],
      certificates: [],
      hasTlsToBackends: false,
      realIpFrom: [],
      pass: undefined,
      zones: this.#zones,
    }
    for (const line of [...inherited, ...own]) applyDirective(SERVER_DIRECTIVES, line, server, this.#remarks)
    this.#addServer(server)
  }

  #addServer(server: ServerDraft): void {
    const { pass, listens, cluster } = server
    if (pass === undefined) {
      this.#remarks.leftOut(server.line, 'it has no proxy_pass')
      return
    }
    if (cluster.halfClose === 'propagate') delete cluster.halfClose
    const tls = cluster.tls as Fields | undefined
    if (!server.hasTlsToBackends) delete cluster.tls
    else cluster.tls = { verify: false, ...tls }
    const title = pass.target.startsWith('$') ? 'stream' : pass.target.replace(/^unix:/, '')
    for (const listen of listens)
      for (const address of listen.addresses) this.#addListener(server, listen, address, title, pass)
  }

  #addListener(
    server: ServerDraft,
    listen: Listen,
    address: string,
    title: string,
    pass: { line: Line; target: string },
  ): void {
    const { listeners } = this.#draft
    if (listeners.some((other) => other.address === address)) {
      this.#remarks.leftOut(listen.line, `${address} is already an address of a listener`)
      return
    }
    const listener: Fields = {
      name: freeName(title, this.#names),
      address,
      ...structuredClone(server.listener),
    }
    for (const [key, value] of Object.entries(structuredClone(listen.fields))) listener[key] = value
    addTls(server, listen, listener)
    this.#addProxyHeader(server, listen, listener)
    addAccess(server.access, listener, this.#remarks)
    const clusterOf = (target: string): string | undefined =>
      this.#clusterFor(target, server.cluster, pass.line)
    const map = this.#maps.get(pass.target)
    if (map !== undefined) addMap(map, listener, clusterOf, this.#remarks)
    else if (pass.target.startsWith('$'))
      this.#remarks.leftOut(
        pass.line,
        'clusters.NAME.dial dials the server that a client asks for, and needs a list of names',
      )
    else listener.cluster = clusterOf(pass.target)
    if (listener.cluster === undefined && listener.routes === undefined) return
    this.#names.add(String(listener.name))
    listeners.push(JSON.parse(JSON.stringify(listener)))
  }

  #addProxyHeader({ realIpFrom }: ServerDraft, { line }: Listen, listener: Fields): void {
    if (listener.acceptProxy === undefined) return
    // The timeout alone is not enough: only `listen … proxy_protocol` reads a header.
    if (realIpFrom.length === 0)
      this.#remarks.differs(
        line,
        'every peer may send a PROXY header, as in nginx. Write only your load balancers into acceptProxy.from',
      )
    put(listener, 'acceptProxy.from', realIpFrom.length > 0 ? realIpFrom : ['0.0.0.0/0', '::/0'])
  }

  /** The cluster of an upstream or an address. Servers that say different things about it have clusters of their own. */
  #clusterFor(target: string, fields: Fields, line: Line): string | undefined {
    const key = JSON.stringify([target, fields])
    const known = this.#made.get(key)
    if (known !== undefined) return known
    const upstream = this.#upstreams.get(target) ?? this.#upstreamOf(target, line)
    if (upstream === undefined || upstream.servers.length === 0) return undefined
    const name = freeName(safeName(target.replace(/^unix:/, '')), this.#draft.clusters)
    const cluster: Fields = { ...structuredClone(upstream.cluster), ...structuredClone(fields) }
    addCommon(cluster, upstream.servers, this.#remarks)
    cluster.backends = upstream.servers.map(({ backend }) =>
      Object.keys(backend).length === 1 && backend.address !== undefined ? backend.address : { ...backend },
    )
    this.#draft.clusters.set(name, cluster)
    this.#made.set(key, name)
    return name
  }

  /** An address after proxy_pass is an upstream with one server. */
  #upstreamOf(address: string, line: Line): UpstreamDraft | undefined {
    if (address === '' || address.includes('$')) return undefined
    const upstream: UpstreamDraft = { cluster: {}, servers: [] }
    const server = { ...line, words: ['server', address] }
    applyDirective(UPSTREAM_DIRECTIVES, server, upstream, this.#remarks)
    return upstream
  }
}

const isOfServers = ({ words }: Directive): boolean =>
  Object.keys(SERVER_DIRECTIVES).some((name) =>
    name.endsWith('*') ? words[0]?.startsWith(name.slice(0, -1)) : name === words[0],
  )

function addTls({ certificates, listener: said }: ServerDraft, { isTls }: Listen, listener: Fields): void {
  if (!isTls || certificates.length === 0) {
    delete listener.tls
    return
  }
  const [first, ...others] = certificates
  listener.tls = {
    ...first,
    ...(others.length > 0 && { certificates: others }),
    ...(said.tls as Fields | undefined),
  }
}

/** nginx takes the first rule that matches. `limits` denies first. */
function addAccess(rules: readonly AccessRule[], listener: Fields, remarks: Remarks): void {
  const allowed: string[] = []
  for (const { action, range, line } of rules) {
    const text = range.replace(/^unix:$/, 'unix')
    if (text === 'all') {
      if (action === 'deny' && allowed.length > 0) put(listener, 'limits.allow', allowed)
      else if (action === 'deny') remarks.leftOut(line, 'it rejects everybody')
      return
    }
    if (explainAddressRange(text) !== undefined) remarks.leftOut(line, `"${range}" is no range of addresses`)
    else if (action === 'allow') allowed.push(text)
    else deny([text], allowed, listener)
  }
}
