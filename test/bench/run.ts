/**
 * What a request costs, as ratios within one run: CPU time of the server process, read from the
 * system, beside that of bare `node:http`, bare http-proxy and nginx doing the same without any check.
 *
 *     npm run bench            all of it, as a table for docs/performance.md
 *     npm run bench -- proxy   what has the word in its name
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { type BenchedGateway, startGateway } from './gateway.ts'
import { type Asked, type Load, load, loadedBy } from './load.ts'
import {
  cpuMicroseconds,
  endAll,
  openFilesOf,
  residentMiB,
  startBare,
  startNginx,
} from './processes.ts'
import { measureSignIns, p99WhileSigningIn } from './sign-ins.ts'
import { echo, openSockets } from './sockets.ts'
import { measureVerifications, type Verified } from './verifications.ts'

const word = process.argv[2] ?? ''
const ROUNDS = 5
const USUAL: Load = { seconds: 3, connections: 16 }
const WARM_UP: Load = { seconds: 2, connections: 16 }
const MANY = 100_000
const IDLE_SOCKETS = 10_000

/** Something that can be measured again and again, in microseconds of CPU time. */
interface Contender {
  name: string
  measure(): Promise<number>
  warmUp(): Promise<unknown>
}

const figures = new Map<string, number>()

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const asking = (name: string, pids: readonly number[], asked: Asked): Contender => ({
  name,
  warmUp: () => load(asked, WARM_UP),
  async measure() {
    const before = cpuMicroseconds(pids)
    const { requests } = await load(asked, USUAL)
    return (cpuMicroseconds(pids) - before) / requests
  },
})

/** In turn, so that all suffer alike from whatever else the machine does. */
async function compare(contenders: readonly Contender[]): Promise<void> {
  const results = new Map(contenders.map(({ name }) => [name, [] as number[]]))
  for (const contender of contenders) await contender.warmUp()
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, measure } of contenders) results.get(name)?.push(await measure())
  }
  for (const [name, values] of results) note(name, median(values), 'µs')
}

function note(name: string, value: number, unit: string): void {
  figures.set(name, value)
  process.stderr.write(`${name.padEnd(52)} ${value.toFixed(1).padStart(9)} ${unit}\n`)
}

const application = await startBare('application')
const bare = await startBare('empty')
const plainProxy = await startBare('proxy', String(application.port))
const nginx = await startNginx(application.port)
const gateways: BenchedGateway[] = []
async function open(options: Parameters<typeof startGateway>[0]): Promise<BenchedGateway> {
  const gateway = await startGateway(options)
  gateways.push(gateway)
  return gateway
}

/** As a proxy in front asks about a page. */
const question = ({ port, host }: BenchedGateway): Asked => ({
  port,
  path: '/api/authz/forward-auth',
  headers: {
    Host: host,
    'X-Forwarded-Method': 'GET',
    'X-Forwarded-Proto': 'http',
    'X-Forwarded-Host': host,
    'X-Forwarded-Uri': '/page',
    'X-Forwarded-For': '192.0.2.7',
  },
})

const page = ({ port, host, cookies }: BenchedGateway, path: string): Asked => ({
  port,
  path,
  headers: { Host: host, Cookie: cookies[0] ?? '' },
})

async function benchForwardAuth(): Promise<void> {
  const one = await open({ upstream: application.port })
  note('memory after start', residentMiB(one.pids[0] ?? 0), 'MiB')
  const asked = question(one)
  const signedIn = { ...asked, headers: { ...asked.headers, Cookie: one.cookies[0] ?? '' } }
  await compare([
    asking('bare node:http, empty 200', [bare.pid], { port: bare.port, path: '/' }),
    asking('bare node:http, empty 200, to the same question', [bare.pid], {
      ...signedIn,
      port: bare.port,
    }),
    asking('forward-auth, signed in, two factors', one.pids, signedIn),
    asking('forward-auth, nobody, 401', one.pids, { ...asked, status: 401 }),
    asking('forward-auth, nobody, 302 to the sign-in', one.pids, {
      ...asked,
      headers: { ...asked.headers, Accept: 'text/html' },
      status: 302,
    }),
  ])
}

async function benchProxy(): Promise<void> {
  const one = await open({ upstream: application.port })
  const contenders = ['/1k', '/1m'].flatMap((path) => {
    const size = path === '/1k' ? '1 KiB' : '1 MiB'
    return [
      asking(`bare http-proxy, ${size}`, [plainProxy.pid], { port: plainProxy.port, path }),
      ...(nginx
        ? [asking(`nginx proxy_pass, ${size}`, [nginx.pid], { port: nginx.port, path })]
        : []),
      asking(`proxy, ${size}, signed in`, one.pids, page(one, path)),
    ]
  })
  await compare(contenders)
}

