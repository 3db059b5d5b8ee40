/** The words in the record of a client that was refused because all backends are down. */
import { expect, it } from 'vitest'
import { A, B, C, clusterOf, useScriptedClusters } from './cluster-rig.js'
import { verdictOf } from './verdict-of.js'

useScriptedClusters()

const down = (reason: string) => verdictOf(false, { reason })

it('the reasons of backends that are down are named, each once', () => {
  const cluster = clusterOf([A, B, C])
  expect(cluster.judge.whyDown).toBe('')
  cluster.checked(A, down('L4TOUT'))
  cluster.checked(B, down('L7STS'))
  cluster.checked(C, down('L4TOUT'))
  expect(cluster.judge.whyDown).toBe('L4TOUT, L7STS')
})

it('the reason of a backend that an operator took out is not named', () => {
  const cluster = clusterOf([A, B])
  cluster.checked(A, down('L4TOUT'))
  cluster.checked(B, down('L7STS'))
  cluster.backend(B)!.set(1, 'maint')
  expect(cluster.judge.whyDown).toBe('L4TOUT')
})
