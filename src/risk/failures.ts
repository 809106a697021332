import type { Signal } from './contract.ts'

/** More slips than a person makes. */
const ON_ACCOUNT = 5
/** Many people may share an address, and their slips. */
const FROM_ADDRESS = 15

/** A burst of wrong answers just before this right one: on the account, or from the address. */
export const manyFailures = (score: number): Signal => ({
  name: 'failures',
  async weigh({ failures: { account, address } }) {
    if (account >= ON_ACCOUNT) return { score, reason: 'failures_on_account' }
    if (address >= FROM_ADDRESS) return { score, reason: 'failures_from_address' }
    return undefined
  },
})
