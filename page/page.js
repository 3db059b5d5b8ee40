// @ts-check
/**
 * The status page: what is told each second, shown. A page that nobody sees goes on counting, and draws nothing.
 */
import { Charts } from './charts.js'
import { ask, follow } from './events.js'
import { rate, share, time } from './figures.js'
import { History } from './history.js'
import { createTables } from './parts.js'

/** @import { Moment, Status } from './moment.js' */

const history = new History()
const charts = new Charts()
const tables = createTables({ kill })
/** @type {{ at: number, failed: number }[]} of the last minute */
let failures = []
let hasMoment = false

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id))

/**
 * @param {string} id
 * @param {string} text
 */
function tell(id, text) {
  const place = element(id)
  if (place.textContent !== text) place.textContent = text
}

/** @param {Moment} moment */
function show(moment) {
  const now = Date.now() / 1000
  history.add(moment, now)
  countFailures(moment.status, now)
  hasMoment = true
  tellState(moment.status.state, moment.status.state)
  if (document.hidden) return
  draw(moment.status)
  tables.show(moment)
}

/** @param {Status} status */
function draw(status) {
  const { version, startedAt, workers, notSplicing, connections } = status
  const since = startedAt === undefined ? '' : ` · up ${time(Date.now() - Date.parse(startedAt))}`
  const how = notSplicing === undefined ? 'splicing' : `not splicing: ${notSplicing}`
  tell('facts', `${version}${since} · ${workers === 1 ? '1 process' : `${workers} workers`} · ${how}`)
  const point = history.of('').at(-1)
  const [up, down] = [point?.up ?? 0, point?.down ?? 0]
  tell('tile-active', String(connections.active))
  tell('tile-new', (point?.perSecond ?? 0).toFixed(1))
  tell('tile-up', rate(up))
  tell('tile-down', rate(down))
  const moved = connections.bytesUp + connections.bytesDown
  const spliced = connections.splicedUp + connections.splicedDown
  tell('tile-spliced', share(spliced, moved))
  tell('tile-failed', String((failures.at(-1)?.failed ?? 0) - (failures[0]?.failed ?? 0)))
  showListeners(status)
  charts.show(history.of(picker.value))
}

/**
 * Ends that were somebody's failure. That a client resets, or is silent for too long, is ordinary.
 * @param {Status} status
 * @param {number} now
 */
function countFailures({ endings }, now) {
  const ordinary = [
    'finished',
    'client-gone',
    'idle-timeout',
    'half-closed-timeout',
    'lifetime',
    'ordered',
    'drained',
    'killed',
  ]
  const failed = endings
    .filter(({ by, cause }) => (cause === 'reset' ? by !== 'client' : !ordinary.includes(cause)))
    .reduce((sum, { count }) => sum + count, 0)
  if (failed < (failures.at(-1)?.failed ?? 0)) failures = []
  failures = [...failures.filter(({ at }) => now - at <= 60), { at: now, failed }]
}

const picker = /** @type {HTMLSelectElement} */ (element('listener'))
picker.addEventListener('change', () => charts.show(history.of(picker.value)))

/** @param {Status} status */
function showListeners({ listeners }) {
  const names = listeners.map(({ name }) => name)
  const shown = [...picker.options].slice(1).map(({ value }) => value)
  if (names.join('\n') === shown.join('\n')) return
  const chosen = picker.value
  while (picker.options.length > 1) picker.remove(1)
  for (const name of names) picker.add(new Option(name, name))
  picker.value = names.includes(chosen) ? chosen : ''
}

/**
 * @param {string} state
 * @param {string} text
 */
function tellState(state, text) {
  element('state').dataset.state = state
  tell('state', text)
}

function gone() {
  tellState(hasMoment ? 'gone' : 'connecting', hasMoment ? 'disconnected, asking again' : 'connecting…')
}

/** @param {string} id of a connection */
async function kill(id) {
  const response = await ask(`/api/v1/connections/${encodeURIComponent(id)}`, { method: 'DELETE' })
  const answer = await response.json()
  tell('killed', response.ok ? `ended ${id}` : answer.detail)
}

/** @returns {Promise<string>} */
function askToken() {
  const form = /** @type {HTMLFormElement} */ (element('login'))
  const field = /** @type {HTMLInputElement} */ (element('token'))
  form.hidden = false
  tellState('connecting', 'a token is needed')
  field.focus()
  return new Promise((resolve) => {
    form.addEventListener(
      'submit',
      (event) => {
        event.preventDefault()
        form.hidden = true
        resolve(field.value.trim())
        field.value = ''
      },
      { once: true },
    )
  })
}

const root = document.documentElement
/** @param {string | null} theme */
function setTheme(theme) {
  if (theme === 'dark' || theme === 'light') root.dataset.theme = theme
}

setTheme(localStorage.getItem('theme'))
charts.recolor()
element('theme').addEventListener('click', () => {
  const isDark = root.dataset.theme
    ? root.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches
  setTheme(isDark ? 'light' : 'dark')
  localStorage.setItem('theme', root.dataset.theme ?? '')
  charts.recolor()
})
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => charts.recolor())

void follow({ moment: show, gone, askToken })
