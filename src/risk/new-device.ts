import type { Signal } from './contract.ts'

/** A browser in which the person has not signed in before, known by a cookie of its own. */
export const newDevice = (score: number): Signal => ({
  name: 'new_device',
  async weigh(facts) {
    // At the very first sign-in everything is new, and nothing is unusual.
    if ((await facts.habits()) === undefined) return undefined
    return (await facts.knowsDevice()) === false ? { score, reason: 'new_device' } : undefined
  },
})
