import { createWebPush } from '../../src/channels/web-push/index.ts'
import { vapidKeys } from '../../src/channels/web-push/vapid.ts'
import { openPushService } from '../support/push-service.ts'
import { describeChannel } from './channel.ts'

describeChannel('web push', async () => {
  const service = await openPushService()
  const somebody = service.subscribe()
  const stranger = service.subscribe()
  const all = [somebody, stranger]
  return {
    channel: createWebPush({
      config: { hosts: ['127.0.0.1'] },
      keys: vapidKeys(new Uint8Array(32).fill(7)),
      home: new URL('https://auth.gw.test/'),
      options: { loopback: true, timeoutMs: 1000 },
    }),
    message: (to, text) => ({ medium: 'push', to, text, ttlSeconds: 60 }),
    somebody: somebody.subscription,
    twins: [
      `[${somebody.subscription},${stranger.subscription}]`,
      `${somebody.subscription}${stranger.subscription}`,
      somebody.subscription.replace('/push/', `@127.0.0.1:${service.port}/push/`),
      somebody.subscription.replace('http:', 'ftp:'),
    ],
    arrived: () =>
      all.flatMap(({ subscription: to, received }) => received.map(({ text }) => ({ to, text }))),
    otherEnd: {
      refuse: () => service.behave((response) => response.writeHead(410).end()),
      fail: () => service.behave((response) => response.writeHead(503).end()),
      hang: () => service.behave(() => undefined),
      babble: () => service.behave((response) => response.socket?.end('what?\r\n\r\n')),
      well: () => service.behave(undefined),
    },
    close: () => service.close(),
  }
})
