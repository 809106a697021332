import { sameBytes, sha256 } from '../../base/bytes.ts'
import type { UnixSeconds } from '../../base/clock.ts'
import type { EventDetails } from '../../model/event.ts'
import { readRanges } from './ranges.ts'
import {
  aboutIn,
  type ChainPlace,
  chainHash,
  GENESIS,
  personalDigest,
  personalIn,
  type TrailRow,
} from './row.ts'
import type { Sealed, Seals } from './seals.ts'

/** What is wrong with the trail, at one row. */
export interface TrailFault {
  /** The row; the first of them where several are meant. */
  id: number
  kind:
    | 'missing'
    | 'changed'
    | 'rewritten'
    | 'unexplained'
    | 'cut_off'
    | 'added'
    | 'head'
    | 'checkpoint'
    | 'anchor'
  /** A sentence for the operator. */
  says: string
}

export interface TrailReport {
  /** Ordered by row; the first is the first bad row. No more than {@link MOST_FAULTS}. */
  faults: readonly TrailFault[]
  rows: number
  /** Rows of people who were forgotten, as the trail itself explains. */
  erased: number
  /** Rows whose time is over, as the trail itself explains. */
  pruned: number
  /** After which row the trail begins; 0 for the very first. */
  beginsAfter: number
  /** Its signed end. */
  end: (ChainPlace & { at: UnixSeconds }) | undefined
}

/** What is checked: a view of the trail that does not change meanwhile. */
export interface TrailView {
  head: Sealed | undefined
  /** In the order of their rows. */
  checkpoints: readonly (Sealed & { begins: boolean })[]
  /** Rows by which the trail explains what is missing, in their order. */
  explanations: readonly TrailRow[]
  /** All rows after `id`, in their order, as many as one likes at a time; none at the end. */
  rowsAfter(id: number): Promise<readonly TrailRow[]> | readonly TrailRow[]
}

/** A place of the trail that was written down elsewhere, out of the reach of whoever can write here. */
export interface Anchor {
  id: number
  /** The row's hash in hexadecimal digits, or at least the first 16 of them. */
  hash: string
}

/** Faults that are told; one is enough, and thousands help nobody. */
const MOST_FAULTS = 20

/** Checks every row, every link, every signature, and that whatever is missing is accounted for. */
export async function verifyTrail(
  view: TrailView,
  seals: Seals,
  anchors: readonly Anchor[] = [],
): Promise<TrailReport> {
  const faults: TrailFault[] = []
  const fault = (kind: TrailFault['kind'], id: number, says: string) => {
    faults.push({ kind, id, says })
  }
  const genuine = view.checkpoints.filter((it) => {
    const isGenuine = seals.isGenuine(it.begins ? 'beginning' : 'checkpoint', it)
    if (!isGenuine) fault('checkpoint', it.id, `The checkpoint at row ${it.id} is not ours.`)
    return isGenuine
  })
  const beginning = genuine.findLast(({ begins }) => begins)
  const start: ChainPlace = beginning ?? { id: 0, hash: GENESIS }
  const checkpoints = new Map(
    genuine.filter(({ id }) => id > start.id).map((it) => [it.id, it] as const),
  )
  const anchored = new Map(anchors.map(({ id, hash }) => [id, hash.toLowerCase()]))
  const accounts = accountsIn(view.explanations)

  let place = start
  let sealedUpTo = start.id
  let rows = 0
  let erased = 0
  let pruned = 0

  for (;;) {
    const some = await view.rowsAfter(place.id)
    if (some.length === 0) break
    for (const row of some) {
      const isNext = row.id === place.id + 1
      if (!isNext) fault('missing', place.id + 1, missing(place.id + 1, row.id - 1))
      const why = changed(row) ?? (isNext ? unlinked(row, place) : undefined)
      if (why !== undefined) fault('changed', row.id, `Row ${row.id} ${why}.`)
      const state = stateOf(row, accounts)
      if (state === 'erased') erased += 1
      if (state === 'pruned') pruned += 1
      if (state === 'unexplained') fault('unexplained', row.id, unexplained(row))
      if (row.name === 'trail.broken') fault('head', row.id, headLost(row))
      const checkpoint = checkpoints.get(row.id)
      if (checkpoint) {
        const isSame = sameBytes(checkpoint.hash, row.hash)
        if (!isSame) fault('rewritten', sealedUpTo + 1, rewritten(sealedUpTo + 1, row.id))
        sealedUpTo = row.id
        checkpoints.delete(row.id)
      }
      const hash = anchored.get(row.id)
      if (hash !== undefined) {
        anchored.delete(row.id)
        const isSame = hash.length >= 16 && hex(row.hash).startsWith(hash)
        if (!isSame) fault('anchor', row.id, `Row ${row.id} is not the one that was written down.`)
      }
      place = row
      rows += 1
    }
  }

  const { head } = view
  if (!head) fault('head', place.id + 1, HEAD_GONE)
  else if (!seals.isGenuine('head', head)) fault('head', place.id + 1, HEAD_FORGED)
  else if (head.id > place.id) fault('cut_off', place.id + 1, missing(place.id + 1, head.id, END))
  else if (head.id < place.id) fault('added', head.id + 1, added(head.id + 1, place.id))
  else if (rows > 0 && !sameBytes(head.hash, place.hash))
    fault('rewritten', sealedUpTo + 1, rewritten(sealedUpTo + 1, place.id))
  for (const id of checkpoints.keys()) {
    const says = `A checkpoint was made at row ${id}, which is not there.`
    if (id > place.id) fault('cut_off', place.id + 1, says)
  }
  for (const id of anchored.keys()) {
    if (id > place.id) fault('anchor', place.id + 1, `Row ${id} was written down elsewhere${GONE}`)
  }

  return {
    faults: faults.toSorted((a, b) => a.id - b.id).slice(0, MOST_FAULTS),
    rows,
    erased,
    pruned,
    beginsAfter: start.id,
    end: head && { id: head.id, hash: head.hash, at: head.at },
  }
}

