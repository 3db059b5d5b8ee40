/** Every carrier keeps the contract; sockets that are not TCP over IPv4 are tried where they are different. */
import { carriages } from '../support/carriages.js'
import { pipeContract } from './contract.js'

for (const carriage of carriages()) {
  pipeContract(carriage, 'IPv4')
  pipeContract(carriage, 'unix')
}
pipeContract(carriages()[0]!, 'IPv6')
