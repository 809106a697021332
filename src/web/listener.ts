import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import type { AppEnv, Client } from './env.ts'

/** Answers a message with a page. `client` is what was read from it. */
export type PageListener = (
  message: IncomingMessage,
  response: ServerResponse,
  client: Client,
) => void

/** A Hono app, as far as it answers requests. */
export interface Answering {
  fetch(request: Request, env: AppEnv['Bindings']): Response | Promise<Response>
}

/** Lets a Hono app answer node:http messages, and tells it what the listener has read already. */
export function pageListener(app: Answering): PageListener {
  const clients = new WeakMap<object, Client>()
  const listener = getRequestListener(
    (request, env) => {
      const bindings = env as HttpBindings
      const client = clients.get(bindings.incoming)
      if (!client) throw new Error('a message without its reading')
      return app.fetch(request, { ...bindings, client })
    },
    { overrideGlobalObjects: false },
  )
  return (message, response, client) => {
    clients.set(message, client)
    void listener(message, response)
  }
}
