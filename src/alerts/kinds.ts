import type { AlertKindName } from './config.ts'
import type { AlertKind, HeardKind } from './contract.ts'
import { burstOfFailures } from './kinds/burst-of-failures.ts'
import { certificateEnding } from './kinds/certificate-ending.ts'
import { channelDown } from './kinds/channel-down.ts'
import { keyEnding } from './kinds/key-ending.ts'
import { manyAccounts } from './kinds/many-accounts.ts'
import { newAdministrator } from './kinds/new-administrator.ts'
import { trailBroken } from './kinds/trail-broken.ts'

/** Kinds that are found out by events; a new one is a line here. */
export const HEARD_KINDS: readonly HeardKind[] = [burstOfFailures, manyAccounts, channelDown]

const ALL: readonly AlertKind[] = [
  ...HEARD_KINDS,
  newAdministrator,
  trailBroken,
  certificateEnding,
  keyEnding,
]

/** Every kind by its name. */
export const KINDS: ReadonlyMap<string, AlertKind> = new Map(ALL.map((kind) => [kind.name, kind]))

export const isKind = (name: string): name is AlertKindName => KINDS.has(name)
