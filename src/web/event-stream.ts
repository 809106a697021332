/** Streams of server-sent events, for pages that wait for something. */
export interface EventStreams {
  /** Answers with a stream that lasts while the page does, some minutes at most: then the page comes back. */
  open(watch: Watch): Response
  /** How many of one name are open. */
  countOf(who: string): number
  /** Ends all of them, and lets in no more. */
  close(): void
}

/** What a stream is about. */
export interface Watch {
  /** Who waits: of streams of one name, the oldest give way to new ones. */
  who: string
  /** So many of one name; a few, where it is not said. */
  most?: number
  /** Says what there is to say: at the beginning, at every signal, and every two seconds. */
  look(): Promise<Seen>
  /** @returns What ends the listening. */
  listen(hear: () => void): () => void
}

export interface Seen {
  events: readonly ServerEvent[]
  /** Is there nothing more to wait for? */
  over?: boolean
}

export interface ServerEvent {
  /** What the page listens for: letters alone. */
  name: string
  /** On one line. */
  data: string
}

export interface EventStreamsOptions {
  /** A look this often, also without a signal: what waits may have been answered in another process. */
  lookMs?: number
  /** A sign of life this often, so that proxies keep the connection. */
  beatMs?: number
  lastsMs?: number
  mostEach?: number
  mostInAll?: number
}

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  // nginx keeps an answer back until it is full unless it is told not to.
  'X-Accel-Buffering': 'no',
}

/** @see HTML Living Standard, section 9.2 (Server-sent events) */
export function createEventStreams(options: EventStreamsOptions = {}): EventStreams {
  const { lookMs = 2_000, beatMs = 15_000, lastsMs = 300_000 } = options
  const { mostEach = 4, mostInAll = 5_000 } = options
  const open = new Map<string, Set<() => void>>()
  let count = 0
  let isClosed = false

  const admit = ({ who, most = mostEach }: Watch, end: () => void): (() => void) => {
    const own = open.get(who) ?? new Set()
    const [oldest] = own
    if (own.size >= most) oldest?.()
    open.set(who, own.add(end))
    count += 1
    return () => {
      count -= 1
      own.delete(end)
      if (own.size === 0 && open.get(who) === own) open.delete(who)
    }
  }

  return {
    open(watch) {
      if (isClosed || count >= mostInAll) {
        return new Response(null, { status: 503, headers: { 'Retry-After': '5' } })
      }
      const body = streamOf(watch, {
        lookMs,
        beatMs,
        lastsMs,
        admit: (end) => admit(watch, end),
      })
      return new Response(body, { headers: HEADERS })
    },

    countOf: (who) => open.get(who)?.size ?? 0,

    close() {
      isClosed = true
      for (const own of [...open.values()]) for (const end of [...own]) end()
    },
  }
}

interface StreamDeps {
  lookMs: number
  beatMs: number
  lastsMs: number
  admit(end: () => void): () => void
}

function streamOf(watch: Watch, { lookMs, beatMs, lastsMs, admit }: StreamDeps): ReadableStream {
  const text = new TextEncoder()
  let isOver = false
  const endings: (() => void)[] = []
  const end = () => {
    if (isOver) return
    isOver = true
    for (const ending of endings) ending()
  }

  return new ReadableStream({
    start(controller) {
      const write = (line: string) => controller.enqueue(text.encode(line))
      const look = oneAtATime(async () => {
        if (isOver) return
        const { events, over = false } = await watch.look()
        if (isOver) return
        for (const { name, data } of events) write(`event: ${name}\ndata: ${data}\n\n`)
        if (over) end()
      }, end)

      const glance = setInterval(look, lookMs)
      const beat = setInterval(() => write(':\n\n'), beatMs)
      const last = setTimeout(end, lastsMs)
      endings.push(
        watch.listen(look),
        () => clearInterval(beat),
        () => clearInterval(glance),
        () => clearTimeout(last),
        admit(end),
        () => controller.close(),
      )
      // How long a browser waits before it comes back after an end.
      write('retry: 2000\n\n')
      look()
    },

    cancel() {
      // The other side is gone: there is nothing to close any more.
      endings.pop()
      end()
    },
  })
}

/** A signal that comes while a look is under way is answered by one more look afterwards. */
function oneAtATime(look: () => Promise<void>, fail: () => void): () => void {
  let isLooking = false
  let isAskedAgain = false
  const run = async () => {
    isLooking = true
    do {
      isAskedAgain = false
      await look()
    } while (isAskedAgain)
    isLooking = false
  }
  return () => {
    isAskedAgain = true
    // Whatever goes wrong, the page comes back and is told by an ordinary answer.
    if (!isLooking) run().catch(fail)
  }
}
