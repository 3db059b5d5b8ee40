/** Metrics as Prometheus reads them: by sample, each of which there is but once. */

/** Values by name and labels, as they are written. Throws where a sample is there twice. */
export function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  for (const line of text.split('\n').filter((each) => each !== '' && !each.startsWith('#'))) {
    const end = line.lastIndexOf(' ')
    const sample = line.slice(0, end)
    if (samples.has(sample)) throw new Error(`${sample} is there twice`)
    samples.set(sample, Number(line.slice(end + 1)))
  }
  return samples
}

/** Samples of counters and histograms that are gone or smaller than they were. */
export function fallen(before: string, after: string): string[] {
  const growing = new Set(
    [...before.matchAll(/^# TYPE (\w+) (?:counter|histogram)$/gm)].map(([, name]) => name),
  )
  const now = samplesOf(after)
  return [...samplesOf(before)]
    .filter(([sample]) => growing.has(/^\w+/.exec(sample)![0].replace(/_(bucket|sum|count)$/, '')))
    .filter(([sample, value]) => !((now.get(sample) ?? -1) >= value))
    .map(([sample]) => sample)
}
