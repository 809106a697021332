import { createRequire } from 'node:module'
import type * as library from '@simplewebauthn/server'
import type * as helpers from '@simplewebauthn/server/helpers'

const load = createRequire(import.meta.url)

/**
 * The library, from its first use on: with all that it reads certificates with it is larger than everything
 * else that a gateway without passkeys needs of others.
 */
export const webAuthn = (): typeof library => load('@simplewebauthn/server')
export const webAuthnHelpers = (): typeof helpers => load('@simplewebauthn/server/helpers')
