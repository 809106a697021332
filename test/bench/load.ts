import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** What is asked for, over and over. */
export interface Asked {
  port: number
  path: string
  headers?: Record<string, string>
  /** Cookies that take turns. */
  cookies?: readonly string[]
  /** The status of every answer. */
  status?: number
}

export interface Load {
  seconds: number
  connections: number
  /** Threads of the load itself. */
  threads?: number
}

/** What came of it. */
export interface Answered {
  requests: number
  seconds: number
  /** Ninety-nine of a hundred answers took no longer than this. */
  p99Ms: number
}

const hasWrk = spawnSync('wrk', ['-v']).error === undefined

/** What makes the load: wrk where it is installed, else a loop of our own. */
export const loadedBy = hasWrk ? 'wrk' : 'a loop of node:http'

/**
 * Asks for as much as comes back.
 *
 * @throws when an answer has another status than the one that is told: a refusal is cheap, and no figure.
 */
export const load = (asked: Asked, how: Load): Promise<Answered> =>
  hasWrk ? byWrk(asked, how) : byLoop(asked, how)

async function byWrk(
  { port, path, headers = {}, cookies = [], status = 200 }: Asked,
  { seconds, connections, threads = 1 }: Load,
): Promise<Answered> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const script = join(folder, 'load.lua')
  writeFileSync(script, luaOf(path, headers, cookies, status))
  try {
    const { stdout } = await promisify(execFile)('wrk', [
      `-t${threads}`,
      `-c${connections}`,
      `-d${seconds}s`,
      '--latency',
      '-s',
      script,
      `http://127.0.0.1:${port}`,
    ])
    return parseWrk(stdout)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const quoted = (text: string) => JSON.stringify(text)

/** Requests are made once and sent over and over; answers of another status are counted. */
const luaOf = (
  path: string,
  headers: Record<string, string>,
  cookies: readonly string[],
  status: number,
) => `
local headers = { ${Object.entries(headers)
  .map(([name, value]) => `[${quoted(name)}] = ${quoted(value)}`)
  .join(', ')} }
local cookies = { ${cookies.map(quoted).join(', ')} }
local made = {}
local at = 0
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init()
  bad = 0
  if #cookies == 0 then made[1] = wrk.format('GET', ${quoted(path)}, headers) end
  for index, cookie in ipairs(cookies) do
    headers['Cookie'] = cookie
    made[index] = wrk.format('GET', ${quoted(path)}, headers)
  end
end
function request()
  at = at % #made + 1
  return made[at]
end
function response(status) if status ~= ${status} then bad = bad + 1 end end
function done(summary, latency)
  local wrong = 0
  for _, thread in ipairs(threads) do wrong = wrong + thread:get('bad') end
  local errors = summary.errors
  io.write(string.format('RESULT %d %d %d %d %d\\n', summary.requests, summary.duration, latency:percentile(99),
    wrong, errors.connect + errors.read + errors.write + errors.timeout))
end
`

function parseWrk(output: string): Answered {
  const [, requests, duration, p99, wrong, errors] =
    /RESULT (\d+) (\d+) (\d+) (\d+) (\d+)/.exec(output) ?? []
  if (requests === undefined) throw new Error(`wrk said nothing that is understood:\n${output}`)
  if (Number(wrong) + Number(errors) > 0) {
    throw new Error(`${wrong} of ${requests} answers had another status; ${errors} errors`)
  }
  return {
    requests: Number(requests),
    seconds: Number(duration) / 1_000_000,
    p99Ms: Number(p99) / 1_000,
  }
}

async function byLoop(
  { port, path, headers = {}, cookies = [], status = 200 }: Asked,
  { seconds, connections }: Load,
): Promise<Answered> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const times: number[] = []
  const start = performance.now()
  const end = start + seconds * 1_000
  const one = (): Promise<void> => {
    const begun = performance.now()
    const cookie = cookies[times.length % cookies.length]
    const lines = cookie === undefined ? headers : { ...headers, cookie }
    return new Promise((resolve, reject) => {
      request({ agent, port, path, headers: lines, host: '127.0.0.1' }, (answer) => {
        if (answer.statusCode !== status) reject(new Error(`${path}: ${answer.statusCode}`))
        answer.resume().once('end', () => {
          times.push(performance.now() - begun)
          resolve()
        })
      })
        .once('error', reject)
        .end()
    })
  }
  const worker = async () => {
    while (performance.now() < end) await one()
  }
  await Promise.all(Array.from({ length: connections }, worker))
  agent.destroy()
  return {
    requests: times.length,
    seconds: (performance.now() - start) / 1_000,
    p99Ms: times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0,
  }
}
