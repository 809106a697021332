import type { Signal } from './contract.ts'

/** A password that stands on the list of leaked ones: others may know it. */
export const breachedPassword = (score: number): Signal => ({
  name: 'breached_password',
  weigh: async (facts) =>
    (await facts.isBreached()) === true ? { score, reason: 'breached_password' } : undefined,
})
