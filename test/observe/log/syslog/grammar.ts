/** A strict parser of RFC 5424 section 6: it takes what the grammar allows and nothing else. */

const PRINT = String.raw`[\x21-\x7e]`
const name = (most: number): string => `(-|${PRINT}{1,${most}})`
const TIME = String.raw`(-|\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d))`
const VALUE = String.raw`(?:[^"\\\]]|\\["\\\]])*`
const SD_NAME = String.raw`[\x21\x23-\x3c\x3e-\x5c\x5e-\x7e]{1,32}`
const DATA = `(?:-|(?:\\[${SD_NAME}(?: ${SD_NAME}="${VALUE}")*\\])+)`
const MESSAGE = new RegExp(
  `^<(0|[1-9]\\d{0,2})>1 ${TIME} ${name(255)} ${name(48)} ${name(128)} ${name(32)} ${DATA}(?: (.*))?$`,
  's',
)
const MOST_PRIORITY = 191

/** @throws Error if it is no message of syslog */
export function parseSyslog(bytes: Buffer) {
  const match = MESSAGE.exec(bytes.toString())
  if (match === null) throw new Error(`no message of syslog: ${bytes}`)
  const [, priority, time, hostname, name, pid, id, text] = match
  if (Number(priority) > MOST_PRIORITY) throw new Error(`no priority: ${priority}`)
  const [facility, severity] = [Math.floor(Number(priority) / 8), Number(priority) % 8]
  return { facility, severity, time, hostname, name, pid, id, text: text ?? '' }
}
