/** Every carrier keeps the contract over IPv4 and unix sockets, and one carrier also over IPv6. */
import { carriages } from '../support/carriages.js'
import { pipeContract } from './contract.js'

for (const carriage of carriages()) {
  pipeContract(carriage, 'IPv4')
  pipeContract(carriage, 'unix')
}
pipeContract(carriages()[0]!, 'IPv6')
