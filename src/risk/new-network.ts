import type { Signal } from './contract.ts'

/** A network from which the person has not signed in before. */
export const newNetwork = (score: number): Signal => ({
  name: 'new_network',
  async weigh(facts) {
    const habits = await facts.habits()
    if (!habits || habits.networks.length === 0) return undefined
    const network = await facts.network()
    const isNew = network !== undefined && !habits.networks.some(({ key }) => key === network)
    return isNew ? { score, reason: 'new_network' } : undefined
  },
})
