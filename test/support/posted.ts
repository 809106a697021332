import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { portOf } from './ports.ts'

/** A request as it reached the server. */
export interface Posted {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: string
}

/** An HTTP server on loopback that writes down what it is asked. */
export interface PostServer {
  url: string
  posted: Posted[]
  /** Answers from now on; the server decides how. */
  answer: (posted: Posted, response: ServerResponse) => void
  close(): Promise<void>
}

export async function openPostServer(answer: PostServer['answer']): Promise<PostServer> {
  const opened: PostServer = { url: '', posted: [], answer, close }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const posted = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    }
    opened.posted.push(posted)
    opened.answer(posted, response)
  })

  async function close() {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.url = `http://127.0.0.1:${portOf(server)}`
  return opened
}
