import type { Clock, UnixSeconds } from '../base/clock.ts'
import type { Opened, Standing } from './standing.ts'

/** Why something that is open ends from our side: nobody may have it any more, or we go away. */
export type EndReason = 'not_allowed' | 'going_away'

/** Something that was let in and is still open: a WebSocket, or an answer under way. */
export interface Stream extends Opened {
  /** What let it in. */
  allowedBy: Standing
  /**
   * Has it no end of its own? Then other rules count for it too once they are in force; all else ends
   * under those it began under.
   */
  isEndless: boolean
  end(why: EndReason): void
  /** What was last found; nobody's business but the watch's. */
  seen?: { mark: string; until: UnixSeconds }
  /** Its place among all that is open; the watch's, too. */
  place?: number | undefined
}

/** All that is open. Nothing outlives the right to it by more than a second. */
export interface Streams {
  add(stream: Stream): void
  remove(stream: Stream): void
  /** From here on this decides about what has no end, also what is open already. */
  obey(standing: Standing): void
  /** Tells all that the gateway goes away; what ends of itself may still do so. */
  goAway(): void
}

const LOOK_EVERY_MS = 500
/** Looked at in one go, so that nobody else waits for long. */
const AT_ONCE = 500

/**
 * Looks at what is open again and again: sessions end, users are disabled, groups change, and another
 * process may have done it. One question to the store answers for hundreds of sessions; only those of
 * which something has changed, or whose time is up, are looked at closely.
 */
export function createStreams(clock: Clock): Streams {
  const open = createCrowd()
  let current: Standing | undefined
  let timer: NodeJS.Timeout | undefined
  let isLooking = false
  let lookedAt = 0
  let failures = 0

  const end = (stream: Stream) => {
    // Not asked about again, however long its ending takes.
    open.remove(stream)
    stream.end('not_allowed')
  }
  const lookClosely = (stream: Stream, standing: Standing, mark: string) => {
    const until = standing.until(stream)
    if (until === undefined) return end(stream)
    stream.seen = { mark, until }
    stream.allowedBy = standing
  }

  const lookAt = (groups: readonly Group[]) => {
    const ids = groups.flatMap(({ sessionId }) => sessionId ?? [])
    const marks = new Map<Standing, ReadonlyMap<string, string>>()
    const marksOf = (standing: Standing) => {
      const known = marks.get(standing) ?? standing.marks(ids)
      marks.set(standing, known)
      return known
    }
    const now = clock.now()
    // The clock was set back: what was found out about later times counts no more.
    const isBack = now < lookedAt

    for (const { sessionId, streams } of groups) {
      for (const stream of streams) {
        if (!open.has(stream)) continue
        const standing = (stream.isEndless ? current : undefined) ?? stream.allowedBy
        const isSame = stream.allowedBy === standing
        // Under the same rules nobody loses what everybody has.
        if (sessionId === undefined && isSame) continue
        const mark = sessionId === undefined ? '' : marksOf(standing).get(sessionId)
        const { seen } = stream
        if (mark === undefined) end(stream)
        else if (!isSame || isBack || seen?.mark !== mark || now >= seen.until) {
          lookClosely(stream, standing, mark)
        }
      }
    }
  }

  const look = async () => {
    if (isLooking) return
    if (open.all.length === 0) {
      clearInterval(timer)
      timer = undefined
      return
    }
    isLooking = true
    try {
      const groups = groupsOf(open.all)
      for (let from = 0; from < groups.length; from += AT_ONCE) {
        if (from > 0) await new Promise(setImmediate)
        lookAt(groups.slice(from, from + AT_ONCE))
      }
      lookedAt = clock.now()
      failures = 0
    } catch {
      failures += 1
      // Who cannot be checked cannot stay; a store that is busy is given one more moment.
      if (failures > 1)
        for (const stream of [...open.all]) if (stream.sessionId !== undefined) end(stream)
    } finally {
      isLooking = false
    }
  }

  return {
    add(stream) {
      open.add(stream)
      timer ??= setInterval(look, LOOK_EVERY_MS).unref()
    },
    remove: open.remove,
    obey(standing) {
      current = standing
      void look()
    },
    goAway() {
      for (const stream of [...open.all]) stream.end('going_away')
    },
  }
}

/**
 * Who comes and goes with every request. A set would be made anew every few requests, and what has gone
 * from it would be held by what has been thrown away of it, until all of the memory is tidied.
 */
function createCrowd() {
  const all: Stream[] = []
  return {
    all: all as readonly Stream[],
    has: ({ place }: Stream) => place !== undefined,
    add(stream: Stream) {
      if (stream.place !== undefined) return
      stream.place = all.length
      all.push(stream)
    },
    remove(stream: Stream) {
      const { place } = stream
      const last = all.at(-1)
      if (place === undefined || last === undefined) return
      // The last one moves up.
      all[place] = last
      last.place = place
      all.pop()
      stream.place = undefined
    },
  }
}

/** What was opened with one session, or one stream that needed none. */
interface Group {
  sessionId: string | undefined
  streams: Stream[]
}

function groupsOf(open: Iterable<Stream>): Group[] {
  const groups: Group[] = []
  const bySession = new Map<string, Group>()
  for (const stream of open) {
    const { sessionId } = stream
    const known = sessionId === undefined ? undefined : bySession.get(sessionId)
    if (known) {
      known.streams.push(stream)
      continue
    }
    const group = { sessionId, streams: [stream] }
    groups.push(group)
    if (sessionId !== undefined) bySession.set(sessionId, group)
  }
  return groups
}
