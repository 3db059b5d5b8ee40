// Draws how ours stands to the best rival, a family a line, the worst first, in one SVG that reads on light and dark
// pages. The line of 1 is the best rival's; each bar is the interval of the worst load, its dot the median. Pure.
import { FIGURES } from './figures.mjs'
import { labelOf } from './results.mjs'
import { standing } from './standing.mjs'

const LABEL_WIDTH = 420
const PLOT_WIDTH = 340
const NAME_WIDTH = 150
const ROW_HEIGHT = 22
const HEAD_HEIGHT = 56
const LEAST = 0.25
const MOST = 4
const TICKS = [0.25, 0.5, 1, 2, 4]

const STYLE = `text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-weight:600}.hint{font-size:11px;fill:#6e7781}
line{stroke:#d0d7de}.one{stroke:#6e7781;stroke-width:1.5}.worse{fill:#b35900}.better{fill:#0a7d55}.unclear{fill:#6e7781}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.hint{fill:#9198a1}line{stroke:#3d444d}.worse{fill:#f0883e}.better{fill:#2fbf8a}.unclear{fill:#9198a1}}`

/** The SVG text, or undefined when there is nothing to compare. */
export function drawChart(loads) {
  const lines = standing(loads)
  if (lines.length === 0) return undefined
  const width = LABEL_WIDTH + PLOT_WIDTH + NAME_WIDTH
  const height = HEAD_HEIGHT + lines.length * ROW_HEIGHT + 12
  const ticks = TICKS.map((tick) => drawTick(tick, height))
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<style>${STYLE}</style>
<text class="title" x="8" y="18">how many times worse millrace is than the best rival, at its worst load of each family</text>
<text class="hint" x="8" y="34">left of the line millrace is better than the best rival, right of it millrace is worse</text>
${[...ticks, ...lines.map(drawLine)].join('\n')}
</svg>
`
}

function drawTick(tick, height) {
  const x = position(tick)
  const isOne = tick === 1 ? ' class="one"' : ''
  return `<line${isOne} x1="${x}" y1="${HEAD_HEIGHT - 4}" x2="${x}" y2="${height - 8}"/>
<text class="hint" x="${x}" y="${HEAD_HEIGHT - 8}" text-anchor="middle">${tick === 1 ? 'equal' : `× ${tick}`}</text>`
}

function drawLine({ title, figure, load, rival, setback }, i) {
  const y = HEAD_HEIGHT + i * ROW_HEIGHT
  const [low, median, high] = [setback.low, setback.median, setback.high].map(position)
  const kind = setback.low > 1 ? 'worse' : setback.high < 1 ? 'better' : 'unclear'
  const label = escape(`${title}: ${FIGURES[figure].label}`)
  return `<text x="${LABEL_WIDTH - 10}" y="${y + 14}" text-anchor="end">${label}</text>
<rect class="${kind}" x="${low}" y="${y + 8}" width="${Math.max(2, high - low).toFixed(1)}" height="4" rx="2"/>
<circle class="${kind}" cx="${median}" cy="${y + 10}" r="4.5"/>
<text class="hint" x="${LABEL_WIDTH + PLOT_WIDTH + 10}" y="${y + 14}">${setback.median.toFixed(2)} × ${escape(labelOf(load, rival))}</text>`
}

/** On a logarithmic scale; what does not fit stands at its end. */
function position(value) {
  const within = Math.min(MOST, Math.max(LEAST, value))
  return Number((LABEL_WIDTH + (PLOT_WIDTH * Math.log(within / LEAST)) / Math.log(MOST / LEAST)).toFixed(1))
}

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
