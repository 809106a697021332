import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import type { Outbox } from '../../../src/channels/contract.ts'
import { ChannelDown, FateUnknown } from '../../../src/channels/errors.ts'
import type { MessageEnd } from '../../../src/channels/message-end.ts'
import { createOutbox } from '../../../src/channels/outbox.ts'
import type { Delivery } from '../../../src/model/message.ts'
import { recordingLog } from '../../support/recording-log.ts'

const MINUTE = 60
const inSeconds = (seconds: number) => systemClock.now() + seconds
const later = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const down = () => new ChannelDown('test', 'ECONNREFUSED')

let outbox: Outbox
const open = (log = silentLog) => {
  outbox = createOutbox({ clock: systemClock, log, random: () => 1 })
}

// Timers, the clock and `performance` move together, and only when told to.
beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
  open()
})
afterEach(async () => {
  const closing = outbox.close()
  await later(3000)
  await closing
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

/** A way out whose tries are counted, and end as told. */
const aWay = (...ends: ((() => Promise<Delivery>) | Delivery | Error)[]) => {
  const way = {
    tries: 0,
    told: [] as MessageEnd[],
    parcel: (seconds = 10 * MINUTE, lane = 'email') => ({
      lane,
      until: inSeconds(seconds),
      async told(state: MessageEnd) {
        way.told.push(state)
      },
      async deliver() {
        const end = ends[Math.min(way.tries, ends.length - 1)]
        way.tries += 1
        if (typeof end === 'function') return end()
        if (end instanceof Error || !end) throw end ?? down()
        return end
      },
    }),
  }
  return way
}
const OK = { ok: true } as const
const NO = { ok: false, refused: 'no such address' } as const
const slowly = (ms: number, end: Delivery | Error) => () =>
  new Promise<Delivery>((resolve, reject) => {
    setTimeout(() => (end instanceof Error ? reject(end) : resolve(end)), ms)
  })

describe('the answer', () => {
  it('is sent, when the first try went well', async () => {
    const way = aWay(OK)
    expect(await outbox.post(way.parcel())).toBe('sent')
    await later(60_000)
    expect(way).toMatchObject({ tries: 1, told: ['sent'] })
  })

  it('is failed, when the other side refuses for good', async () => {
    const way = aWay(NO)
    expect(await outbox.post(way.parcel())).toBe('failed')
    await later(60_000)
    expect(way).toMatchObject({ tries: 1, told: ['refused'] })
  })

  it('is waiting, as soon as a try failed that may go better later', async () => {
    const way = aWay(down(), OK)
    expect(await outbox.post(way.parcel())).toBe('waiting')
    await later(1000)
    expect(way).toMatchObject({ tries: 2, told: ['sent'] })
  })

  it('is waiting after 300 ms, whatever the channel does', async () => {
    const way = aWay(slowly(20_000, OK))
    const answer = outbox.post(way.parcel())
    const seen = vi.fn()
    answer.then(seen, seen)
    await later(299)
    expect(seen).not.toHaveBeenCalled()
    await later(1)
    expect(seen).toHaveBeenCalledWith('waiting')
    await later(20_000)
    expect(way).toMatchObject({ tries: 1, told: ['sent'] })
  })

  it('is followed by the end of the story, also a bad one', async () => {
    const way = aWay(slowly(1000, NO))
    const answer = outbox.post(way.parcel())
    await later(300)
    expect(await answer).toBe('waiting')
    await later(1000)
    expect(way.told).toEqual(['refused'])
  })

  it('comes also when noting the end fails', async () => {
    const { log, lines } = recordingLog()
    open(log)
    const parcel = aWay(down(), OK).parcel()
    const told = async () => {
      throw new Error('the store is gone')
    }
    expect(await outbox.post({ ...parcel, told })).toBe('waiting')
    await later(1000)
    expect(lines.at(-1)).toMatchObject({ level: 'error', fields: { end: 'sent' } })
  })
})

describe('a channel that is down', () => {
  it('is tried again, ever more slowly', async () => {
    const way = aWay(down())
    await outbox.post(way.parcel())
    const seen: number[] = []
    for (const ms of [1000, 2000, 4000]) {
      await later(ms - 1)
      seen.push(way.tries)
      await later(1)
      seen.push(way.tries)
    }
    expect(seen).toEqual([1, 2, 2, 3, 3, 4])
  })

  it('gets nothing any more that would arrive stale', async () => {
    const way = aWay(down())
    await outbox.post(way.parcel(5 * MINUTE))
    await later(5 * MINUTE * 1000 - 5000)
    const { tries } = way
    expect(way.told).toEqual(['late'])
    await later(10 * MINUTE * 1000)
    expect(way).toMatchObject({ tries, told: ['late'] })
  })

  it('is not tried at all with what is stale already', async () => {
    const way = aWay(OK)
    expect(await outbox.post(way.parcel(0))).toBe('failed')
    expect(way.tries).toBe(0)
  })

  it('is left alone after five failures in a row, but for one probe', async () => {
    const ways = Array.from({ length: 20 }, () => aWay(down()))
    await Promise.all(ways.map((way) => outbox.post(way.parcel())))
    const tries = () => ways.reduce((sum, way) => sum + way.tries, 0)
    // Eight were under way when it became clear.
    expect(tries()).toBe(8)
    await later(4999)
    expect(tries()).toBe(8)
    await later(1)
    expect(tries()).toBe(9)
    await later(9999)
    expect(tries()).toBe(9)
    await later(1)
    expect(tries()).toBe(10)
  })

  it('keeps nobody waiting for an answer', async () => {
    let works = false
    const whether = async () => {
      if (!works) throw down()
      return OK
    }
    const first = Array.from({ length: 5 }, () => aWay(whether))
    await Promise.all(first.map((way) => outbox.post(way.parcel())))
    const way = aWay(OK)
    works = true
    // No timer has to move for this.
    expect(await outbox.post(way.parcel())).toBe('waiting')
    expect(way.tries).toBe(0)
    await later(5000)
    expect(way.told).toEqual(['sent'])
  })

  it('gets all that waits once a probe went well', async () => {
    let works = false
    const whether = async () => {
      if (!works) throw down()
      return OK
    }
    const ways = Array.from({ length: 20 }, () => aWay(whether))
    await Promise.all(ways.map((way) => outbox.post(way.parcel())))
    works = true
    await later(5000)
    expect(ways.flatMap(({ told }) => told)).toEqual(Array(20).fill('sent'))
  })

  it('does not hold up another', async () => {
    const first = Array.from({ length: 5 }, () => aWay(down()))
    await Promise.all(first.map((way) => outbox.post(way.parcel())))
    expect(await outbox.post(aWay(OK).parcel(MINUTE, 'sms'))).toBe('sent')
  })

  it('is told of in few lines, without what the other side said', async () => {
    const { log, lines } = recordingLog()
    open(log)
    const chatty = Object.assign(new Error('your code 123456 was refused'), { code: 'EPROTOCOL' })
    await outbox.post(aWay(chatty).parcel(MINUTE))
    await later(MINUTE * 1000)
    expect(JSON.stringify(lines)).not.toContain('123456')
    expect(lines.length).toBeLessThan(6)
    expect(lines.at(-1)).toMatchObject({ level: 'warn', fields: { lane: 'email' } })
  })
})

describe('one person whom nothing reaches', () => {
  const full = { ok: false, later: 'mailbox full' } as const

  it('is tried again, and slows nobody else down', async () => {
    const bad = aWay(full)
    for (let times = 0; times < 20; times += 1) await outbox.post(bad.parcel())
    await later(20_000)
    expect(bad.tries).toBeGreaterThan(40)
    expect(await outbox.post(aWay(OK).parcel())).toBe('sent')
  })

  it('gets the message when there is room for it', async () => {
    const way = aWay(full, full, OK)
    expect(await outbox.post(way.parcel())).toBe('waiting')
    await later(3000)
    expect(way).toMatchObject({ tries: 3, told: ['sent'] })
  })

  it('does not take a channel out of service by failing alone, however often', async () => {
    const bad = aWay(down())
    const parcel = () => ({ ...bad.parcel(), whom: 'bad@example.com' })
    for (let times = 0; times < 20; times += 1) await outbox.post(parcel())
    await later(20_000)
    expect(bad.tries).toBeGreaterThan(20)
    expect(await outbox.post(aWay(OK).parcel())).toBe('sent')
  })

  it.each([
    ['at once', [slowly(600_000, OK)], 'bad@example.com'],
    ['when they are made again', [down(), slowly(600_000, OK)], undefined],
  ])('holds up nobody by tries that hang %s', async (_, ends, whom) => {
    const ways = Array.from({ length: 20 }, () => aWay(...ends))
    for (const way of ways) {
      const answer = outbox.post({ ...way.parcel(), ...(whom === undefined ? {} : { whom }) })
      await later(300)
      await answer
      // Something goes well in between.
      await outbox.post(aWay(OK).parcel())
    }
    await later(5000)
    expect(await outbox.post(aWay(OK).parcel())).toBe('sent')
    const closing = outbox.close()
    await later(600_000)
    await closing
  })

  it('is no probe for everybody else', async () => {
    let works = false
    const whether = async () => {
      if (!works) throw down()
      return OK
    }
    const bad = aWay(down())
    await outbox.post(bad.parcel())
    await later(10_000)
    const ways = Array.from({ length: 5 }, () => aWay(whether))
    await Promise.all(ways.map((way) => outbox.post(way.parcel())))
    works = true
    const fresh = aWay(whether)
    await outbox.post(fresh.parcel())
    await later(10_000)
    expect(fresh.told).toEqual(['sent'])
  })
})

describe('a message that costs money', () => {
  const lost = new FateUnknown('test', 'ECONNABORTED')

  it('is not sent again when it may have been sent', async () => {
    const { log, lines } = recordingLog()
    open(log)
    const way = aWay(lost, OK)
    expect(await outbox.post(way.parcel())).toBe('waiting')
    await later(10 * MINUTE * 1000)
    expect(way).toMatchObject({ tries: 1, told: ['unknown'] })
    expect(lines.at(-1)).toMatchObject({ level: 'warn', fields: { end: 'unknown' } })
  })

  it('tells by that that the channel is out of order', async () => {
    const ways = Array.from({ length: 5 }, () => aWay(lost))
    await Promise.all(ways.map((way) => outbox.post(way.parcel())))
    const next = aWay(OK)
    expect(await outbox.post(next.parcel())).toBe('waiting')
    expect(next.tries).toBe(0)
    await later(5000)
    expect(next.told).toEqual(['sent'])
  })
})

describe('a crowd', () => {
  it('goes through a few at a time', async () => {
    let underWay = 0
    let most = 0
    const slow = async () => {
      most = Math.max(most, ++underWay)
      await slowly(100, OK)()
      underWay -= 1
      return OK
    }
    const answers = Promise.all(Array.from({ length: 100 }, () => outbox.post(aWay(slow).parcel())))
    await later(100 * 100)
    const states = await answers
    expect(most).toBe(8)
    expect(new Set(states)).toEqual(new Set(['sent', 'waiting']))
  })

  it('is bounded: what cannot wait has failed', async () => {
    const crowd = Array.from({ length: 700 }, () => outbox.post(aWay(slowly(600_000, OK)).parcel()))
    await later(300)
    const states = await Promise.all(crowd)
    expect(states.filter((state) => state === 'waiting')).toHaveLength(608)
    expect(states.filter((state) => state === 'failed')).toHaveLength(92)
    const closing = outbox.close()
    await later(600_000)
    await closing
  })
})

describe('the end', () => {
  it('waits a moment for a try under way', async () => {
    const way = aWay(slowly(1000, OK))
    const answer = outbox.post(way.parcel())
    await later(300)
    await answer
    const closing = outbox.close()
    await later(1000)
    await closing
    expect(way.told).toEqual(['sent'])
  })

  it('does not wait for ever', async () => {
    const way = aWay(() => new Promise<Delivery>(() => {}))
    const answer = outbox.post(way.parcel())
    await later(300)
    await answer
    const ended = vi.fn()
    outbox.close().then(ended, ended)
    await later(3000)
    expect(ended).toHaveBeenCalled()
  })

  it('fails what waits, and what comes after', async () => {
    const way = aWay(down())
    await outbox.post(way.parcel())
    await outbox.close()
    expect(way.told).toEqual(['stopped'])
    const after = aWay(OK)
    expect(await outbox.post(after.parcel())).toBe('failed')
    expect(after).toMatchObject({ tries: 0, told: ['stopped'] })
  })
})
