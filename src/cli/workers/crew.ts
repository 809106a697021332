import type { Fact } from '../../audit/record.ts'
import { OperatorError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { InForce } from '../reloader.ts'
import { type FromWorker, PULSE_EVERY_MS, type ToWorker } from './messages.ts'

/** Another process that works for us. */
export interface WorkerProcess {
  pid: number
  send(message: ToWorker): void
  /** Ends it at once. */
  kill(): void
}

/** Hears what becomes of a worker. */
export interface WorkerEvents {
  said(message: FromWorker): void
  /** @param how Exit code or signal. */
  ended(how: string): void
}

/** Starts one more process. */
export type Fork = (events: WorkerEvents) => WorkerProcess

/** All workers: as many as wanted, all under one configuration, whoever of them dies. */
export interface Crew {
  /**
   * Starts them.
   *
   * @returns The port on which all of them listen.
   * @throws {OperatorError} when one of them cannot begin; none is left then.
   */
  start(): Promise<number>
  /**
   * Puts a configuration in force with all of them, or with none.
   *
   * @throws {OperatorError} when one of them cannot build it.
   */
  apply(next: InForce): Promise<void>
  /** How many take requests at this moment. */
  working(): number
  /** Lets one of them write something down. @returns Whether there is one to do so. */
  record(fact: Fact): boolean
  /**
   * Lets all of them finish what is under way, and one of them write something down in the end.
   *
   * @returns Whether there was one to do so.
   */
  stop(last: Fact): Promise<boolean>
}

export interface CrewDeps {
  size: number
  first: InForce
  fork: Fork
  log: Log
  now?: () => number
  limits?: Partial<typeof LIMITS>
}

/** In milliseconds. */
export const LIMITS = {
  /** A worker that dies is replaced after this time; after twice as much if it dies again soon … */
  firstDelay: 250,
  /** … and so on up to this. */
  longestDelay: 30_000,
  /** Who has lived this long may die once without having died "again". */
  longLife: 60_000,
  /** Building a configuration takes a fraction of a second. */
  answer: 15_000,
  /** Whose last pulse is older is not counted on. */
  pulse: 5 * PULSE_EVERY_MS,
  /** Beyond the time for requests under way. */
  end: 5_000,
}

interface Worker {
  number: number
  process: WorkerProcess
  startedAt: number
  state: 'starting' | 'listening' | 'ended'
  policy: number
  works: boolean
  heardAt: number
  /** Who waits for its word about a configuration, by {@link subjectOf}. */
  answers: Map<string, (fault: string | undefined) => void>
  /** Fulfilled when it is no more. */
  end: PromiseWithResolvers<void>
}

type Question = Extract<ToWorker, { say: 'prepare' | 'swap' }>
type About = Pick<Extract<FromWorker, { say: 'prepared' | 'swapped' }>, 'say' | 'policy'>

const subjectOf = ({ say, policy }: About): string => `${say} ${policy}`

export function createCrew({
  size,
  first,
  fork,
  log,
  now = () => performance.now(),
  ...deps
}: CrewDeps): Crew {
  const limits = { ...LIMITS, ...deps.limits }
  const workers = new Map<number, Worker>()
  const deaths = new Map<number, number>()
  const restarts = new Set<NodeJS.Timeout>()
  let inForce = first
  let stopping = false
  /** Hears of the first beginnings, until all have begun. */
  let beginning: { begun(port: number): void; failed(cause: Error): void } | undefined

  const launch = (number: number) => {
    const { source, policy } = inForce
    const process = fork({
      said: (message) => hear(worker, message),
      ended: (how) => bury(worker, how),
    })
    const worker: Worker = {
      number,
      process,
      startedAt: now(),
      state: 'starting',
      policy,
      works: true,
      heardAt: now(),
      answers: new Map(),
      end: Promise.withResolvers(),
    }
    workers.set(number, worker)
    process.send({ say: 'start', worker: number, of: size, source, policy })
  }

  const hear = (worker: Worker, message: FromWorker) => {
    worker.heardAt = now()
    switch (message.say) {
      case 'listening':
        worker.state = 'listening'
        log.info({ worker: worker.number, pid: worker.process.pid }, 'worker: takes requests')
        beginning?.begun(message.port)
        // Another configuration may have come into force while it was on its way.
        if (worker.policy !== inForce.policy) void catchUp(worker)
        break
      case 'failed':
        log.error({ worker: worker.number, error: message.fault }, 'worker: cannot begin')
        beginning?.failed(
          message.isOperators ? new OperatorError(message.fault) : new Error(message.fault),
        )
        break
      case 'prepared':
      case 'swapped':
        worker.answers.get(subjectOf(message))?.(
          message.say === 'prepared' ? message.fault : undefined,
        )
        break
      case 'tell': {
        const { topic } = message
        const others = listening().filter((other) => other !== worker)
        for (const { process } of others) process.send({ say: 'wake', topic })
        break
      }
      case 'pulse':
        worker.works = message.works
    }
  }

  const bury = (worker: Worker, how: string) => {
    const { number, startedAt } = worker
    worker.state = 'ended'
    workers.delete(number)
    worker.end.resolve()
    if (stopping) return
    beginning?.failed(new Error(`worker ${number} ended (${how}) before it took requests`))
    const lived = now() - startedAt
    const again = lived >= limits.longLife ? 0 : (deaths.get(number) ?? 0)
    deaths.set(number, again + 1)
    const delay = Math.min(limits.longestDelay, limits.firstDelay * 2 ** again)
    log.error({ worker: number, how, restartInMs: delay }, 'worker: died, another takes its place')
    const timer = setTimeout(() => {
      restarts.delete(timer)
      if (!stopping) launch(number)
    }, delay)
    restarts.add(timer)
  }

  /** Sends a worker something that it answers. @returns Why not; `undefined` when all is well. */
  const ask = async (worker: Worker, question: Question): Promise<string | undefined> => {
    const { number, process, answers, end } = worker
    const subject = subjectOf({
      say: question.say === 'prepare' ? 'prepared' : 'swapped',
      policy: question.policy,
    })
    const answer = Promise.withResolvers<string | undefined>()
    const silence = `worker ${number} does not answer`
    const timer = setTimeout(() => answer.resolve(silence), limits.answer)
    answers.set(subject, answer.resolve)
    process.send(question)
    try {
      // Who is no more has nothing against it.
      return await Promise.race([answer.promise, end.promise.then(() => undefined)])
    } finally {
      clearTimeout(timer)
      answers.delete(subject)
    }
  }

  const catchUp = async (worker: Worker) => {
    const { source, policy } = inForce
    worker.policy = policy
    const fault =
      (await ask(worker, { say: 'prepare', source, policy })) ??
      (await ask(worker, { say: 'swap', policy }))
    if (fault === undefined || worker.state === 'ended') return
    log.error({ worker: worker.number, error: fault }, 'worker: does not follow, is replaced')
    worker.process.kill()
  }

  const listening = () => [...workers.values()].filter(({ state }) => state === 'listening')

  const stopAll = async (last?: Fact): Promise<boolean> => {
    const [speaker] = listening()
    stopping = true
    for (const timer of restarts) clearTimeout(timer)
    const { drain } = inForce.config.timeouts
    const patience = drain * 1000 + limits.end
    await Promise.all(
      Array.from(workers.values(), async (worker) => {
        const { process, end } = worker
        process.send({ say: 'stop', ...(last && worker === speaker ? { last } : {}) })
        const deadline = setTimeout(process.kill, patience)
        await end.promise
        clearTimeout(deadline)
      }),
    )
    return speaker !== undefined
  }

  return {
    async start() {
      try {
        return await new Promise<number>((resolve, reject) => {
          let begun = 0
          beginning = {
            failed: reject,
            begun(port) {
              begun += 1
              if (begun === size) resolve(port)
            },
          }
          for (let number = 1; number <= size; number += 1) launch(number)
        })
      } catch (cause) {
        await stopAll()
        throw cause
      } finally {
        beginning = undefined
      }
    },

    async apply(next) {
      const { source, policy } = next
      const members = listening()
      const faults = await Promise.all(
        members.map((worker) => ask(worker, { say: 'prepare', source, policy })),
      )
      const fault = faults.find((it) => it !== undefined)
      if (fault !== undefined) {
        for (const { process } of members) process.send({ say: 'discard', policy })
        throw new OperatorError(fault)
      }
      inForce = next
      await Promise.all(
        members
          .filter(({ state }) => state !== 'ended')
          .map(async (worker) => {
            worker.policy = policy
            if ((await ask(worker, { say: 'swap', policy })) !== undefined) worker.process.kill()
          }),
      )
      // Whoever has begun meanwhile, under the one before.
      await Promise.all(
        listening()
          .filter((it) => it.policy !== policy)
          .map(catchUp),
      )
    },

    working: () =>
      listening().filter(({ works, heardAt }) => works && now() - heardAt < limits.pulse).length,

    record(fact) {
      const [speaker] = listening()
      speaker?.process.send({ say: 'record', fact })
      return speaker !== undefined
    },

    stop: stopAll,
  }
}
