// Made by make-api-types.ts out of the document of the API: do not change it by hand.

export type ChallengeEnded = { 'type': "challenge.verified" | "challenge.denied" | "challenge.expired" | "challenge.exhausted" | "challenge.canceled" | "challenge.superseded"; 'timestamp': string; 'data': { 'id': string; 'user_id': string; 'factor': string; 'type': string; 'state': "verified" | "denied" | "expired" | "exhausted" | "canceled" | "superseded"; 'test'?: true; 'details'?: Details; 'created_at': string } }

export type Details = { 'title': string; 'fields'?: ({ 'name': string; 'value': string })[]; 'amount'?: { 'value': string; 'currency': string } }

export type Enrollment = { 'id': string; 'user_id': string; 'type': string; 'status': "pending" | "active"; 'secret'?: string; 'uri'?: string; 'qr_code'?: string; 'sent_to'?: string; 'delivery'?: "none" | "waiting" | "sent" | "failed"; 'options'?: Record<string, unknown>; 'link'?: string; 'test'?: true; 'codes'?: (string)[]; 'created_at': string; 'expires_at': string }

export type Problem = { 'type': string; 'status': number; 'title': string; 'code': string; 'request_id': string; 'errors'?: ({ 'field': string; 'message': string })[] }

export type EnrollRequest = { 'user_id': string; 'type'?: string; 'label'?: string; 'target'?: string; 'consent'?: { 'version': string; 'agreed_at': string } }

export type Factor = { 'id': string; 'type': string; 'label': string; 'status': "pending" | "active" | "disabled"; 'facts': (string)[]; 'created_at': string; 'last_used_at'?: string }

export type ConfirmRequest = { 'code'?: string; 'response'?: Record<string, unknown> }

export type Challenge = { 'id': string; 'user_id': string; 'factor': string; 'type': string; 'state': "pending" | "verified" | "denied" | "expired" | "exhausted" | "canceled" | "superseded"; 'test'?: true; 'prompt'?: "code" | "authenticator" | "approval"; 'sent_to'?: string; 'delivery': "none" | "waiting" | "sent" | "failed"; 'options'?: Record<string, unknown>; 'number'?: string; 'details'?: Details; 'attempts_left': number; 'resends_left': number; 'retry_after': number; 'expires_at': string; 'amr'?: (string)[]; 'result'?: string; 'created_at': string }

export type ChallengeRequest = { 'user_id': string; 'factor'?: string; 'type'?: string; 'details'?: unknown; 'webhook'?: string; 'context'?: Context }

export type Context = { 'ip'?: string; 'user_agent'?: string }

export type VerifyResult = { 'verified': boolean; 'test'?: true; 'user_id': string; 'factor'?: string; 'type'?: string; 'challenge_id'?: string; 'reason'?: "wrong" | "used" | "expired" | "exhausted" | "pending" | "denied" | "not_admitted"; 'attempts_left'?: number; 'resends_left'?: number; 'retry_after'?: number; 'expires_at'?: string; 'amr'?: (string)[]; 'result'?: string }

export type VerifyRequest = { 'user_id'?: string; 'challenge_id'?: string; 'code'?: string; 'response'?: Record<string, unknown>; 'context'?: Context }

export type Preauth = { 'user_id': string; 'test'?: true; 'result': "allow" | "challenge" | "enroll" | "deny"; 'reason': "trusted_network" | "has_factor" | "no_factor" | "factors_disabled" | "unknown_user" | "user_frozen" | "risk"; 'factors': (Factor)[]; 'risk': { 'score': number; 'level': "low" | "medium" | "high"; 'reasons': (string)[] } }

export type PreauthRequest = { 'user_id': string; 'context'?: { 'ip'?: string; 'user_agent'?: string; 'action'?: string } }

export type Bypass = { 'id': string; 'user_id': string; 'test'?: true; 'code': string; 'uses': number; 'created_at': string; 'expires_at': string }

export type BypassRequest = { 'ttl'?: number; 'uses'?: number }

export type RegisterOptions = { 'challenge_id': string; 'user_id': string; 'options': Record<string, unknown>; 'created_at': string; 'expires_at': string }

export type RegisterOptionsRequest = { 'user_id': string; 'user_name'?: string; 'display_name'?: string; 'consent'?: { 'version': string; 'agreed_at': string } }

export type Registration = { 'user_id': string; 'factor': Factor; 'amr': (string)[]; 'result': string }

export type RegisterVerifyRequest = { 'challenge_id': string; 'response': Record<string, unknown>; 'label'?: string }

export type AuthenticateOptions = { 'challenge_id': string; 'user_id'?: string; 'options': Record<string, unknown>; 'attempts_left'?: number; 'created_at': string; 'expires_at': string }

export type AuthenticateOptionsRequest = { 'user_id'?: string; 'details'?: unknown }