const END = ' from the end'
const GONE =
  ', and the trail ends before it: somebody has put an older state in place of a newer one.'
const HEAD_GONE = 'The signed end of the trail is gone: rows may be missing from its end.'
const HEAD_FORGED =
  'The end of the trail was not signed with this key: rows may be missing from its end.'

const missing = (from: number, to: number, where = '') =>
  from === to ? `Row ${from} is missing${where}.` : `Rows ${from} to ${to} are missing${where}.`
const rewritten = (from: number, to: number) =>
  `Rows from ${from} to ${to} are not those that were signed: one of them was changed, and the chain made anew after it.`
const added = (from: number, to: number) =>
  `Rows ${from} to ${to} were written by somebody else: the signed end of the trail is before them.`
const unexplained = ({ id }: TrailRow) =>
  `Row ${id} was emptied, and the trail does not say that it should have been.`
const headLost = ({ id }: TrailRow) =>
  `When row ${id} was written, the signed end of the trail was gone: rows before it may be missing.`

/** @returns What is wrong with what stands in a row; `undefined` when it is what was written. */
function changed(row: TrailRow): string | undefined {
  const { about, salt, personal } = row
  const isWhole =
    (about === null || sameBytes(sha256(about), row.about_digest)) &&
    (personal === null ||
      (salt !== null && sameBytes(personalDigest(salt, personal), row.personal_digest)))
  if (!isWhole) return 'is not what was written'
  if (about === null && personal !== null) return 'is half emptied'
  try {
    return copiesAgree(row) ? undefined : 'says one thing and is found under another'
  } catch {
    return 'cannot be read'
  }
}

function copiesAgree(row: TrailRow): boolean {
  const { userId = null, sessionId = null, address = null } = personalIn(row)
  const { reference = null } = aboutIn(row)
  const isErased = row.personal === null && row.about !== null
  return (
    (isErased || row.user_id === userId) &&
    row.session_id === sessionId &&
    row.address === address &&
    row.reference === reference
  )
}

const unlinked = (row: TrailRow, previous: ChainPlace): string | undefined =>
  sameBytes(chainHash(previous.hash, row), row.hash)
    ? undefined
    : 'does not follow from the one before: it was changed, moved or put in'

interface Accounts {
  erasures: readonly { pseudonym: string; holds(id: number): boolean; id: number }[]
  /** Until when rows of a name may be empty. */
  prunedUntil: ReadonlyMap<string, number>
}

/** What the trail says of itself about parts that are missing. */
function accountsIn(rows: readonly TrailRow[]): Accounts {
  const erasures: { pseudonym: string; holds(id: number): boolean; id: number }[] = []
  const prunedUntil = new Map<string, number>()
  for (const row of rows) {
    const details = detailsIn(row)
    if (row.name === 'trail.erased') {
      const holds = readRanges(String(details.rows))
      erasures.push({ pseudonym: String(details.pseudonym), holds, id: row.id })
    }
    if (row.name === 'trail.pruned') {
      const name = String(details.event)
      prunedUntil.set(name, Math.max(prunedUntil.get(name) ?? 0, Number(details.until)))
    }
  }
  return { erasures, prunedUntil }
}

// A row that cannot be read explains nothing, and is a fault of its own.
function detailsIn(row: TrailRow): EventDetails {
  try {
    return aboutIn(row).details ?? {}
  } catch {
    return {}
  }
}

function stateOf(
  { id, at, name, about, personal, user_id: pseudonym }: TrailRow,
  { erasures, prunedUntil }: Accounts,
): 'whole' | 'erased' | 'pruned' | 'unexplained' {
  if (about === null) return at < (prunedUntil.get(name) ?? 0) ? 'pruned' : 'unexplained'
  if (personal !== null) return 'whole'
  const isExplained = erasures.some(
    (it) => it.id > id && it.pseudonym === pseudonym && it.holds(id),
  )
  return isExplained ? 'erased' : 'unexplained'
}

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex')
