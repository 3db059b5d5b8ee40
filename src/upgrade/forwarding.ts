/** Controls that pass every call on to another one. */
import { CONTROL_METHODS, type Control } from '../control/control.js'

/** `instead`: methods that are not passed on. */
export function forwarding(
  call: (method: keyof Control, args: readonly unknown[]) => Promise<unknown>,
  instead: Partial<Control> = {},
): Control {
  const methods = CONTROL_METHODS.map((method) => [
    method,
    (...args: readonly unknown[]) => call(method, args),
  ])
  return { ...(Object.fromEntries(methods) as Control), ...instead }
}

export function callOn(control: Control, method: keyof Control, args: readonly unknown[]): Promise<unknown> {
  const act = control[method] as (...args: readonly unknown[]) => Promise<unknown>
  return act.call(control, ...args)
}

/** A control that is another one at another time. Calls wait while nobody answers them. */
export class RoutedControl {
  readonly control: Control
  /** The control of this process. */
  readonly first: Control
  /** The last one that answered. Somebody serves all the time, so it knows whether clients can come. */
  #present: Control
  #target: Promise<Control>
  #release: (control: Control) => void = () => {}

  constructor(first: Control) {
    this.first = first
    this.#present = first
    this.#target = Promise.resolve(first)
    this.control = forwarding(async (method, args) => callOn(await this.#target, method, args), {
      readiness: () => this.#present.readiness(),
    })
  }

  /** Calls wait from now on. */
  hold(): void {
    this.#target = new Promise((resolve) => {
      this.#release = resolve
    })
  }

  /** Calls go to this control from now on, those that wait included. */
  route(control: Control): void {
    this.#present = control
    this.#release(control)
    this.#target = Promise.resolve(control)
  }
}
