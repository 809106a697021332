import type { Disclose } from '../store/contract.ts'
import { endpointOf } from './push/approver.ts'

/** What a person is told of the data that a kind keeps; a new kind is a line here. */
type Told = (data: Readonly<Record<string, unknown>>) => object

const only =
  (...names: string[]): Told =>
  (data) =>
    Object.fromEntries(names.flatMap((name) => (name in data ? [[name, data[name]]] : [])))

const target = only('target', 'country')

const DISCLOSED: Readonly<Record<string, Told>> = {
  totp: only('lastStep'),
  email: target,
  sms: target,
  voice: target,
  passkey: only(
    'aaguid',
    'model',
    'transports',
    'counter',
    'attested',
    'eligible',
    'backedUp',
    'verifies',
  ),
  push: ({ subscription, ...data }) => ({
    ...only('stage', 'browser', 'confirms', 'relaxed')(data),
    ...(typeof subscription === 'string' ? { notified_by: serviceOf(subscription) } : {}),
  }),
  device_key: only('stage', 'level'),
  backup_code: ({ codes }) => ({
    codes: Array.isArray(codes) ? codes.map(({ used = false }) => ({ used })) : [],
  }),
  pass: only('until'),
}

/** Names what may be told, so that a secret which is added one day stays one. */
export const disclose: Disclose = (kind, data) =>
  Object.hasOwn(DISCLOSED, kind) && typeof data === 'object' && data !== null
    ? DISCLOSED[kind]?.(data as Readonly<Record<string, unknown>>)
    : undefined

/** The address in full is a key to the person's notifications; whose service carries them is not. */
function serviceOf(subscription: string): string | undefined {
  const endpoint = endpointOf(subscription)
  return endpoint === undefined ? undefined : new URL(endpoint).host
}