async function benchMany(): Promise<void> {
  const one = await open({ upstream: application.port })
  const many = await open({ upstream: application.port, sessions: MANY, cookies: 1_000 })
  const byOne = (gateway: BenchedGateway, { headers, ...asked }: Asked): Asked => ({
    ...asked,
    headers: { ...headers, Cookie: gateway.cookies[0] ?? '' },
  })
  const byTurns = ({ headers, ...asked }: Asked): Asked => {
    const { Cookie: _, ...others } = headers ?? {}
    return { ...asked, headers: others, cookies: many.cookies }
  }
  for (const [what, askedOf] of [
    ['forward-auth', question],
    ['proxy, 1 KiB', (gateway: BenchedGateway) => page(gateway, '/1k')],
  ] as const) {
    await compare([
      asking(`${what}, one session`, one.pids, byOne(one, askedOf(one))),
      asking(`${what}, 100,000 sessions`, many.pids, byOne(many, askedOf(many))),
      // Costs more, however many there are: what is kept of a thousand people has no room close to the processor.
      asking(`${what}, a thousand of them by turns`, many.pids, byTurns(askedOf(many))),
    ])
  }
}

async function benchSockets(): Promise<void> {
  const one = await open({ upstream: application.port })
  const { host, port, cookies, pids } = one
  const place = { port, host, cookie: cookies[0] ?? '' }
  const echoing = async (
    name: string,
    pid: number,
    to: typeof place | { port: number; host: string },
  ) => {
    const sockets = await openSockets(to, USUAL.connections)
    const contender: Contender = {
      name,
      warmUp: () => echo(sockets, WARM_UP.seconds),
      async measure() {
        const before = cpuMicroseconds([pid])
        const count = await echo(sockets, USUAL.seconds)
        return (cpuMicroseconds([pid]) - before) / count
      },
    }
    return { contender, end: () => sockets.forEach((socket) => void socket.destroy()) }
  }
  const ours = await echoing('WebSocket echo', pids[0] ?? 0, place)
  const theirs = await echoing('bare http-proxy, WebSocket echo', plainProxy.pid, {
    port: plainProxy.port,
    host: `localhost:${plainProxy.port}`,
  })
  await compare([theirs.contender, ours.contender])
  ours.end()
  theirs.end()
}

async function benchIdleSockets(): Promise<void> {
  const one = await open({ upstream: application.port })
  for (const pid of [process.pid, application.pid, ...one.pids]) allowFiles(pid)
  const pid = one.pids[0] ?? 0
  // Each is two open files there. Where the machine allows fewer, what they take is told for all the same.
  const count = Math.min(IDLE_SOCKETS, Math.floor((openFilesOf(pid) - 200) / 2))
  // What the first ones bring along is not theirs alone.
  const first = await openSockets({ ...one, cookie: one.cookies[0] ?? '' }, 10)
  const before = residentMiB(pid)
  const sockets = await openSockets({ ...one, cookie: one.cookies[0] ?? '' }, count)
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  const grown = residentMiB(pid) - before
  if (count < IDLE_SOCKETS) note(`${count} idle WebSockets`, grown, 'MiB')
  note('10,000 idle WebSockets', (grown * IDLE_SOCKETS) / count, 'MiB')
  const looking = cpuMicroseconds([pid])
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  note('10,000 idle WebSockets, a second', (cpuMicroseconds([pid]) - looking) / 5_000, 'ms')
  for (const socket of [...first, ...sockets]) socket.destroy()
}

/** Each connection is a file, here and there. */
function allowFiles(pid: number): void {
  const { status } = spawnSync('prlimit', [`--pid=${pid}`, '--nofile=65536:65536'])
  if (status !== 0) process.stderr.write(`the limit of open files of ${pid} stays as it is\n`)
}

async function benchSignIns(): Promise<void> {
  const gateway = await open({ upstream: application.port, people: 450 })
  note(
    'sign-in, password and code',
    await measureSignIns(gateway, gateway.people.slice(0, 50)),
    'µs',
  )
  const quiet = await load(page(gateway, '/1k'), { seconds: 10, connections: 4 })
  note('p99 of a proxied GET', quiet.p99Ms, 'ms')
  const p99 = await p99WhileSigningIn(gateway, gateway.people.slice(50, 250), page(gateway, '/1k'))
  note('p99 of a proxied GET while 200 people sign in', p99, 'ms')
}

async function benchVerifications(): Promise<void> {
  const gateway = await open({ upstream: application.port, customers: 3_000 })
  const results: Verified[] = []
  // The first five hundred warm it up.
  for (let from = 0; from < 3_000; from += 500) {
    results.push(await measureVerifications(gateway, gateway.customers.slice(from, from + 500)))
  }
  const counted = results.slice(1)
  note(
    'verify of a code through the API',
    median(counted.map(({ cpuMicroseconds: cost }) => cost)),
    'µs',
  )
  note('the same, a second', median(counted.map(({ perSecond }) => perSecond)), 'requests')
}

