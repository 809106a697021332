import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Channel } from '../../src/channels/contract.ts'
import { ChannelDown, reasonOf } from '../../src/channels/errors.ts'
import type { Message } from '../../src/model/message.ts'

/** A channel, and what stands at its other end. */
export interface ChannelWorld {
  channel: Channel
  /** A message that it carries, with this text in it. */
  message(to: string, text: string): Message
  /** Somebody who can be reached by it. */
  somebody: string
  /** What no one can be: hostile forms of a target, each of which might be read as two. */
  twins: readonly string[]
  /** Everything that has arrived, in no particular order. */
  arrived(): readonly { to: string; text: string }[]
  /** What the other end does from now on; absent where there is no other end. */
  otherEnd?: Record<Mood, () => void> & { putOff?: () => void }
  close(): Promise<void>
}

/** `refuse`: this person for good. `putOff`: this message for now. `fail`: nothing at all for now. `hang`: no answer. `babble`: nonsense. `well`: again as before. */
export type Mood = 'refuse' | 'fail' | 'hang' | 'babble' | 'well'

const CODE = '123456'
const TEXT = `${CODE} is your code for auth.example.com. <b>"It's"</b> & more: äöü €.`

/** What every channel promises. A new one is done when this passes. */
export function describeChannel(name: string, open: () => Promise<ChannelWorld>): void {
  describe(`${name}: channel`, () => {
    let world: ChannelWorld
    beforeEach(async () => {
      world = await open()
    })
    afterEach(() => world.close())

    const deliver = (text = TEXT, to = world.somebody) =>
      world.channel.deliver(world.message(to, text))
    /** Something is not delivered: how it is told. */
    const failure = async () => {
      const cause: unknown = await deliver().then(
        () => undefined,
        (error) => error,
      )
      expect(cause).toBeInstanceOf(ChannelDown)
      return cause
    }
    const otherEnd = (mood: Mood) => world.otherEnd?.[mood]()

    it('has a name and carries something', () => {
      expect(world.channel.name).toMatch(/^[a-z-]+$/)
      expect(world.channel.carries).toContain(world.message(world.somebody, TEXT).medium)
    })

    it('delivers a message whole, once, to one person', async () => {
      expect(await deliver()).toMatchObject({ ok: true })
      expect(world.arrived()).toMatchObject([
        { to: world.somebody, text: expect.stringContaining(TEXT) },
      ])
    })

    it('delivers many at once, each once', async () => {
      const texts = Array.from({ length: 30 }, (_, at) => `${at + 100_000} is your code.`)
      const outcomes = await Promise.all(texts.map((text) => deliver(text)))
      expect(outcomes.filter(({ ok }) => ok)).toHaveLength(texts.length)
      const arrived = world.arrived().map(({ text }) => /\d{6} is your code\./.exec(text)?.[0])
      expect(arrived.toSorted()).toEqual(texts)
    })

    it('writes to one person, whatever the target looks like', async () => {
      for (const to of world.twins) {
        await deliver(TEXT, to).catch((cause) => expect(cause).toBeInstanceOf(ChannelDown))
      }
      // Either nobody, or one who goes by the whole of it.
      expect(world.arrived().filter(({ to }) => !world.twins.includes(to))).toEqual([])
    })

    it('ends', async () => {
      await deliver()
      await world.channel.close?.()
    })

    it('tells a refusal for good from a failure', async () => {
      if (!world.otherEnd) return
      otherEnd('refuse')
      expect(await deliver()).toMatchObject({ ok: false })
      otherEnd('fail')
      await failure()
      otherEnd('well')
      expect(await deliver()).toMatchObject({ ok: true })
      expect(world.arrived()).toHaveLength(1)
    })

    it('tells what is said about one message from a failure of all', async () => {
      if (!world.otherEnd?.putOff) return
      world.otherEnd.putOff()
      expect(await deliver()).toEqual({ ok: false, later: expect.any(String) })
      otherEnd('well')
      expect(await deliver()).toMatchObject({ ok: true })
    })

    it('gives up on an end that does not answer, and works again when it does', async () => {
      if (!world.otherEnd) return
      otherEnd('hang')
      await failure()
      otherEnd('well')
      expect(await deliver()).toMatchObject({ ok: true })
    })

    it('does not take nonsense for success', async () => {
      if (!world.otherEnd) return
      otherEnd('babble')
      await failure()
    })

    it('says what happened without a word of the message', async () => {
      for (const mood of ['refuse', 'putOff', 'fail', 'hang', 'babble'] as const) {
        world.otherEnd?.[mood]?.()
        const told = await deliver().catch((cause) => [reasonOf(cause), String(cause)])
        expect(JSON.stringify(told)).not.toContain(CODE)
        expect(JSON.stringify(told)).not.toContain(world.somebody)
      }
    })

    it('ends while the other side hangs', async () => {
      otherEnd('hang')
      const trying = deliver().catch(() => undefined)
      await world.channel.close?.()
      await trying
    })
  })
}
