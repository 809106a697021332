import cluster from 'node:cluster'
import type { Fork } from './crew.ts'
import type { FromWorker } from './messages.ts'

/** Starts this very program again, as a worker that shares our ports. */
export const forkWorker: Fork = ({ said, ended }) => {
  cluster.setupPrimary({ serialization: 'advanced' })
  const worker = cluster.fork()
  worker.on('message', (message: FromWorker) => said(message))
  worker.on('exit', (code, signal) => ended(signal ?? `exit code ${code}`))
  // A channel that breaks is followed by the end of the process, and that is heard.
  worker.on('error', () => undefined)
  return {
    pid: worker.process.pid ?? 0,
    send(message) {
      if (worker.isConnected()) worker.send(message)
    },
    kill: () => void worker.process.kill('SIGKILL'),
  }
}