async function benchWorkers(): Promise<void> {
  const one = await open({ upstream: application.port })
  const two = await open({ upstream: application.port, workers: 2 })
  const how: Load = { seconds: USUAL.seconds, connections: 32, threads: 2 }
  const results = { one: [] as number[], two: [] as number[] }
  for (let round = 0; round < ROUNDS + 1; round += 1) {
    for (const [name, gateway] of Object.entries({ one, two })) {
      const before = cpuMicroseconds(gateway.pids)
      const start = performance.now()
      const asked = question(gateway)
      const cookie = { Cookie: gateway.cookies[0] ?? '' }
      const { requests } = await load({ ...asked, headers: { ...asked.headers, ...cookie } }, how)
      const cores = (cpuMicroseconds(gateway.pids) - before) / 1_000 / (performance.now() - start)
      // As many as there would be if each worker had a core to itself: the load has some of both.
      const perCore = requests / cores / how.seconds
      if (round > 0) results[name as 'one' | 'two'].push(perCore * gateway.pids.length)
    }
  }
  note('forward-auth, one worker, a second', median(results.one), 'requests')
  note('forward-auth, two workers, a second', median(results.two), 'requests')
}

const PARTS: Record<string, () => Promise<void>> = {
  'forward-auth': benchForwardAuth,
  proxy: benchProxy,
  sessions: benchMany,
  'web-socket': benchSockets,
  idle: benchIdleSockets,
  'sign-in': benchSignIns,
  verify: benchVerifications,
  workers: benchWorkers,
}

/** What is promised, and whether it is kept. */
interface Target {
  what: string
  of: string
  beside?: string
  at: 'most' | 'least'
  limit: number
  unit: string
}

const TARGETS: readonly Target[] = [
  {
    what: 'forward-auth, signed in, two factors',
    of: 'forward-auth, signed in, two factors',
    beside: 'bare node:http, empty 200',
    at: 'most',
    limit: 1.6,
    unit: '× bare `node:http`, empty 200',
  },
  {
    what: 'the same, both answering the same question',
    of: 'forward-auth, signed in, two factors',
    beside: 'bare node:http, empty 200, to the same question',
    at: 'most',
    limit: 1.6,
    unit: '× bare `node:http`, empty 200',
  },
  {
    what: 'proxy, 1 KiB, signed in',
    of: 'proxy, 1 KiB, signed in',
    beside: 'bare http-proxy, 1 KiB',
    at: 'most',
    limit: 0.8,
    unit: '× bare http-proxy',
  },
  {
    what: 'proxy, 1 KiB, signed in',
    of: 'proxy, 1 KiB, signed in',
    beside: 'nginx proxy_pass, 1 KiB',
    at: 'most',
    limit: 3.5,
    unit: '× nginx `proxy_pass`',
  },
  {
    what: 'proxy, 1 MiB, signed in',
    of: 'proxy, 1 MiB, signed in',
    beside: 'bare http-proxy, 1 MiB',
    at: 'most',
    limit: 1.3,
    unit: '× bare http-proxy',
  },
  {
    what: 'forward-auth, 100,000 sessions',
    of: 'forward-auth, 100,000 sessions',
    beside: 'forward-auth, one session',
    at: 'most',
    limit: 1.1,
    unit: '× with one session',
  },
  {
    what: 'proxy, 1 KiB, 100,000 sessions',
    of: 'proxy, 1 KiB, 100,000 sessions',
    beside: 'proxy, 1 KiB, one session',
    at: 'most',
    limit: 1.1,
    unit: '× with one session',
  },
  {
    what: 'two workers',
    of: 'forward-auth, two workers, a second',
    beside: 'forward-auth, one worker, a second',
    at: 'least',
    limit: 1.6,
    unit: '× one worker',
  },
  { what: 'memory after start', of: 'memory after start', at: 'most', limit: 110, unit: 'MiB' },
  {
    what: '10,000 idle WebSockets',
    of: '10,000 idle WebSockets',
    at: 'most',
    limit: 250,
    unit: 'MiB more',
  },
  {
    what: 'p99 of a proxied GET while 200 people sign in',
    of: 'p99 of a proxied GET while 200 people sign in',
    at: 'most',
    limit: 250,
    unit: 'ms',
  },
]

function table(): string {
  const rows = TARGETS.flatMap(({ what, of, beside, at, limit, unit }) => {
    const value = figures.get(of)
    const base = beside === undefined ? 1 : figures.get(beside)
    if (value === undefined || base === undefined) return []
    const figure = value / base
    const kept = at === 'most' ? figure <= limit : figure >= limit
    const digits = beside === undefined ? 0 : 2
    return [
      `| ${what} | ${figure.toFixed(digits)} ${unit} | at ${at} ${limit} | ${kept ? 'yes' : '**no**'} |`,
    ]
  })
  return ['| what | measured | target | met |', '|---|---|---|---|', ...rows].join('\n')
}

function machine(): string {
  const [cpu] = cpus()
  const memory = /MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]
  const gib = Math.round(Number(memory) / 1024 / 1024)
  return `${cpu?.model.trim()}, ${cpus().length} cores, ${gib} GiB, Linux ${release()}, Node ${process.version}, load by ${loadedBy}`
}

try {
  for (const [name, part] of Object.entries(PARTS)) {
    if (!name.includes(word)) continue
    await part()
    for (const gateway of gateways.splice(0)) await gateway.end()
  }
  process.stdout.write(`\n${machine()}; medians of ${ROUNDS} rounds\n\n${table()}\n`)
} finally {
  for (const gateway of gateways) await gateway.end()
  endAll()
}
