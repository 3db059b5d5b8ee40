// @ts-check
/**
 * The status page. It shows the event that it gets every second. A hidden page counts events and draws nothing. When it is
 * visible again, it shows the last event.
 */
import { visible } from '/assets/dist/escape.js'
import { count, frequency, NOTHING, rate } from '/assets/dist/figures.js'
import {
  banned,
  draining,
  processes,
  servingFor,
  splicedShare,
  splicing,
  troubles,
  waitingRates,
} from '/assets/dist/words.js'
import { toneOf } from './backends.js'
import { Charts } from './charts.js'
import { ask, Follower, problemOf } from './events.js'
import { Growths } from './growth.js'
import { History } from './history.js'
import { KillButtons } from './kill-button.js'
import { login } from './login.js'
import { Notices } from './notices.js'
import { countsOf, createTables } from './parts.js'
import { element, tell } from './place.js'
import { Presence } from './presence.js'
import { startSearch } from './search.js'
import { startTheme } from './theme.js'

/** @import { Moment, Past, Status } from './moment.js' */

const KILL_TIMEOUT_MS = 5000

const presence = new Presence()
const history = new History()
const growths = new Growths()
const charts = new Charts()
const buttons = new KillButtons(kill)
const tables = createTables({ history, growths, buttons })
const notices = {
  workers: new Notices('workers'),
  drains: new Notices('drains'),
  bans: new Notices('bans'),
  rates: new Notices('rates'),
}
const picker = /** @type {HTMLSelectElement} */ (element('listener'))
/** @type {Moment | undefined} */
let last
/** When it came, in seconds since 1970. */
let heardAt = 0

/**
 * What the process counted before the page heard of it.
 * @param {Past} past
 */
function recall({ traffic, counts }) {
  /** @param {{ agoMs: number }} sample */
  const timeOf = ({ agoMs }) => (Date.now() - agoMs) / 1000
  const isNew = (/** @type {{ agoMs: number }} */ sample) => timeOf(sample) > heardAt
  for (const sample of traffic.filter(isNew)) history.add(sample, timeOf(sample))
  for (const sample of counts.filter(isNew)) growths.add(countsOf(sample), sample.startedAt, timeOf(sample))
}

/** @param {Moment} moment */
function show(moment) {
  heardAt = Date.now() / 1000
  history.add(moment.status, heardAt)
  growths.add(countsOf(moment.status), moment.status.startedAt, heardAt)
  last = moment
  presence.here(moment.status.state)
  buttons.allow(true)
  draw()
}

function draw() {
  if (document.hidden || last === undefined) return
  const { status } = last
  showFacts(status)
  showTiles(status)
  notices.workers.show(troubles(status, Date.now()))
  notices.drains.show(status.drains.map((drain) => draining(drain, Date.now())))
  notices.bans.show([banned(status, Date.now())].filter(Boolean))
  notices.rates.show(waitingRates(status))
  showListeners(status)
  charts.show(history.of(picker.value))
  tables.show(last)
}

/** @param {Status} status */
function showFacts(status) {
  const facts = [
    servingFor(status, Date.now()),
    `version ${status.version}`,
    processes(status),
    splicing(status),
  ]
  tell('facts', facts.filter(Boolean).join(' · '))
}

/** @param {Status} status */
function showTiles({ connections, clusters }) {
  const point = history.of('').at(-1)
  const failed = history.failed('', 60)
  const backends = clusters.flatMap((cluster) => cluster.backends)
  const good = backends.filter((backend) => toneOf(backend) === 'good')
  const isBad = backends.some((backend) => toneOf(backend) === 'bad')
  tell('tile-active', count(connections.active))
  tell('tile-new', frequency(point?.perSecond ?? 0))
  tell('tile-up', rate(point?.up ?? 0))
  tell('tile-down', rate(point?.down ?? 0))
  tell('tile-spliced', splicedShare(connections))
  tell('tile-failed', count(failed))
  element('tile-failed').className = failed > 0 ? 'bad' : ''
  tell('tile-backends', backends.length === 0 ? NOTHING : `${good.length} of ${backends.length}`)
  element('tile-backends').className = isBad ? 'bad' : ''
}

/** @param {Status} status */
function showListeners({ listeners }) {
  const names = listeners.map(({ name }) => name)
  const shown = [...picker.options].slice(1).map(({ value }) => value)
  if (names.join('\n') === shown.join('\n')) return
  const chosen = picker.value
  picker.replaceChildren(
    ...[...picker.options].slice(0, 1),
    ...names.map((name) => new Option(visible(name), name)),
  )
  picker.value = names.includes(chosen) ? chosen : ''
}

/** Resolves with whether the connection ended. @param {string} id of a connection */
async function kill(id) {
  const signal = AbortSignal.timeout(KILL_TIMEOUT_MS)
  try {
    const path = `/api/v1/connections/${encodeURIComponent(id)}`
    const response = await ask(path, { method: 'DELETE', signal })
    tellKilled(response.ok ? `killed ${id}` : `did not kill ${id}: ${await problemOf(response)}`, response.ok)
    return response.ok
  } catch (error) {
    tellKilled(`${id} may still be open: ${/** @type {Error} */ (error).message}`, false)
    return false
  }
}

/**
 * @param {string} text
 * @param {boolean} isGood
 */
function tellKilled(text, isGood) {
  tell('killed', text)
  element('killed').className = isGood ? '' : 'bad'
}

/** @param {unknown} error an error that the page does not handle */
function tellBug(error) {
  tell('bug', `This page has a fault: ${error}. Reload the page.`)
  element('bug').hidden = false
}

window.addEventListener('error', ({ error }) => tellBug(error))
window.addEventListener('unhandledrejection', ({ reason }) => tellBug(reason))
picker.addEventListener('change', () => charts.show(history.of(picker.value)))
startTheme(() => charts.recolor())
startSearch(() => tables.rearrange())

const follower = new Follower({
  past: recall,
  moment: show,
  gone: (why) => {
    buttons.allow(false)
    presence.gone(why)
  },
  login: () => {
    buttons.allow(false)
    presence.locked()
    return login()
  },
})
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return
  draw()
  follower.wake()
})
window.addEventListener('online', () => follower.wake())
void follower.run()
