import type { ApiKey } from '../store/contract.ts'
import type { AppEnv } from '../web/env.ts'
import type { Standing } from './quotas.ts'

/** What a handler of the API finds on its context. */
export interface ApiEnv {
  Bindings: AppEnv['Bindings']
  Variables: {
    /** Number of this request, for the log and for whoever asks about a problem. */
    requestId: string
    /** The key by which the application speaks. */
    key: ApiKey
    /** How the quotas stand that this request was taken from. */
    quotas: readonly Standing[]
  }
}
