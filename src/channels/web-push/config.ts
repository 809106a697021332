import * as z from 'zod'
import { hostName } from '../../base/schema.ts'

/** Where the browsers of this world fetch their notifications from. */
const PUSH_SERVICES = [
  'fcm.googleapis.com',
  'push.services.mozilla.com',
  'push.apple.com',
  'notify.windows.com',
]

export const webPushConfig = z.strictObject({
  contact: z
    .url({ protocol: /^(https|mailto)$/ })
    .optional()
    .meta({
      description:
        'Whom a push service may ask about notifications that it was given: a mail address or a page. The portal’s address when left out.',
      example: 'mailto:admin@example.com',
    }),
  hosts: z.array(hostName()).min(1).default(PUSH_SERVICES).meta({
    description:
      'Push services that may be called, with all hosts below them. A browser names the address that its notifications are sent to, so nothing else is ever called; nor is a private address.',
  }),
})

export type WebPushConfig = z.output<typeof webPushConfig>
