export async function writeReport({ options, contenders, samples, failures, seconds }) {
  for (const [k, v] of samples) console.log(k, v[0])
  console.log(failures, seconds)
}
