import { newKeyToken } from '../../src/api/keys.ts'
import type { ApiKey } from '../../src/store/contract.ts'
import type { TestGateway } from './gateway.ts'

/** An answer of the API, parsed. */
export interface ApiAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came.
  body: any
  text: string
}

/** An application that speaks to the API. */
export interface ApiClient {
  key: ApiKey
  token: string
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>
  get(path: string, headers?: Record<string, string>): Promise<ApiAnswer>
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<ApiAnswer>
}

/** Makes a key for an application, and a client that uses it. */
export async function openApi(
  gateway: TestGateway,
  application: string,
  given: Partial<ApiKey> = {},
): Promise<ApiClient> {
  const { id, token, secretHash } = newKeyToken()
  const key: ApiKey = {
    id,
    application,
    label: 'test',
    scopes: ['2fa', 'biometric'],
    networks: [],
    createdAt: gateway.clock.now(),
    ...given,
  }
  await gateway.store.apiKeys.insert(key, secretHash)
  const visitor = gateway.visitor()

  const send: ApiClient['send'] = async (method, path, body, headers = {}) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const bare = text === undefined && method !== 'GET' ? { 'content-length': '0' } : {}
    const answer = await visitor.get(new URL(`api${path}`, gateway.portal).href, {
      method,
      ...(text === undefined ? {} : { body: text }),
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        ...(text === undefined ? bare : { 'content-type': 'application/json' }),
        ...headers,
      },
    })
    const isJson = String(answer.headers['content-type'] ?? '').includes('json')
    return {
      status: answer.status,
      headers: answer.headers,
      body: isJson ? JSON.parse(answer.body) : undefined,
      text: answer.body,
    }
  }
  return {
    key,
    token,
    send,
    post: (path, body, headers) => send('POST', path, body, headers),
    get: (path, headers) => send('GET', path, undefined, headers),
  }
}
