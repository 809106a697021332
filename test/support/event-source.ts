import { request } from 'node:http'

/** A page that listens to the server, without a window. */
export interface Listener {
  status: number
  /** Waits for an event of that name. @returns Its data. */
  next(name: string): Promise<string>
  /** Has the server ended the stream? */
  ended: Promise<void>
  close(): void
}

/** @param port Where the gateway listens on loopback. */
export function listenTo(
  port: number,
  url: string,
  headers: Record<string, string>,
): Promise<Listener> {
  const { host, pathname, search } = new URL(url)
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path: pathname + search,
        agent: false,
        headers: { host, ...headers },
      },
      (answer) => {
        const events = new Map<string, string[]>()
        const waiting = new Map<string, (data: string) => void>()
        let text = ''
        answer.on('data', (chunk) => {
          text += String(chunk)
          const blocks = text.split('\n\n')
          text = blocks.pop() ?? ''
          for (const block of blocks) {
            const [, name, data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? []
            if (name === undefined) continue
            const take = waiting.get(name)
            waiting.delete(name)
            if (take) take(data)
            else events.set(name, [...(events.get(name) ?? []), data])
          }
        })
        answer.on('error', () => undefined)
        resolve({
          status: answer.statusCode ?? 0,
          next(name) {
            const [known, ...rest] = events.get(name) ?? []
            if (known === undefined) return new Promise((take) => waiting.set(name, take))
            events.set(name, rest)
            return Promise.resolve(known)
          },
          ended: new Promise((end) => answer.on('close', end)),
          close: () => sent.destroy(),
        })
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}
