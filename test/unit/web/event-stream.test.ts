import { describe, expect, it } from 'vitest'
import { createSignals } from '../../../src/base/signals.ts'
import { createEventStreams, type Seen, type Watch } from '../../../src/web/event-stream.ts'

const signals = createSignals()

/** Something to wait for, that a test puts there. */
function something(who = 'alice') {
  const pending: Seen[] = []
  let listening = 0
  const watch: Watch = {
    who,
    look: async () => pending.shift() ?? { events: [] },
    listen(hear) {
      listening += 1
      const stop = signals.listen(who, hear)
      return () => {
        listening -= 1
        stop()
      }
    },
  }
  return {
    watch,
    listening: () => listening,
    happen(seen: Seen) {
      pending.push(seen)
      signals.tell(who)
    },
  }
}

/** Reads what comes next, as text; `undefined` at the end. */
function reader(response: Response) {
  const body = response.body?.getReader()
  return {
    async next() {
      const { value } = (await body?.read()) ?? {}
      return value && new TextDecoder().decode(value)
    },
    cancel: () => body?.cancel(),
  }
}

const RETRY = 'retry: 2000\n\n'

describe('a stream of events', () => {
  it('tells what has happened as it happens, and ends when there is no more', async () => {
    const { watch, happen, listening } = something()
    const response = createEventStreams().open(watch)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    expect(response.headers.get('x-accel-buffering')).toBe('no')
    const stream = reader(response)
    expect(await stream.next()).toBe(RETRY)
    happen({ events: [{ name: 'request', data: 'a' }] })
    expect(await stream.next()).toBe('event: request\ndata: a\n\n')
    happen({ events: [{ name: 'request', data: 'b' }], over: true })
    expect(await stream.next()).toBe('event: request\ndata: b\n\n')
    expect(await stream.next()).toBeUndefined()
    expect(listening()).toBe(0)
  })

  it('misses nothing that happens while it looks', async () => {
    const seen: Seen[] = []
    const slow: Watch = {
      who: 'slow',
      async look() {
        await new Promise((resolve) => setTimeout(resolve, 5))
        return seen.shift() ?? { events: [] }
      },
      listen: (hear) => signals.listen('slow', hear),
    }
    const stream = reader(createEventStreams().open(slow))
    expect(await stream.next()).toBe(RETRY)
    seen.push({ events: [{ name: 'a', data: '1' }] }, { events: [{ name: 'a', data: '2' }] })
    signals.tell('slow')
    expect(await stream.next()).toContain('data: 1')
    expect(await stream.next()).toContain('data: 2')
    await stream.cancel()
  })

  it('gives signs of life, and looks also without a signal', async () => {
    const { watch } = something()
    let looks = 0
    const counting = {
      ...watch,
      look: async () => {
        looks += 1
        return { events: [] }
      },
    }
    const stream = reader(createEventStreams({ beatMs: 20, lookMs: 5 }).open(counting))
    expect(await stream.next()).toBe(RETRY)
    expect(await stream.next()).toBe(':\n\n')
    expect(await stream.next()).toBe(':\n\n')
    expect(looks).toBeGreaterThan(1)
    await stream.cancel()
  })

  it('stops listening when the page is gone', async () => {
    const { watch, listening } = something()
    const stream = reader(createEventStreams().open(watch))
    await stream.next()
    expect(listening()).toBe(1)
    await stream.cancel()
    expect(listening()).toBe(0)
  })

  it('ends after a while, so that who waits is looked at anew', async () => {
    const { watch, listening } = something()
    const stream = reader(createEventStreams({ lastsMs: 5 }).open(watch))
    expect(await stream.next()).toBe(RETRY)
    expect(await stream.next()).toBeUndefined()
    expect(listening()).toBe(0)
  })

  it('ends when a look fails', async () => {
    const { watch, listening } = something()
    const look = async () => Promise.reject(new Error('no store'))
    const stream = reader(createEventStreams().open({ ...watch, look }))
    expect(await stream.next()).toBe(RETRY)
    expect(await stream.next()).toBeUndefined()
    expect(listening()).toBe(0)
  })

  it('gives way to a newer one of the same person, and to nobody else’s', async () => {
    const streams = createEventStreams({ mostEach: 2 })
    const { watch, listening } = something()
    const other = something('bob')
    const [first] = [1, 2].map(() => reader(streams.open(watch)))
    streams.open(other.watch)
    streams.open(watch)
    expect(listening()).toBe(2)
    expect(other.listening()).toBe(1)
    await first?.next()
    expect(await first?.next()).toBeUndefined()
    streams.close()
  })

  it('is refused when there are too many in all, and after the end', async () => {
    const streams = createEventStreams({ mostInAll: 1 })
    const { watch, listening } = something()
    streams.open(watch)
    expect(streams.open(something('bob').watch).status).toBe(503)
    streams.close()
    expect(listening()).toBe(0)
    expect(streams.open(watch).status).toBe(503)
  })
})

describe('signals', () => {
  it('are heard by those who listen, until they stop', () => {
    const { tell, listen } = createSignals()
    const heard: string[] = []
    const stop = listen('a', () => heard.push('one'))
    listen('a', () => heard.push('two'))
    listen('b', () => heard.push('other'))
    tell('a')
    stop()
    stop()
    tell('a')
    tell('nobody')
    expect(heard).toEqual(['one', 'two', 'two'])
  })

  it('reach a listener that stops another one', () => {
    const { tell, listen } = createSignals()
    const heard: string[] = []
    const stop = listen('a', () => heard.push('one'))
    listen('a', () => {
      stop()
      heard.push('two')
    })
    tell('a')
    tell('a')
    expect(heard).toEqual(['one', 'two', 'two'])
  })
})
