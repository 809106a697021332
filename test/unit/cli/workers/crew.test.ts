import { beforeEach, describe, expect, it } from 'vitest'
import { OperatorError } from '../../../../src/base/errors.ts'
import { silentLog } from '../../../../src/base/log.ts'
import type { InForce } from '../../../../src/cli/reloader.ts'
import { createCrew, type Fork, type WorkerEvents } from '../../../../src/cli/workers/crew.ts'
import type { FromWorker, ToWorker } from '../../../../src/cli/workers/messages.ts'
import { configOf } from '../../../../src/config/load.ts'

/** A process that does what the test says; by default what a worker promises. */
interface Fake {
  number: number
  heard: ToWorker[]
  say(message: FromWorker): void
  die(how?: string): void
  isDead: boolean
}

let fakes: Fake[]
let answer: (fake: Fake, message: ToWorker) => void

const dutiful = (fake: Fake, message: ToWorker): void => {
  const { say } = message
  if (say === 'start') fake.say({ say: 'listening', port: 9091, policy: message.policy })
  if (say === 'prepare') fake.say({ say: 'prepared', policy: message.policy })
  if (say === 'swap') fake.say({ say: 'swapped', policy: message.policy })
  if (say === 'stop') fake.die('exit code 0')
}

const fork: Fork = (events: WorkerEvents) => {
  const fake: Fake = {
    number: 0,
    heard: [],
    isDead: false,
    say: (message) => setImmediate(() => events.said(message)),
    die(how = 'SIGKILL') {
      if (fake.isDead) return
      fake.isDead = true
      setImmediate(() => events.ended(how))
    },
  }
  fakes.push(fake)
  return {
    pid: fakes.length,
    send(message) {
      if (message.say === 'start') fake.number = message.worker
      fake.heard.push(message)
      if (!fake.isDead) answer(fake, message)
    },
    kill: () => fake.die(),
  }
}

const source = { values: { portal: { url: 'https://auth.example.com' } }, folder: '/' }
const inForce = (policy: number): InForce => ({ source, config: configOf(source), policy })

let time: number
const aCrew = (size = 2, limits = {}) =>
  createCrew({
    size,
    fork,
    log: silentLog,
    first: inForce(1),
    now: () => time,
    limits: { firstDelay: 5, longestDelay: 40, answer: 50, end: 50, ...limits },
  })

beforeEach(() => {
  fakes = []
  answer = dutiful
  time = 1_000_000
})

const alive = () => fakes.filter(({ isDead }) => !isDead)
const saidTo = (fake: Fake | undefined) => fake?.heard.map(({ say }) => say)
const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2))
}

describe('a crew', () => {
  it('begins with all its workers, each with a number of its own', async () => {
    const crew = aCrew(3)
    expect(await crew.start()).toBe(9091)
    expect(fakes.map(({ number }) => number)).toEqual([1, 2, 3])
    expect(crew.working()).toBe(3)
  })

  it('does not begin when one cannot, says why, and leaves nobody behind', async () => {
    answer = (fake, message) => {
      if (message.say !== 'start' || fake.number !== 2) return dutiful(fake, message)
      fake.say({ say: 'failed', fault: 'listen: the port is in use', isOperators: true })
    }
    await expect(aCrew().start()).rejects.toThrow(OperatorError)
    expect(alive()).toEqual([])
  })

  it('does not begin when one dies on the way', async () => {
    answer = (fake, message) => {
      if (message.say === 'start' && fake.number === 1) fake.die()
      else dutiful(fake, message)
    }
    await expect(aCrew().start()).rejects.toThrow(/worker 1 ended/)
    expect(alive()).toEqual([])
  })

  it('replaces whoever dies, under the same number', async () => {
    const crew = aCrew()
    await crew.start()
    fakes[0]?.die()
    await until(() => crew.working() === 1)
    await until(() => crew.working() === 2)
    expect(alive().map(({ number }) => number)).toEqual([2, 1])
  })

  it('waits longer and longer for one that dies again and again', async () => {
    const crew = aCrew(1)
    await crew.start()
    answer = (fake, message) => (message.say === 'start' ? fake.die() : dutiful(fake, message))
    const begun = Date.now()
    fakes[0]?.die()
    await until(() => fakes.length === 5)
    // 5 + 10 + 20 + 40 milliseconds.
    expect(Date.now() - begun).toBeGreaterThanOrEqual(70)
    answer = dutiful
    await until(() => crew.working() === 1)
  })

  it('passes on what one worker tells to all others', async () => {
    const crew = aCrew(3)
    await crew.start()
    fakes[1]?.say({ say: 'tell', topic: 'questions/u1' })
    await until(() => fakes[2]?.heard.length === 2)
    expect(fakes.map(saidTo)).toEqual([['start', 'wake'], ['start'], ['start', 'wake']])
  })

  it('counts on nobody who is silent or has no store', async () => {
    const crew = aCrew()
    await crew.start()
    fakes[0]?.say({ say: 'pulse', works: false })
    await until(() => crew.working() === 1)
    time += 60_000
    expect(crew.working()).toBe(0)
    fakes[1]?.say({ say: 'pulse', works: true })
    await until(() => crew.working() === 1)
  })

  it('ends with all workers, the ones on their way too', async () => {
    const crew = aCrew(2, { firstDelay: 60_000 })
    await crew.start()
    fakes[0]?.die()
    await until(() => crew.working() === 1)
    await crew.stop(LAST)
    expect(alive()).toEqual([])
    expect(fakes).toHaveLength(2)
  })

  it('lets one of them write down what has happened to all, as long as there is one', async () => {
    const crew = aCrew()
    await crew.start()
    const fact = { name: 'config.reloaded', details: { policy: 2 } } as const
    expect(crew.record(fact)).toBe(true)
    expect(await crew.stop(LAST)).toBe(true)
    const told = fakes.flatMap(({ heard }) => heard).filter(({ say }) => say !== 'start')
    expect(told.filter(({ say }) => say === 'record')).toEqual([{ say: 'record', fact }])
    expect(told.filter((message) => 'last' in message)).toEqual([{ say: 'stop', last: LAST }])
    expect(crew.record(fact)).toBe(false)
  })

  it('kills who does not end in time', async () => {
    answer = (fake, message) => {
      if (message.say !== 'stop') dutiful(fake, message)
    }
    const crew = createCrew({
      size: 1,
      fork,
      log: silentLog,
      first: { ...inForce(1), config: { ...inForce(1).config, timeouts: aMoment } },
      limits: { end: 10 },
    })
    await crew.start()
    await crew.stop(LAST)
    expect(alive()).toEqual([])
  })
})

