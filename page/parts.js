// @ts-check
/** The tables of the page: what each of them tells. */
import { bytes, quantile, rate, share, time } from './figures.js'
import { Table } from './tables.js'

/** @import { Backend, Cluster, Connection, Ending, Listener, Moment, Traffic } from './moment.js' */

const SURE_FOR_MS = 3000

/**
 * @template Row
 * @typedef {import('./tables.js').Column<Row>} Column
 */
/** @typedef {Backend & { cluster: Cluster }} BackendRow */
/** @typedef {Connection & { mayChange: boolean }} ConnectionRow */

/** @param {Traffic} traffic */
const splicedShare = ({ bytesUp, bytesDown, splicedUp, splicedDown }) =>
  share(splicedUp + splicedDown, bytesUp + bytesDown)

/** @param {{ kill: (id: string) => Promise<void> }} actions */
export function createTables({ kill }) {
  const listeners = listenerTable()
  const backends = backendTable()
  const connections = connectionTable(kill)
  const endings = endingTable()
  return {
    /** @param {Moment} moment */
    show({ status, connections: busiest, mayChange }) {
      listeners.show(status.listeners)
      backends.show(
        status.clusters.flatMap((cluster) => cluster.backends.map((backend) => ({ ...backend, cluster }))),
      )
      connections.show(busiest.map((connection) => ({ ...connection, mayChange })))
      endings.show(status.endings.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count))
    },
  }
}

/** @returns {Table<Listener>} */
function listenerTable() {
  /** @type {Column<Listener>[]} */
  const columns = [
    { title: 'Listener', cell: ({ name }) => name },
    { title: 'Address', isWide: true, cell: ({ address }) => address },
    {
      title: 'State',
      cell: ({ isListening }) => (isListening ? 'listening' : 'closed'),
      tone: ({ isListening }) => (isListening ? 'good' : 'warn'),
    },
    { title: 'Active', isNumber: true, cell: ({ active }) => String(active) },
    { title: 'Accepted', isNumber: true, cell: ({ accepted }) => String(accepted) },
    { title: 'Up', isNumber: true, cell: ({ traffic }) => bytes(traffic.bytesUp) },
    { title: 'Down', isNumber: true, cell: ({ traffic }) => bytes(traffic.bytesDown) },
    { title: 'Spliced', isNumber: true, cell: ({ traffic }) => splicedShare(traffic) },
  ]
  return new Table('listeners', columns, ({ name }) => name, 'none')
}

/** @param {Backend} backend */
function stateOf({ setTo, state, restingMs }) {
  if (setTo !== 'up') return setTo === 'drain' ? 'drained' : 'taken out'
  return restingMs > 0 ? `${state}, rests ${time(restingMs)}` : state
}

/** @returns {Table<BackendRow>} */
function backendTable() {
  /** @type {Column<BackendRow>[]} */
  const columns = [
    { title: 'Backend', cell: ({ address }) => address },
    { title: 'Cluster', cell: ({ cluster }) => cluster.name },
    {
      title: 'State',
      cell: stateOf,
      tone: ({ setTo, state }) => (setTo !== 'up' ? 'warn' : state === 'up' ? 'good' : 'bad'),
    },
    { title: 'Weight', isNumber: true, isWide: true, cell: ({ weight }) => String(weight) },
    { title: 'Active', isNumber: true, cell: ({ active }) => String(active) },
    { title: 'Connects', isNumber: true, isWide: true, cell: ({ connections }) => String(connections) },
    { title: 'Failed', isNumber: true, cell: ({ failures }) => String(failures) },
    { title: 'Last error', isWide: true, cell: ({ lastError }) => lastError ?? '' },
    {
      title: 'Connect p50, p99',
      isNumber: true,
      isWide: true,
      cell: ({ cluster }) => twoQuantiles(cluster.connectSeconds),
    },
    {
      title: 'First byte p50, p99',
      isNumber: true,
      isWide: true,
      cell: ({ cluster }) => twoQuantiles(cluster.firstByteSeconds),
    },
    { title: 'Up', isNumber: true, isWide: true, cell: ({ traffic }) => bytes(traffic.bytesUp) },
    { title: 'Down', isNumber: true, isWide: true, cell: ({ traffic }) => bytes(traffic.bytesDown) },
  ]
  return new Table('backends', columns, ({ cluster, address }) => `${cluster.name} ${address}`, 'none')
}

/** @param {import('./moment.js').Histogram} histogram */
const twoQuantiles = (histogram) => `${quantile(histogram, 0.5)}, ${quantile(histogram, 0.99)}`

/**
 * @param {(id: string) => Promise<void>} kill
 * @returns {Table<ConnectionRow>}
 */
function connectionTable(kill) {
  /** @type {Column<ConnectionRow>[]} */
  const columns = [
    { title: 'Client', cell: ({ client }) => client },
    { title: 'Listener', isWide: true, cell: ({ listener }) => listener },
    {
      title: 'Backend',
      cell: ({ backendAddress, phase }) => backendAddress ?? `(${phase})`,
    },
    { title: 'Name', isWide: true, cell: ({ sni }) => sni ?? '' },
    { title: 'Age', isNumber: true, isWide: true, cell: ({ ageMs }) => time(ageMs) },
    { title: 'Up', isNumber: true, cell: ({ up }) => rate(up.bytesPerSecond) },
    { title: 'Down', isNumber: true, cell: ({ down }) => rate(down.bytesPerSecond) },
    { title: 'Carriers', isWide: true, cell: carriersOf },
    { title: '', cell: ({ id, mayChange }) => (mayChange ? killButton(id, kill) : '') },
  ]
  return new Table('connections', columns, ({ id }) => id, 'none at this moment')
}

/** @param {Connection} connection */
function carriersOf({ up, down }) {
  if (up.carrier === undefined || down.carrier === undefined) return '–'
  const why = [...new Set([up.notSplicing, down.notSplicing].filter((reason) => reason !== undefined))]
  return `${up.carrier} / ${down.carrier}${why.length > 0 ? ` (${why.join(', ')})` : ''}`
}

/**
 * The first press asks, the second one does it.
 * @param {string} id
 * @param {(id: string) => Promise<void>} kill
 */
function killButton(id, kill) {
  const button = document.createElement('button')
  button.type = 'button'
  button.dataset.kill = id
  const rest = () => {
    button.textContent = 'End'
    button.setAttribute('aria-label', `end connection ${id}`)
    button.className = ''
  }
  rest()
  button.addEventListener('click', () => {
    if (button.className === 'sure') {
      button.disabled = true
      void kill(id).finally(() => {
        button.disabled = false
        rest()
      })
      return
    }
    button.textContent = 'Sure?'
    button.setAttribute('aria-label', `really end connection ${id}`)
    button.className = 'sure'
    setTimeout(rest, SURE_FOR_MS)
  })
  return button
}

/** @returns {Table<Ending>} */
function endingTable() {
  /** @type {Column<Ending>[]} */
  const columns = [
    { title: 'Cause', cell: ({ cause }) => cause },
    { title: 'By', cell: ({ by }) => by },
    { title: 'Phase', cell: ({ phase }) => phase },
    { title: 'Listener', cell: ({ listener }) => listener },
    { title: 'Count', isNumber: true, cell: ({ count }) => String(count) },
  ]
  return new Table(
    'endings',
    columns,
    ({ listener, by, phase, cause }) => [listener, by, phase, cause].join(' '),
    'none yet',
  )
}
