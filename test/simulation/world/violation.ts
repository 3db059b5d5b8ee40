/** Something that must never be so. `rule` is what a shorter schedule has to break as well. */
export class Violation extends Error {
  readonly rule: string

  constructor(rule: string, what: string) {
    super(`${rule}: ${what}`)
    this.name = 'Violation'
    this.rule = rule
  }
}
