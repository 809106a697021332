import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))

/** The built program in a folder of its own, as an operator runs it. */
export interface Program {
  folder: string
  configFile: string
  /** Writes the configuration anew. */
  configure(yaml: string): void
  /** Runs a command to its end. */
  run(args: readonly string[], input?: string): { code: number; out: string; err: string }
  /** The same, while servers of the test's own process go on answering. */
  runBeside(
    args: readonly string[],
    input?: string,
  ): Promise<{ code: number; out: string; err: string }>
  /** Starts `serve` (or another command that stays) and waits for a line. */
  start(args?: readonly string[], until?: RegExp): Promise<Started>
  /** The same without waiting; what it writes goes to a descriptor of ours. */
  startInto(output: number): Started
  /** Ends everything that was started. */
  stop(): Promise<void>
  /** The same, and removes the folder. */
  end(): Promise<void>
}

/** A program that stays. */
export interface Started {
  pid: number
  /** All that it has written so far, to both outputs. */
  output(): string
  /** Waits until it has written something. */
  until(pattern: RegExp): Promise<RegExpExecArray>
  /** Fulfilled with the exit code, or the signal's name. */
  ended: Promise<number | string>
  /** Sends a signal and waits for the end. @returns The exit code, or the signal's name. */
  stop(signal?: NodeJS.Signals): Promise<number | string>
}

/** @param more Of the environment. */
export function createProgram(yaml: string, more: Record<string, string> = {}): Program {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-e2e-'))
  const configFile = join(folder, 'config.yaml')
  const started: Started[] = []
  const configure = (text: string) => writeFileSync(configFile, text)
  configure(yaml)
  const stop = async () => {
    for (const running of started.splice(0)) await running.stop('SIGKILL')
  }
  const environment = { PATH: process.env.PATH ?? '', GATEHOUSE_CONFIG: configFile, ...more }
  const place = { env: environment, cwd: folder }
  const keep = (child: ChildProcess) => {
    const running = watch(child)
    started.push(running)
    return running
  }

  return {
    folder,
    configFile,
    configure,

    run(args, input = '') {
      const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
        input,
        env: environment,
        cwd: folder,
        encoding: 'utf8',
      })
      return { code: status ?? -1, out: stdout, err: stderr }
    },

    runBeside(args, input = '') {
      const child = spawn(process.execPath, [MAIN, ...args], { env: environment, cwd: folder })
      let err = ''
      child.stderr.on('data', (chunk) => {
        err += String(chunk)
      })
      let out = ''
      child.stdout.on('data', (chunk) => {
        out += String(chunk)
      })
      child.stdin.end(input)
      return new Promise((resolve) =>
        child.on('close', (code) => resolve({ code: code ?? -1, out, err })),
      )
    },

    async start(args = ['serve'], until = /gateway: listening/) {
      const running = keep(spawn(process.execPath, [MAIN, ...args], place))
      await running.until(until)
      return running
    },

    startInto: (output) =>
      keep(
        spawn(process.execPath, [MAIN, 'serve'], { ...place, stdio: ['ignore', output, 'pipe'] }),
      ),

    stop,
    async end() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const PATIENCE_MS = 50_000

function watch(child: ChildProcess): Started {
  let written = ''
  let ended: number | string | undefined
  const listeners = new Set<() => void>()
  const tell = () => {
    for (const listener of listeners) listener()
  }
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      written += String(chunk)
      tell()
    })
  }
  child.on('exit', (code, signal) => {
    ended = code ?? signal ?? -1
    tell()
  })

  return {
    ended: new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(code ?? signal ?? -1))
    }),
    pid: child.pid ?? 0,
    output: () => written,

    until(pattern) {
      return new Promise((resolve, reject) => {
        const give = (done: () => void) => {
          clearTimeout(timer)
          listeners.delete(look)
          done()
        }
        const look = () => {
          const found = pattern.exec(written)
          if (found) give(() => resolve(found))
          else if (ended !== undefined) {
            give(() => reject(new Error(`ended with ${ended} before ${pattern}:\n${written}`)))
          }
        }
        const timer = setTimeout(
          () => give(() => reject(new Error(`no ${pattern} in time:\n${written}`))),
          PATIENCE_MS,
        )
        listeners.add(look)
        look()
      })
    },

    stop(signal = 'SIGTERM') {
      return new Promise((resolve) => {
        if (ended !== undefined) return resolve(ended)
        child.once('exit', (code, name) => resolve(code ?? name ?? -1))
        child.kill(signal)
      })
    },
  }
}
