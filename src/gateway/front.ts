import type { Server } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Gateway } from './gateway.ts'
import { createGatewayServers, PLAIN, type Place } from './server.ts'
import type { Streams } from './streams.ts'

/** The servers that browsers, and proxies in front, reach; they stay while the gateway behind them changes. */
export interface Front {
  /** Speaks HTTP/1.1 over TCP, as it comes. */
  server: Server
  /**
   * Makes a server for one more place; it does not listen yet.
   *
   * @throws {OperatorError} when a certificate cannot be used.
   */
  door(place: Place): Server
  /**
   * Shows everything new to another gateway. A request is one gateway's from its first line to its end:
   * what is under way goes on where it began, and kept connections bring their next request to the new
   * one. What stays open, WebSockets and long answers, stays where the new one would have let it in.
   */
  swap(next: Gateway): void
  /** Lets what is under way finish within the time that is configured for it, then ends it. */
  close(): Promise<void>
}

export interface FrontDeps {
  first: Gateway
  streams: Streams
  clock: Clock
  log: Log
}

/** Between a decision and the sending on there are a few milliseconds, and never this long. */
const RETIRE_AFTER_MS = 60_000

export function createFront({ first, streams, clock, log }: FrontDeps): Front {
  let current = first
  const leaving = new Set<Gateway>()
  streams.obey(first.standing)

  const servers = createGatewayServers({
    listener: (message, response) => current.listener(message, response),
    plain: (message, clientOf) => current.plain(message, clientOf),
    redirect: (message, response) => current.redirect(message, response),
    upgrade: { take: (message, socket, head) => current.upgrade.take(message, socket, head) },
    isQuestion: (target) => current.isQuestion(target),
    refusals: { note: (...about) => current.refusals.note(...about) },
    trusts: (address) => current.trusts(address),
    streams,
    longestSilence: first.longestSilence,
    clock,
    log,
  })

  const retire = (gateway: Gateway) => {
    leaving.add(gateway)
    const forget = () => leaving.delete(gateway)
    // Not at once: a request that it has just let in is about to be sent on.
    setTimeout(() => gateway.retire().then(forget, forget), RETIRE_AFTER_MS).unref()
  }

  return {
    server: servers.open(PLAIN),
    door: servers.open,
    swap(next) {
      const before = current
      current = next
      servers.limit(next.longestSilence)
      servers.reloadCertificates()
      streams.obey(next.standing)
      retire(before)
    },
    async close() {
      await servers.drain(current.timeouts.drain)
      await Promise.all([current, ...leaving].map((gateway) => gateway.close()))
    },
  }
}
