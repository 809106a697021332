import type { Passkey } from './stored.ts'

/** Longer names are cut. */
const LABEL_CHARACTERS = 60

interface Named {
  /** As far as it is known. */
  model: string | undefined
  /** Is it one that is carried along, and keeps what it holds to itself? */
  carried: boolean
  /** Names that the person's others have. */
  taken: readonly string[]
}

/** A name for a new passkey that no other of the person has. */
export function labelFor({ model, carried, taken }: Named): string {
  const name = (model ?? (carried ? 'Security key' : 'Passkey')).slice(0, LABEL_CHARACTERS)
  if (!taken.includes(name)) return name
  const free = taken.findIndex((_, index) => !taken.includes(`${name} ${index + 2}`))
  return `${name} ${(free < 0 ? taken.length : free) + 2}`
}

/** What tells a passkey from others. */
export function factsOf(passkey: Passkey, label: string): string[] {
  const { model, verifies } = passkey
  const isTold = model === undefined || label.startsWith(model)
  return [
    ...(isTold ? [] : [model]),
    whereItLives(passkey),
    ...(verifies ? [] : ['needs your password, too']),
  ]
}

function whereItLives({ eligible, backedUp }: Passkey): string {
  if (!eligible) return 'this device only'
  return backedUp ? 'synced' : 'not synced yet'
}
