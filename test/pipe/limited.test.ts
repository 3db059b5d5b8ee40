/** A pipe that must ask before it takes bytes keeps every sentence of the contract, whatever carries its bytes. */
import { type Carriage, carriages } from '../support/carriages.js'
import { limitAtRandom } from '../support/stingy-throttle.js'
import { pipeContract } from './contract.js'

const CARRIAGES = ['kernel carrier', 'auto', 'stream carrier']

for (const carriage of carriages()) {
  if (CARRIAGES.includes(carriage.name)) pipeContract(limited(carriage), 'IPv4')
}

function limited(carriage: Carriage): Carriage {
  return { ...carriage, name: `${carriage.name}, limited`, prepare: limitAtRandom }
}
