import * as z from 'zod'
import { duration, secret } from '../../base/schema.ts'

const sid = (prefix: string) =>
  z
    .string()
    .regex(
      new RegExp(`^${prefix}[0-9a-fA-F]{32}$`),
      `write an id of the form ${prefix}… with 34 characters`,
    )

export const twilioConfig = z
  .strictObject({
    account: sid('AC').meta({
      description: 'The account’s SID.',
      example: `AC${'0123456789abcdef'.repeat(2)}`,
    }),
    key: sid('SK')
      .optional()
      .meta({
        description: 'The SID of an API key, which can be taken back without a new auth token.',
        example: `SK${'0123456789abcdef'.repeat(2)}`,
      }),
    token: secret().meta({
      description: 'The account’s auth token, or the secret of `key` where there is one.',
      example: { file: '/run/secrets/twilio' },
    }),
    auth_token: secret()
      .optional()
      .meta({
        description:
          'The account’s auth token, also where `key` is set. With it, Twilio is asked to tell afterwards which messages and calls have failed, by a signed request to `/channels/twilio` at the portal, which has to be reachable from the internet.',
        example: { file: '/run/secrets/twilio-auth-token' },
      }),
    from: z
      .string()
      .regex(
        /^(\+[1-9]\d{6,14}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11})$/,
        'write a number as +4930123456, or a name of up to 11 letters',
      )
      .optional()
      .meta({
        description: 'The number that sends and calls. A sender’s name can send, and cannot call.',
        example: '+4930123456',
      }),
    messaging_service: sid('MG')
      .optional()
      .meta({
        description: 'Sends text messages instead of `from`.',
        example: `MG${'0123456789abcdef'.repeat(2)}`,
      }),
    verify_service: sid('VA')
      .optional()
      .meta({
        description:
          'Twilio Verify makes, sends and checks codes instead of Gatehouse. Let the service use six digits.',
        example: `VA${'0123456789abcdef'.repeat(2)}`,
      }),
    media: z
      .array(z.enum(['sms', 'voice']))
      .min(1)
      .default(['sms', 'voice'])
      .meta({ description: 'What goes this way, as far as the keys above allow it.' }),
    url: z
      .url({ protocol: /^https?$/ })
      .transform((text) => new URL(text))
      .optional()
      .meta({
        description: 'Another place for all requests: a service that speaks as Twilio does.',
        example: 'https://twilio.internal.example.com',
      }),
    timeout: duration().prefault('10s').meta({
      description: 'How long the answer to a request may take.',
    }),
  })
  .superRefine(({ from, messaging_service, verify_service }, context) => {
    if (from ?? messaging_service ?? verify_service) return
    context.addIssue({
      code: 'custom',
      path: ['from'],
      message: 'is missing: give from, messaging_service or verify_service',
    })
  })

export type TwilioConfig = z.output<typeof twilioConfig>

/** What these keys let Twilio carry. */
export function twilioMedia(config: TwilioConfig): TwilioConfig['media'] {
  const { from, messaging_service, verify_service, media } = config
  const can = {
    sms: (from ?? messaging_service ?? verify_service) !== undefined,
    voice: from?.startsWith('+') === true || verify_service !== undefined,
  }
  return media.filter((medium) => can[medium])
}
