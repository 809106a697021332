/** Cases about something that the gateway does not have, each with what is missing. */
export const NOT_APPLICABLE: Record<string, string> = {
  'HDR-019': 'there is no Basic sign-in: a route is opened by a session alone',
  'HST-018':
    'no listener asks for client certificates: SNI picks the certificate that is shown, and decides nothing',
  'XFW-006':
    'a walk of its own: the link leads to the configured address (test/http/reset.test.ts)',
  'FCL-005': 'there is no Redis: sessions and limits lie in the one database',
  'FCL-010': 'there is no directory that is asked again: people lie in the one database',
  'PRV-013': 'there is no page that shows the configuration: who may read the file reads it there',
  'EXP-004': 'there is no service that makes error pages: the gateway makes its own',
  'SES-003': 'the session cookie is no JWS: it has no header that could name an algorithm',
  'SES-004': 'the session cookie is no JWS: its one signature is an HMAC under a key of the server',
  'SES-016': 'one cookie serves all applications, and none of them ever sees it',
  'SES-023': 'the session cookie names no key: there is one, and it is not rotated',
  'ENU-003':
    'a walk of its own: one page for everybody, and the mail behind it (test/http/reset.test.ts)',
}

/** Pages that cases speak of and that do not exist, each with an address where nothing is. */
export const STAND_INS: Record<string, string> = {
  ADMIN_USERS: '/admin/users',
  ADMIN_CONFIG: '/admin/config',
}
