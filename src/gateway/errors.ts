import { AppError, type AppErrorOptions } from '../base/errors.ts'

/** The application could not be reached, or broke off before its answer began. */
export class UpstreamUnreachable extends AppError {
  readonly code = 'upstream_unreachable'
  readonly status = 502
  constructor(options?: AppErrorOptions) {
    super('The application behind this page is not answering.', options)
  }
}

/** The application answered with something that is no HTTP answer. */
export class UpstreamBroken extends AppError {
  readonly code = 'upstream_broken'
  readonly status = 502
  constructor(options?: AppErrorOptions) {
    super('The application behind this page gave an answer that cannot be understood.', options)
  }
}

/** The application did not begin its answer in time. */
export class UpstreamTooSlow extends AppError {
  readonly code = 'upstream_timeout'
  readonly status = 504
  constructor(options?: AppErrorOptions) {
    super('The application behind this page takes too long to answer.', options)
  }
}

/** Who is there cannot be stated at this moment, so nothing is let through. */
export class IdentityUnavailable extends AppError {
  readonly code = 'identity_unavailable'
  readonly status = 503
  constructor(options?: AppErrorOptions) {
    super('Access cannot be checked at this moment. Please try again in a few seconds.', options)
  }
}
