/** A broken rule. A shorter schedule must break the same `rule`. */
export class Violation extends Error {
  readonly rule: string

  constructor(rule: string, what: string) {
    super(`${rule}: ${what}`)
    this.name = 'Violation'
    this.rule = rule
  }
}