export type BiometricResult = { 'verified': boolean; 'test'?: true; 'user_id'?: string; 'factor'?: string; 'type'?: string; 'challenge_id'?: string; 'reason'?: "wrong" | "used" | "expired" | "exhausted" | "pending" | "denied" | "not_admitted"; 'attempts_left'?: number; 'resends_left'?: number; 'retry_after'?: number; 'expires_at'?: string; 'amr'?: (string)[]; 'result'?: string }

export type AuthenticateVerifyRequest = { 'challenge_id': string; 'response': Record<string, unknown>; 'context'?: Context }

export type DeviceEnrollment = { 'id': string; 'user_id': string; 'status': "pending"; 'to_sign': ToSign; 'created_at': string; 'expires_at': string }

export type ToSign = { 'issuer': string; 'credential': string; 'nonce': string; 'details'?: string }

export type DeviceRequest = { 'user_id': string; 'consent'?: { 'version': string; 'agreed_at': string } }

export type DeviceConfirmRequest = { 'public_key': string | { 'kty': "EC"; 'crv': "P-256"; 'x': string; 'y': string }; 'signature': string; 'attestation'?: (string)[]; 'label'?: string }

export type DeviceChallenge = { 'challenge_id': string; 'user_id': string; 'to_sign': ToSign; 'attempts_left': number; 'created_at': string; 'expires_at': string }

export type DeviceChallengeRequest = { 'details'?: Details }

export type DeviceVerifyRequest = { 'challenge_id': string; 'signature': string; 'context'?: Context }

export type PersonalData = { 'format': "gatehouse-personal-data/1"; 'exported_at': string; 'withheld': Record<string, string>; 'data': Record<string, { 'what': string; 'kept': string; 'rows': (Record<string, unknown>)[] }> }

export type Events = { 'events': (Event)[]; 'cursor': string; 'more': boolean }

export type Event = { 'id': string; 'at': string; 'name': string; 'user_id'?: string; 'erased'?: true; 'address'?: string; 'reference'?: string; 'details'?: Record<string, string | number | boolean> }

