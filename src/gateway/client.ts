import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Answer, dropRest, sendAnswer } from './answers.ts'
import { breakOff, isOver, writeHead } from './http2.ts'
import type { HeaderLine } from './request.ts'
import type { Piece } from './wire/answer-reader.ts'

/** Whoever waits for the answer to one request. */
export interface Client {
  /** Has it been told the beginning of an answer? */
  hasHead(): boolean
  /** Has it gone, or got its whole answer? */
  isOver(): boolean
  /** Gives it an answer of our own; it gets none when it has been told the beginning of another one. */
  answer(answer: Answer): void
  /**
   * Begins an application's answer.
   *
   * @param lines Nothing about the connection; the length where it is known beforehand.
   * @throws {TypeError} when something in it would not end with its line.
   */
  head(status: number, reason: string, lines: readonly HeaderLine[]): void
  /** Sends the head, where nothing is to follow for now. */
  flush(): void
  /** @returns Whether more may come; if not, `drained` of {@link ClientEars} says when. */
  write(piece: Piece): boolean
  end(last: Piece | undefined): void
  /** Ends the answer so that nobody takes what has come of it for the whole. */
  breakOff(): void
  /** From now on somebody wants to know. */
  hear(ears: ClientEars): void
}

export interface ClientEars {
  drained(): void
  /** It has got its answer, or has gone. */
  closed(isAnswered: boolean): void
}

/** A client of one of Node's servers. */
export function servedClient(message: IncomingMessage, response: ServerResponse): Client {
  return {
    hasHead: () => response.headersSent,
    isOver: () => isOver(response) || message.destroyed,
    answer: (answer) => sendAnswer(message, response, answer),
    head(status, reason, lines) {
      response.sendDate = false
      writeHead(response, status, reason, lines.flat())
    },
    flush: () => response.flushHeaders(),
    write: (piece) => response.write(piece, 'latin1'),
    end(last) {
      if (last === undefined) response.end()
      else response.end(last, 'latin1')
      dropRest(message, response)
    },
    breakOff: () => breakOff(response),
    hear({ drained, closed }) {
      response.on('drain', drained)
      response.once('close', () => closed(response.writableFinished))
    },
  }
}
