import { Agent, request } from 'node:http'

/** What became of the requests of some clients that never stopped asking. */
export interface Load {
  /** Answers by status. */
  answers: Map<number, number>
  /** Requests that were taken and not answered. */
  broken: string[]
  /** Waits until so many more have been answered. */
  answered(more: number): Promise<void>
  /** Fulfilled once every client has found the door closed, or was told to stop. */
  end: Promise<void>
  stop(): void
}

export interface LoadOptions {
  port: number
  host: string
  path: string
  clients?: number
  headers?: Record<string, string>
}

/** Several clients, each of which keeps its connection and asks as soon as it is answered. */
export function putUnderLoad(options: LoadOptions): Load {
  const { port, host, path, clients = 8, headers = {} } = options
  const answers = new Map<number, number>()
  const broken: string[] = []
  let isStopped = false
  let count = 0

  const ask = (agent: Agent) =>
    new Promise<'answered' | 'closed' | 'broken'>((resolve) => {
      const asked = request(
        { host: '127.0.0.1', port, path, agent, headers: { host, ...headers } },
        (message) => {
          message.resume()
          message.on('error', (cause) => fail(cause))
          message.on('end', () => {
            const status = message.statusCode ?? 0
            answers.set(status, (answers.get(status) ?? 0) + 1)
            count += 1
            resolve('answered')
          })
        },
      )
      const fail = (cause: Error & { code?: string }) => {
        if (cause.code === 'ECONNREFUSED') return resolve('closed')
        broken.push(`${cause.code} ${asked.reusedSocket ? 'kept' : 'new'}`)
        resolve('broken')
      }
      asked.on('error', fail)
      asked.end()
    })

  const client = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (!isStopped) {
      const became = await ask(agent)
      if (became === 'closed') break
      if (became === 'broken' && broken.length > 1000) break
    }
    agent.destroy()
  }
  const end = Promise.all(Array.from({ length: clients }, client)).then(() => undefined)

  return {
    answers,
    broken,
    end,
    async answered(more) {
      const wanted = count + more
      while (count < wanted) await new Promise((resolve) => setTimeout(resolve, 10))
    },
    stop() {
      isStopped = true
    },
  }
}