export interface paths {
  '/2fa/enroll': {
    post: {
      parameters: {
        query?: never
        header?: { 'Idempotency-Key'?: string }
        path?: never
        cookie?: never
      }
      requestBody: { content: { 'application/json': EnrollRequest } }
      responses: {
        201: { headers: Record<string, unknown>; content: { 'application/json': Enrollment } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/2fa/enroll/{id}/confirm': {
    post: {
      parameters: {
        query?: never
        header?: { 'Idempotency-Key'?: string }
        path: { 'id': string }
        cookie?: never
      }
      requestBody: { content: { 'application/json': ConfirmRequest } }
      responses: {
        200: { headers: Record<string, unknown>; content: { 'application/json': Factor } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/2fa/users/{user_id}/factors': {
    get: {
      parameters: {
        query?: never
        header?: never
        path: { 'user_id': string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: { headers: Record<string, unknown>; content: { 'application/json': { 'factors': (Factor)[] } } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/2fa/factors/{id}': {
    patch: {
      parameters: {
        query?: never
        header?: never
        path: { 'id': string }
        cookie?: never
      }
      requestBody: { content: { 'application/json': { 'label': string } } }
      responses: {
        200: { headers: Record<string, unknown>; content: { 'application/json': Factor } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
    delete: {
      parameters: {
        query?: never
        header?: never
        path: { 'id': string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        204: { headers: Record<string, unknown>; content?: never }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/2fa/challenges': {
    post: {
      parameters: {
        query?: never
        header?: { 'Idempotency-Key'?: string }
        path?: never
        cookie?: never
      }
      requestBody: { content: { 'application/json': ChallengeRequest } }
      responses: {
        201: { headers: Record<string, unknown>; content: { 'application/json': Challenge } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/2fa/challenges/{id}': {
    get: {
      parameters: {
        query?: { 'wait'?: number }
        header?: never
        path: { 'id': string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: { headers: Record<string, unknown>; content: { 'application/json': Challenge } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/2fa/challenges/{id}/resend': {
    post: {
      parameters: {
        query?: never
        header?: { 'Idempotency-Key'?: string }
        path: { 'id': string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: { headers: Record<string, unknown>; content: { 'application/json': Challenge } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/2fa/challenges/{id}/cancel': {
    post: {
      parameters: {
        query?: never
        header?: { 'Idempotency-Key'?: string }
        path: { 'id': string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: { headers: Record<string, unknown>; content: { 'application/json': Challenge } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/2fa/verify': {
    post: {
      parameters: {
        query?: never
        header?: { 'Idempotency-Key'?: string }
        path?: never
        cookie?: never
      }
      requestBody: { content: { 'application/json': VerifyRequest } }
      responses: {
        200: { headers: Record<string, unknown>; content: { 'application/json': VerifyResult } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/2fa/preauth': {
    post: {
      parameters: {
        query?: never
        header?: { 'Idempotency-Key'?: string }
        path?: never
        cookie?: never
      }
      requestBody: { content: { 'application/json': PreauthRequest } }
      responses: {
        200: { headers: Record<string, unknown>; content: { 'application/json': Preauth } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/2fa/challenges/{id}/events': {
    get: {
      parameters: {
        query?: never
        header?: never
        path: { 'id': string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: { headers: Record<string, unknown>; content: { 'text/event-stream': string } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/2fa/users/{user_id}/bypass': {
    post: {
      parameters: {
        query?: never
        header?: { 'Idempotency-Key'?: string }
        path: { 'user_id': string }
        cookie?: never
      }
      requestBody: { content: { 'application/json': BypassRequest } }
      responses: {
        201: { headers: Record<string, unknown>; content: { 'application/json': Bypass } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/biometric/register/options': {
    post: {
      parameters: {
        query?: never
        header?: { 'Idempotency-Key'?: string }
        path?: never
        cookie?: never
      }
      requestBody: { content: { 'application/json': RegisterOptionsRequest } }
      responses: {
        201: { headers: Record<string, unknown>; content: { 'application/json': RegisterOptions } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/biometric/register/verify': {
    post: {
      parameters: {
        query?: never
        header?: { 'Idempotency-Key'?: string }
        path?: never
        cookie?: never
      }
      requestBody: { content: { 'application/json': RegisterVerifyRequest } }
      responses: {
        200: { headers: Record<string, unknown>; content: { 'application/json': Registration } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/biometric/authenticate/options': {
    post: {
      parameters: {
        query?: never
        header?: { 'Idempotency-Key'?: string }
        path?: never
        cookie?: never
      }
      requestBody: { content: { 'application/json': AuthenticateOptionsRequest } }
      responses: {
        201: { headers: Record<string, unknown>; content: { 'application/json': AuthenticateOptions } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/biometric/authenticate/verify': {
    post: {
      parameters: {
        query?: never
        header?: { 'Idempotency-Key'?: string }
        path?: never
        cookie?: never
      }
      requestBody: { content: { 'application/json': AuthenticateVerifyRequest } }
      responses: {
        200: { headers: Record<string, unknown>; content: { 'application/json': BiometricResult } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/biometric/devices': {
    post: {
      parameters: {
        query?: never
        header?: { 'Idempotency-Key'?: string }
        path?: never
        cookie?: never
      }
      requestBody: { content: { 'application/json': DeviceRequest } }
      responses: {
        201: { headers: Record<string, unknown>; content: { 'application/json': DeviceEnrollment } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/biometric/devices/{id}/confirm': {
    post: {
      parameters: {
        query?: never
        header?: { 'Idempotency-Key'?: string }
        path: { 'id': string }
        cookie?: never
      }
      requestBody: { content: { 'application/json': DeviceConfirmRequest } }
      responses: {
        200: { headers: Record<string, unknown>; content: { 'application/json': Registration } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/biometric/devices/{id}/challenge': {
    post: {
      parameters: {
        query?: never
        header?: { 'Idempotency-Key'?: string }
        path: { 'id': string }
        cookie?: never
      }
      requestBody: { content: { 'application/json': DeviceChallengeRequest } }
      responses: {
        201: { headers: Record<string, unknown>; content: { 'application/json': DeviceChallenge } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/biometric/devices/{id}/verify': {
    post: {
      parameters: {
        query?: never
        header?: { 'Idempotency-Key'?: string }
        path: { 'id': string }
        cookie?: never
      }
      requestBody: { content: { 'application/json': DeviceVerifyRequest } }
      responses: {
        200: { headers: Record<string, unknown>; content: { 'application/json': BiometricResult } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/2fa/users/{user_id}/export': {
    get: {
      parameters: {
        query?: never
        header?: never
        path: { 'user_id': string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: { headers: Record<string, unknown>; content: { 'application/json': PersonalData } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/2fa/users/{user_id}': {
    delete: {
      parameters: {
        query?: never
        header?: never
        path: { 'user_id': string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        204: { headers: Record<string, unknown>; content?: never }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/events': {
    get: {
      parameters: {
        query?: { 'cursor'?: string; 'limit'?: string }
        header?: never
        path?: never
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: { headers: Record<string, unknown>; content: { 'application/json': Events } }
        '4XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/openapi.json': {
    get: {
      parameters: {
        query?: never
        header?: never
        path?: never
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: { headers: Record<string, unknown>; content: { 'application/json': { 'openapi': string } } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
  '/docs': {
    get: {
      parameters: {
        query?: never
        header?: never
        path?: never
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: { headers: Record<string, unknown>; content: { 'text/html': string } }
        '5XX': { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } }
      }
    }
  }
}
