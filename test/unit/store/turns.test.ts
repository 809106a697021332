import { describe, expect, it } from 'vitest'
import { createTurns } from '../../../src/store/turns.ts'

const busy = () => Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' })

/** A database that somebody else holds until told otherwise. */
function held() {
  const done: number[] = []
  let isHeld = true
  return {
    done,
    letGo() {
      isHeld = false
    },
    write: (number: number) => () => {
      if (isHeld) throw busy()
      done.push(number)
      return number
    },
  }
}

describe('writes', () => {
  it('happen at once while nobody else writes', async () => {
    const { letGo, write, done } = held()
    letGo()
    const under = createTurns()(write(1))
    expect(done).toEqual([1])
    expect(await under).toBe(1)
  })

  it('wait without keeping anything else waiting, and come in their order', async () => {
    const { letGo, write, done } = held()
    const inTurn = createTurns()
    const all = [1, 2, 3].map((number) => inTurn(write(number)))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(done).toEqual([])
    letGo()
    // Whoever comes now finds others before it.
    all.push(inTurn(write(4)))
    expect(await Promise.all(all)).toEqual([1, 2, 3, 4])
    expect(done).toEqual([1, 2, 3, 4])
  })

  it('are given up when it takes too long, and the next ones have their turn', async () => {
    const { letGo, write } = held()
    const inTurn = createTurns({ patienceMs: 60 })
    await expect(inTurn(write(1))).rejects.toMatchObject({ code: 'SQLITE_BUSY' })
    const next = inTurn(write(2))
    letGo()
    expect(await next).toBe(2)
  })

  it('are refused at once when too many wait', async () => {
    const { letGo, write, done } = held()
    const inTurn = createTurns({ most: 2 })
    const waiting = [inTurn(write(1)), inTurn(write(2))]
    await expect(inTurn(write(3))).rejects.toMatchObject({ status: 503 })
    letGo()
    await Promise.all(waiting)
    expect(done).toEqual([1, 2])
  })

  it('fail as they fail, and let the others go on', async () => {
    const { letGo, write } = held()
    const inTurn = createTurns()
    const first = inTurn(write(1))
    const second = inTurn(() => {
      throw new Error('no such table')
    })
    const third = inTurn(write(3))
    letGo()
    await expect(second).rejects.toThrow('no such table')
    expect(await Promise.all([first, third])).toEqual([1, 3])
  })
})
