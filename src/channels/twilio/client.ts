import type { Twilio } from 'twilio'
import type { TwilioConfig } from './config.ts'

/** The three things of Twilio's library that we need. */
export interface TwilioLibrary {
  client: Twilio
  /** A text to be read out twice, as TwiML. */
  spokenTwice(text: string): string
  /** Has Twilio signed a form that was sent to an address? */
  isSigned(
    token: string,
    signature: string,
    url: string,
    fields: Readonly<Record<string, string>>,
  ): boolean
}

/** Loads Twilio's own library, set up with nothing of this process's environment. */
export async function openTwilio(config: TwilioConfig): Promise<TwilioLibrary> {
  const { default: twilio } = await import('twilio')
  const http = new twilio.RequestClient({ timeout: config.timeout * 1000 })
  if (config.url) leadTo(config.url, http)
  const client = twilio(config.key ?? config.account, config.token, {
    accountSid: config.account,
    env: {},
    httpClient: http,
  })

  return {
    client,
    isSigned: twilio.validateRequest,

    spokenTwice(text) {
      const response = new twilio.twiml.VoiceResponse()
      response.say(text)
      response.pause({ length: 1 })
      response.say(text)
      return response.toString()
    },
  }
}

/** Sends every request to one origin, whichever of Twilio's hosts it was meant for. */
function leadTo(base: URL, http: Twilio['httpClient']): void {
  const request = http.request.bind(http)
  http.request = (options) => {
    const { pathname, search } = new URL(options.uri)
    const path = base.pathname.replace(/\/$/, '') + pathname
    return request({ ...options, uri: new URL(path + search, base).href })
  }
}
