// Draws the four figures people ask for first as bars, in one SVG that reads on light and dark pages. Pure.
import { FIGURES } from './figures.mjs'
import { formatFigure, medianOf } from './results.mjs'

const PANELS = [
  { load: 'bulk-8-down', figure: 'cpuPerGb', title: 'Bulk, 8 connections: proxy CPU seconds per GB' },
  {
    load: 'request-64B-64',
    figure: 'perCpuSecond',
    title: '64 B, 64 connections: round trips per CPU second',
  },
  { load: 'connect', figure: 'cpuMicros', title: 'Connect, 64 B, close: CPU µs per connection' },
  { load: 'idle', figure: 'kibPerConnection', title: 'Idle connection: KiB outside the kernel' },
]
const SHOWN = ['millrace', 'c-splice', 'haproxy-splice', 'haproxy-copy', 'nginx', 'node-pipe']

const PANEL_WIDTH = 440
const LABEL_WIDTH = 120
const BAR_WIDTH = 240
const ROW_HEIGHT = 22
const TITLE_HEIGHT = 46

const STYLE = `text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-weight:600}.hint{font-size:11px;fill:#6e7781}
rect{fill:#9aa7b4}.ours{fill:#0a7d55}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.hint{fill:#9198a1}rect{fill:#59636e}.ours{fill:#2fbf8a}}`

/** The SVG text, or undefined when the run has none of the charted figures. */
export function drawChart(results) {
  const panels = PANELS.flatMap((panel) => barsOf(results, panel))
  if (panels.length === 0) return undefined
  const panelHeight = TITLE_HEIGHT + SHOWN.length * ROW_HEIGHT + 16
  const height = Math.ceil(panels.length / 2) * panelHeight
  const drawn = panels.map((panel, i) =>
    drawPanel(panel, (i % 2) * PANEL_WIDTH, Math.floor(i / 2) * panelHeight),
  )
  const size = `width="${2 * PANEL_WIDTH}" height="${height}" viewBox="0 0 ${2 * PANEL_WIDTH} ${height}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">\n<style>${STYLE}</style>\n${drawn.join('\n')}\n</svg>\n`
}

function barsOf(results, panel) {
  const load = results.loads.find(({ name }) => name === panel.load)
  if (load === undefined) return []
  const bars = SHOWN.flatMap((name) => {
    const value = medianOf(load, name, panel.figure)
    return value === undefined
      ? []
      : [{ name, value, label: load.contenders.find((each) => each.name === name).label }]
  })
  return bars.length === 0 ? [] : [{ ...panel, bars }]
}

function drawPanel({ title, figure, bars }, left, top) {
  const longest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE)
  const hint = FIGURES[figure].better === 'more' ? 'longer is better' : 'shorter is better'
  const rows = bars.map(({ name, label, value }, i) => {
    const y = TITLE_HEIGHT + i * ROW_HEIGHT
    const width = Math.max(1, (BAR_WIDTH * value) / longest).toFixed(1)
    return `<text x="${LABEL_WIDTH - 8}" y="${y + 12}" text-anchor="end">${label}</text>
<rect${name === 'millrace' ? ' class="ours"' : ''} x="${LABEL_WIDTH}" y="${y}" width="${width}" height="${ROW_HEIGHT - 6}" rx="2"/>
<text x="${LABEL_WIDTH + Number(width) + 6}" y="${y + 12}">${formatFigure(figure, value)}</text>`
  })
  return `<g transform="translate(${left},${top})">
<text class="title" x="8" y="16">${title}</text><text class="hint" x="8" y="32">${hint}</text>
${rows.join('\n')}
</g>`
}
