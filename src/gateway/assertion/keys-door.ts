import type { Log } from '../../base/log.ts'
import { sendAnswer } from '../answers.ts'
import type { Door } from '../door.ts'
import type { Refusals } from '../refusals.ts'
import type { Assertions, Audience } from './assertions.ts'
import type { KeysForm } from './profile.ts'

/** Shows the public keys with which one application checks its statements. They are nobody's secret. */
export type KeysDoor = (audience: Audience, form: KeysForm) => Door

export interface KeysDoorDeps {
  assertions: Assertions
  refusals: Refusals
  log: Log
}

export function createKeysDoor({ assertions, refusals, log }: KeysDoorDeps): KeysDoor {
  return (audience, form) => (message, response, request) => {
    assertions.keysAs(form, audience).then(
      (body) => sendAnswer(message, response, { status: 200, headers: HEADERS, body }),
      (cause) => {
        log.error({ error: String(cause), host: request.host }, 'gateway: no signing keys')
        sendAnswer(message, response, refusals.failed(request, cause))
      },
    )
  }
}

const HEADERS = [
  ['Content-Type', 'application/json'],
  ['X-Content-Type-Options', 'nosniff'],
  // Far shorter than the time for which a new key is known before it signs.
  ['Cache-Control', 'public, max-age=3600'],
] as const
