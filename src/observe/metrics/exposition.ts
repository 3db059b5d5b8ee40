/**
 * Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats): families of samples → text. Pure.
 */
import type { HistogramStatus } from '../status.js'

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  readonly labels?: Labels
  readonly value: number | HistogramStatus
}

export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: readonly Sample[]
}

/** Leaves out a family without samples. */
export function exposition(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(writeFamily)
    .join('')
}

function writeFamily({ name, type, help, samples }: Family): string {
  const lines = samples.flatMap(({ labels = {}, value }) =>
    typeof value === 'number' ? [writeSample(name, labels, value)] : writeHistogram(name, labels, value),
  )
  return [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n')
}

function writeHistogram(name: string, labels: Labels, { bounds, counts, sum }: HistogramStatus): string[] {
  let total = 0
  const buckets = counts.map((count, index) => {
    total += count
    const le = bounds[index] === undefined ? '+Inf' : String(bounds[index])
    return writeSample(`${name}_bucket`, { ...labels, le }, total)
  })
  return [...buckets, writeSample(`${name}_sum`, labels, sum), writeSample(`${name}_count`, labels, total)]
}

function writeSample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`)
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`
}

const escapeHelp = (text: string): string => text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')

const escapeLabel = (text: string): string => escapeHelp(text).replace(/"/g, '\\"')
