/**
 * A config file, with the files that it includes → a frozen Config, or every problem with its file, line and column. The files are not
 * trusted: whatever they are, each ends as a clear error after bounded work.
 */
import { invalidConfig, type Problem } from '../errors.js'
import type { Finding } from './checks/path.js'
import { withLists } from './lists.js'
import type { Config } from './schema.js'
import type { Environment } from './text/environment.js'
import { ConfigFiles } from './text/includes.js'
import { CHECKS_WITH_DATES, judge } from './validate.js'

export { fileName, spendStdin } from './text/read-file.js'

/**
 * The config in a YAML or JSON file, and in those that it includes, with `${NAME}` filled in from `environment`.
 *
 * @param path `-` is standard input, which can be read once.
 * @throws MillraceError `config-unreadable` if the file cannot be read or is larger than 1 MiB.
 * `config-invalid` with every problem, in the order of the files.
 */
export function loadConfigFile(path: string, environment: Environment): Config {
  return load(path, environment).config
}

/** The same, with the input that the config was made of. */
export function readConfigFile(path: string, environment: Environment): CheckedConfig {
  return load(path, environment)
}

/** A good config, and where its values stand in the files. */
export interface CheckedConfig {
  readonly config: Config
  /** Plain values, as the files have them. A value that stands for a list is a list here. */
  readonly input: unknown
  /** In the order of the files. */
  problemsOf(findings: readonly Finding[]): Problem[]
}

/** As `loadConfigFile`, but certificates that have expired are problems too. */
export function checkConfigFile(path: string, environment: Environment): CheckedConfig {
  return load(path, environment, CHECKS_WITH_DATES)
}

function load(path: string, environment: Environment, checks?: typeof CHECKS_WITH_DATES): CheckedConfig {
  const files = new ConfigFiles(path, environment)
  if (files.all.every(({ isWhole }) => isWhole)) {
    const input = withLists(files.value)
    const verdict = judge(input, checks)
    if ('config' in verdict && files.all.every(({ problems }) => problems.length === 0))
      return {
        config: verdict.config,
        input,
        problemsOf: (findings) =>
          Array.from(files.assign(findings), ([file, its]) => file.problemsOf(its)).flat(),
      }
    const findings = 'config' in verdict ? [] : verdict.findings
    for (const [file, its] of files.assign(findings)) file.add(its)
  }
  throw invalidConfig(files.all.flatMap(({ problems }) => problems))
}