const LAST = { name: 'gateway.stopped' } as const

const aMoment = { ...inForce(1).config.timeouts, drain: 0 }

describe('another configuration', () => {
  it('is prepared by all before anybody puts it in force', async () => {
    const crew = aCrew()
    await crew.start()
    let prepared = 0
    answer = (fake, message) => {
      if (message.say === 'prepare') prepared += 1
      if (message.say === 'swap') expect(prepared).toBe(2)
      dutiful(fake, message)
    }
    await crew.apply(inForce(2))
    for (const fake of fakes) expect(saidTo(fake)).toEqual(['start', 'prepare', 'swap'])
  })

  it('reaches nobody when one cannot build it', async () => {
    const crew = aCrew()
    await crew.start()
    answer = (fake, message) => {
      if (message.say !== 'prepare' || fake.number !== 2) return dutiful(fake, message)
      fake.say({ say: 'prepared', policy: message.policy, fault: 'portal.logo: cannot be read' })
    }
    await expect(crew.apply(inForce(2))).rejects.toThrow('portal.logo')
    for (const fake of fakes) expect(saidTo(fake)).toEqual(['start', 'prepare', 'discard'])
    // Whoever comes later begins with the last good one.
    answer = dutiful
    fakes[0]?.die()
    await until(() => fakes.length === 3)
    expect(fakes[2]?.heard[0]).toMatchObject({ say: 'start', policy: 1 })
  })

  it('reaches nobody when one does not answer', async () => {
    const crew = aCrew()
    await crew.start()
    answer = (fake, message) => {
      if (message.say !== 'prepare' || fake.number !== 1) dutiful(fake, message)
    }
    await expect(crew.apply(inForce(2))).rejects.toThrow('worker 1 does not answer')
    expect(saidTo(fakes[1])).toEqual(['start', 'prepare', 'discard'])
    // An answer that comes too late is not taken for one to the next question.
    answer = dutiful
    fakes[0]?.say({ say: 'prepared', policy: 2, fault: 'late' })
    await crew.apply(inForce(3))
    expect(saidTo(fakes[0])?.slice(-2)).toEqual(['prepare', 'swap'])
  })

  it('is not held up by a worker that dies over it; its successor begins with it', async () => {
    const crew = aCrew()
    await crew.start()
    answer = (fake, message) => {
      if (message.say === 'prepare' && fake.number === 1) fake.die()
      else dutiful(fake, message)
    }
    await crew.apply(inForce(2))
    await until(() => fakes.length === 3)
    expect(fakes[2]?.heard[0]).toMatchObject({ say: 'start', policy: 2 })
  })

  it('catches up with a worker that was on its way', async () => {
    const crew = aCrew(2, { firstDelay: 1 })
    await crew.start()
    let begin = () => {}
    answer = (fake, message) => {
      if (message.say === 'start') begin = () => dutiful(fake, message)
      else dutiful(fake, message)
    }
    fakes[0]?.die()
    await until(() => fakes.length === 3)
    await crew.apply(inForce(2))
    begin()
    await until(() => fakes[2]?.heard.length === 3)
    expect(saidTo(fakes[2])).toEqual(['start', 'prepare', 'swap'])
  })
})
