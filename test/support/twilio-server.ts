import { createHmac, randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { openPostServer, type Posted, type PostServer } from './posted.ts'

export const ACCOUNT = `AC${'0123456789abcdef'.repeat(2)}`
export const API_KEY = `SK${'0123456789abcdef'.repeat(2)}`
export const MESSAGING_SERVICE = `MG${'0123456789abcdef'.repeat(2)}`
export const VERIFY_SERVICE = `VA${'0123456789abcdef'.repeat(2)}`
export const TOKEN = 'the token of the account'

/**
 * Signs a form as Twilio documents it: HMAC-SHA1 over the address and all fields, by name.
 *
 * @see https://www.twilio.com/docs/usage/security#validating-requests
 */
export const signedByTwilio = (token: string, url: string, fields: Record<string, string>) =>
  createHmac('sha1', token)
    .update(
      url +
        Object.keys(fields)
          .toSorted()
          .map((name) => name + fields[name])
          .join(''),
    )
    .digest('base64')

/** A request as Twilio documents it, taken apart. */
export interface TwilioRequest {
  path: string
  user: string
  password: string
  parameters: Record<string, string>
}

/** As much of Twilio's REST API as its published reference says about what we use, on loopback. */
export interface TwilioServer {
  url: string
  /** Requests that were right in form. */
  requests: TwilioRequest[]
  /** What was wrong with the others. */
  faults: string[]
  /** Codes on their way, by number: `Verify` makes them. */
  codes: Map<string, string>
  /** Answers with this error from now on; `take and hang` does what it is asked, and does not say so. */
  error:
    | { status: number; code?: number }
    | 'hang'
    | 'take and hang'
    | 'break off'
    | 'babble'
    | undefined
  close(): Promise<void>
}

/** The parameters of each resource: those that must be there, and those that may. */
const RESOURCES: Record<string, { must: string[][]; may: string[] }> = {
  [`/2010-04-01/Accounts/${ACCOUNT}/Messages.json`]: {
    must: [['To'], ['Body', 'MediaUrl', 'ContentSid'], ['From', 'MessagingServiceSid']],
    may: ['ValidityPeriod', 'StatusCallback', 'MaxPrice', 'SmartEncoded'],
  },
  [`/2010-04-01/Accounts/${ACCOUNT}/Calls.json`]: {
    must: [['To'], ['From'], ['Url', 'Twiml', 'ApplicationSid']],
    may: ['Method', 'StatusCallback', 'Timeout', 'TimeLimit'],
  },
  [`/v2/Services/${VERIFY_SERVICE}/Verifications`]: {
    must: [['To'], ['Channel']],
    may: ['Locale', 'CustomFriendlyName', 'RateLimits'],
  },
  [`/v2/Services/${VERIFY_SERVICE}/VerificationCheck`]: {
    must: [['To', 'VerificationSid'], ['Code']],
    may: [],
  },
}

export async function openTwilioServer(): Promise<TwilioServer> {
  let made = 100_000
  const newCode = () => {
    made += 1
    return String(made)
  }
  const server: PostServer = await openPostServer((posted, response) => {
    const fault = faultOf(posted)
    if (fault) {
      opened.faults.push(fault)
      return send(response, 400, { code: 20001, message: fault, status: 400 })
    }
    if (opened.error === 'hang') return
    if (opened.error === 'babble') return void response.writeHead(200).end('<html>It works!</html>')
    if (opened.error === 'break off') return void response.destroy()
    if (typeof opened.error === 'object') {
      const { status, code = 20500 } = opened.error
      const { To } = parametersOf(posted)
      // Twilio's own sentences name the number.
      return send(response, status, { code, message: `'To' number ${To} is no good`, status })
    }
    const request = { path: posted.path, ...userOf(posted), parameters: parametersOf(posted) }
    opened.requests.push(request)
    if (opened.error === 'take and hang') return
    const [status, body] = answerTo(request, opened.codes, newCode)
    send(response, status, body)
  })
  const opened: TwilioServer = {
    url: server.url,
    requests: [],
    faults: [],
    codes: new Map(),
    error: undefined,
    close: server.close,
  }
  return opened
}

function faultOf(posted: Posted): string | undefined {
  const resource = RESOURCES[posted.path]
  if (!resource) return `no such resource: ${posted.path}`
  if (posted.method !== 'POST') return `${posted.method} ${posted.path}`
  if (posted.headers['content-type'] !== 'application/x-www-form-urlencoded') return 'no form'
  const { user, password } = userOf(posted)
  if (![ACCOUNT, API_KEY].includes(user) || password !== TOKEN) return 'not signed in'

  const names = Object.keys(parametersOf(posted))
  for (const group of resource.must) {
    const given = group.filter((name) => names.includes(name))
    if (given.length !== 1) return `one of ${group.join(', ')} is needed`
  }
  const known = [...resource.must.flat(), ...resource.may]
  const unknown = names.filter((name) => !known.includes(name))
  return unknown.length > 0 ? `unknown: ${unknown.join(', ')}` : undefined
}

function userOf({ headers }: Posted) {
  const [, encoded = ''] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? []
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

const parametersOf = ({ body }: Posted) => Object.fromEntries(new URLSearchParams(body))

type Answer = [status: number, body: object]

function answerTo(
  { path, parameters }: TwilioRequest,
  codes: Map<string, string>,
  newCode: () => string,
): Answer {
  const { To = '', Code, VerificationSid } = parameters
  if (path.endsWith('/Verifications')) {
    // While a verification is open, a further one to the same number sends the same code.
    codes.set(To, codes.get(To) ?? newCode())
    return [201, { sid: sidOf(To), status: 'pending', to: To, channel: parameters.Channel }]
  }
  if (path.endsWith('/VerificationCheck')) {
    const number = [...codes.keys()].find((it) => it === To || sidOf(it) === VerificationSid)
    if (number === undefined) return [404, { code: 20404, message: 'not found', status: 404 }]
    const right = codes.get(number) === Code
    // An approved verification is gone.
    if (right) codes.delete(number)
    return [201, { sid: sidOf(number), status: right ? 'approved' : 'pending', valid: right }]
  }
  const made = parameters.Body === undefined ? 'CA' : 'SM'
  return [201, { sid: made + randomBytes(16).toString('hex'), status: 'queued', to: To }]
}

const sidOf = (to: string) => `VE${Buffer.from(to).toString('hex').padEnd(32, '0').slice(0, 32)}`

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
