/** Metrics as Prometheus reads them: values by sample. Each sample may stand there only once. */

/** The values by name and labels, as they are written. Throws if a sample stands there twice. */
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

/** The samples of counters and histograms that are missing or smaller than before. */
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
