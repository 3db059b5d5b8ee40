// @ts-check
/** Two charts of the last five minutes, in the colours of the page. */
import uPlot from '/assets/uPlot.esm.js'
import { bytes } from './figures.js'

/** @import { Point } from './history.js' */

const HEIGHT = 200
const SPAN_SECONDS = 300

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {string} color a custom property of the page
 * @property {boolean} [isFilled]
 * @property {(point: Point) => number | null} value
 */

/** @type {readonly Line[]} */
const BYTES = [
  { label: 'spliced', color: '--good', isFilled: true, value: ({ spliced }) => spliced },
  { label: 'copied', color: '--warn', isFilled: true, value: ({ copied }) => copied },
  { label: 'up', color: '--accent', value: ({ up }) => up },
  { label: 'down', color: '--faint', value: ({ down }) => down },
]

/** @type {readonly Line[]} */
const CONNECTIONS = [
  { label: 'active', color: '--accent', isFilled: true, value: ({ active }) => active },
  { label: 'new per second', color: '--good', value: ({ perSecond }) => perSecond },
]

export class Charts {
  #charts = [
    new Chart('chart-bytes', BYTES, (value) => `${bytes(value)}/s`),
    new Chart('chart-connections', CONNECTIONS, (value) => String(Math.round(value * 10) / 10)),
  ]

  /** @param {readonly Point[]} points */
  show(points) {
    for (const chart of this.#charts) chart.show(points)
  }

  /** After another theme was chosen. */
  recolor() {
    for (const chart of this.#charts) chart.build()
  }
}

class Chart {
  /** @type {HTMLElement} */
  #place
  #lines
  #format
  /** @type {uPlot | undefined} */
  #plot
  /** @type {readonly Point[]} */
  #points = []

  /**
   * @param {string} id
   * @param {readonly Line[]} lines
   * @param {(value: number) => string} format
   */
  constructor(id, lines, format) {
    this.#place = /** @type {HTMLElement} */ (document.getElementById(id))
    this.#lines = lines
    this.#format = format
    this.build()
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.#place)
  }

  build() {
    this.#plot?.destroy()
    this.#plot = new uPlot(this.#options(), this.#data(), this.#place)
  }

  /** @param {readonly Point[]} points */
  show(points) {
    this.#points = points
    this.#plot?.setData(this.#data())
  }

  /** @returns {uPlot.AlignedData} */
  #data() {
    const lines = this.#lines.map(({ value }) => this.#points.map(value))
    return [this.#points.map(({ at }) => at), ...lines]
  }

  #size() {
    return { width: Math.max(200, this.#place.clientWidth), height: HEIGHT }
  }

  /** @returns {uPlot.Options} */
  #options() {
    const style = getComputedStyle(document.body)
    const probe = document.createElement('i')
    document.body.append(probe)
    /** What a pair of colours comes to in the present theme. @param {string} name */
    const color = (name) => {
      probe.style.color = `var(${name})`
      return getComputedStyle(probe).color
    }
    const axis = {
      stroke: color('--faint'),
      grid: { stroke: color('--line'), width: 1 },
      ticks: { show: false },
    }
    const font = `11px ${style.fontFamily}`
    const format = this.#format
    const series = this.#lines.map(({ label, color: name, isFilled }) => ({
      label,
      stroke: color(name),
      width: 1.5,
      ...(isFilled && { fill: color(name).replace(/^rgb\((.*)\)$/, 'rgba($1, 0.15)') }),
      points: { show: false },
      value: (/** @type {uPlot} */ _, /** @type {number | null} */ value) =>
        value === null ? '–' : format(value),
    }))
    probe.remove()
    return {
      ...this.#size(),
      series: [{}, ...series],
      scales: {
        x: { range: (_, _min, max) => [max - SPAN_SECONDS, max] },
        y: { range: (_, _min, max) => [0, Math.max(1, max * 1.1)] },
      },
      axes: [
        { ...axis, font, space: 60, incrs: [60, 120], values: (_, values) => values.map(clock) },
        { ...axis, font, size: 74, values: (_, values) => values.map((value) => format(value)) },
      ],
      cursor: { y: false },
    }
  }
}

/** @param {number} seconds since 1970 */
const clock = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false })
