// @ts-check
/** Two charts of the last five minutes, in the colours of the page. */
import { NOTHING, rate } from '/assets/dist/figures.js'
import uPlot from '/assets/uPlot.esm.js'
import { clock } from './figures.js'

/** @import { Point } from './history.js' */

const HEIGHT = 200
const SPAN_SECONDS = 300
/** Distances between lines of the grid: 1, 2 or 5 times a power of ten, up to 5 petabytes. */
const STEPS = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat()

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {string} color the name of a custom property in page.css
 * @property {boolean} [isFilled]
 * @property {(point: Point) => number | null} value
 */

/**
 * @typedef {object} Kind
 * @property {readonly Line[]} lines
 * @property {number} least the scale goes up to this value at least
 * @property {(value: number) => string} format
 */

/** @type {Kind} */
const BYTES = {
  least: 1000,
  format: rate,
  lines: [
    { label: 'spliced', color: '--good', isFilled: true, value: ({ spliced }) => spliced },
    { label: 'copied', color: '--warn', isFilled: true, value: ({ copied }) => copied },
    { label: 'up', color: '--accent', value: ({ up }) => up },
    { label: 'down', color: '--faint', value: ({ down }) => down },
  ],
}

/** @type {Kind} */
const CONNECTIONS = {
  least: 5,
  format: (value) => String(Math.round(value * 10) / 10),
  lines: [
    { label: 'active', color: '--accent', isFilled: true, value: ({ active }) => active },
    { label: 'new per second', color: '--good', value: ({ perSecond }) => perSecond },
  ],
}

export class Charts {
  #charts = [new Chart('chart-bytes', BYTES), new Chart('chart-connections', CONNECTIONS)]

  /** @param {readonly Point[]} points */
  show(points) {
    for (const chart of this.#charts) chart.show(points)
  }

  /** Call it after the theme changed: uPlot draws in the colours of the moment when it was built. */
  recolor() {
    for (const chart of this.#charts) chart.build()
  }
}

class Chart {
  /** @type {HTMLElement} */
  #place
  #kind
  /** @type {uPlot | undefined} */
  #plot
  /** @type {readonly Point[]} */
  #points = []

  /**
   * @param {string} id
   * @param {Kind} kind
   */
  constructor(id, kind) {
    this.#place = /** @type {HTMLElement} */ (document.getElementById(id))
    this.#kind = kind
    this.build()
    // Drawing inside the observer's callback would change the observed size, and the browser would call it again.
    const resize = () => requestAnimationFrame(() => this.#plot?.setSize(this.#size()))
    new ResizeObserver(resize).observe(this.#place)
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

  /**
   * While nobody points at the chart, its legend shows the last point. uPlot empties the legend each time that it draws the
   * chart anew: with other data, in another size, in another theme.
   * @param {uPlot} plot
   */
  #showLast(plot) {
    const last = this.#points.length - 1
    if (last >= 0 && plot.cursor.idx == null) plot.setLegend({ idx: last }, false)
  }

  /** @returns {uPlot.AlignedData} */
  #data() {
    const lines = this.#kind.lines.map(({ value }) => this.#points.map(value))
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
    /** The colour that a custom property with light-dark() has in the present theme. @param {string} name */
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
    const { format, least } = this.#kind
    const series = this.#kind.lines.map(({ label, color: name, isFilled }) => ({
      label,
      stroke: color(name),
      width: 1.5,
      ...(isFilled && { fill: color(name).replace(/^rgb\((.*)\)$/, 'rgba($1, 0.15)') }),
      points: { show: false },
      value: (/** @type {uPlot} */ _, /** @type {number | null} */ value) =>
        value === null ? NOTHING : format(value),
    }))
    probe.remove()
    return {
      ...this.#size(),
      series: [{ value: (_, at) => (at === null ? NOTHING : clock(at * 1000)) }, ...series],
      scales: {
        x: { range: (_, _min, max) => [max - SPAN_SECONDS, max] },
        y: { range: (_, _min, max) => [0, Math.max(least, max * 1.1)] },
      },
      axes: [
        { ...axis, font, size: 28, space: 60, incrs: [60, 120], values: (_, values) => values.map(minute) },
        {
          ...axis,
          font,
          size: 74,
          incrs: STEPS,
          values: (_, values) => values.map((value) => format(value)),
        },
      ],
      cursor: { y: false },
      hooks: { setLegend: [(plot) => this.#showLast(plot)] },
    }
  }
}

/** @param {number} seconds since 1970 */
const minute = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false })
