import { expect, it } from 'vitest'
import { createInbox } from '../../src/channels/inbox/index.ts'
import { stillClock } from '../support/still-clock.ts'
import { describeChannel } from './channel.ts'

const clock = stillClock()

describeChannel('inbox', async () => {
  const channel = createInbox({ clock })
  return {
    channel,
    message: (to, text) => ({ medium: 'sms', to, text }),
    somebody: '+491701234567',
    twins: ['+491701234567,+491709999999'],
    arrived: () => channel.messages().map(({ message: { to, text } }) => ({ to, text })),
    close: async () => {},
  }
})

it('inbox: keeps the newest messages, newest first, with their time', async () => {
  const inbox = createInbox({ clock, keep: 2 })
  for (const text of ['one', 'two', 'three']) {
    clock.advance(1)
    await inbox.deliver({ medium: 'voice', to: '+4930123456', text })
  }
  expect(inbox.messages()).toEqual([
    { at: clock.now(), message: { medium: 'voice', to: '+4930123456', text: 'three' } },
    { at: clock.now() - 1, message: { medium: 'voice', to: '+4930123456', text: 'two' } },
  ])
})
