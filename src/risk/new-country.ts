import type { Signal } from './contract.ts'

/** A country from which the person has not signed in before. */
export const newCountry = (score: number): Signal => ({
  name: 'new_country',
  async weigh(facts) {
    const habits = await facts.habits()
    if (!habits || habits.countries.length === 0) return undefined
    const country = (await facts.place())?.country
    const isNew = country !== undefined && !habits.countries.some(({ key }) => key === country)
    return isNew ? { score, reason: 'new_country' } : undefined
  },
})
