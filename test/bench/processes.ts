import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../support/ports.ts'

/** A server whose cost is read from the system. */
export interface Served {
  pid: number
  port: number
}

const children: ChildProcess[] = []
const folders: string[] = []

/** Starts one of the bare servers beside this file, and waits until it listens. */
export async function startBare(kind: string, ...args: string[]): Promise<Served> {
  const port = await freePort()
  const file = fileURLToPath(new URL('./bare.ts', import.meta.url))
  const child = spawn(process.execPath, [file, kind, String(port), ...args])
  children.push(child)
  child.stderr.pipe(process.stderr)
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return { pid: pidOf(child), port }
}

/** nginx with one worker before the same application; `undefined` where there is none on this machine. */
export async function startNginx(upstream: number): Promise<Served | undefined> {
  if (spawnSync('nginx', ['-v']).error) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  folders.push(folder)
  const port = await freePort()
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, nginxConfig(folder, port, upstream))
  const child = spawn('nginx', ['-c', file, '-g', 'daemon off;'], { stdio: 'ignore' })
  children.push(child)
  await listening(port)
  // The master only looks after its worker, which does the work; it listens before it has one.
  let [worker] = childrenOf(pidOf(child))
  for (let tries = 0; worker === undefined && tries < 100; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    worker = childrenOf(pidOf(child))[0]
  }
  if (worker === undefined) throw new Error('nginx has no worker')
  return { pid: worker, port }
}

const nginxConfig = (folder: string, port: number, upstream: number) => `
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/f;
  uwsgi_temp_path ${folder}/u;
  scgi_temp_path ${folder}/s;
  keepalive_requests 10000000;
  upstream application { server 127.0.0.1:${upstream}; keepalive 64; keepalive_requests 10000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://application;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }
}
`

/** Waits until somebody takes connections on a port. */
export async function listening(port: number): Promise<void> {
  const { connect } = await import('node:net')
  for (let tries = 0; tries < 200; tries += 1) {
    const taken = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.on('error', () => resolve(false))
    })
    if (taken) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`nobody listens on ${port}`)
}

/** Processes that a process has started (proc(5)). */
export const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => statOf(Number(name))?.[1] === String(pid))
    .map(Number)

/** Ends everything that was started here. */
export function endAll(): void {
  for (const child of children.splice(0)) child.kill('SIGTERM')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}

const TICKS_PER_SECOND = 100

/** User and system time of processes so far, in microseconds (proc(5), fields 14 and 15). */
export const cpuMicroseconds = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    const fields = statOf(pid) ?? []
    return sum + ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1_000_000
  }, 0)

/** Resident memory of a process, in MiB. */
export function residentMiB(pid: number): number {
  const [, kib = '0'] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) / 1024
}

/** How many files a process may have open. */
export function openFilesOf(pid: number): number {
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8')
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1024)
}

/** What follows the name in parentheses, which may hold anything; `undefined` when it is gone. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('a server did not start')
  return pid
}
