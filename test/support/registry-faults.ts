import { type Fault, sendError, sendPart } from './fake-registry.js'
import { type Stored, storedJson } from './registry-image.js'

/** Answers whose path matches break off after so many bytes of the body. */
export function cutAt(path: RegExp, bytes: number, times = Number.POSITIVE_INFINITY): Fault {
  return limited(path, times, (_, response, usual) => {
    const { bytes: all, type } = usual ?? NOTHING
    response.writeHead(200, { 'content-type': type, 'content-length': String(all.length) })
    response.write(all.subarray(0, bytes), () => response.destroy())
  })
}

/** Like `cutAt`, but each answer begins where it is asked to. */
export function cutEach(path: RegExp, bytes: number, times = Number.POSITIVE_INFINITY): Fault {
  return limited(path, times, (request, response, usual = NOTHING) => {
    const end = response.end.bind(response)
    response.end = ((part: Buffer) => {
      response.write(part.subarray(0, bytes), () => response.destroy())
      return response
    }) as typeof end
    sendPart(request, response, usual)
  })
}

/** Answers that begin and then bring nothing more. */
export function stallAt(path: RegExp, bytes: number, times = Number.POSITIVE_INFINITY): Fault {
  return limited(path, times, (_, response, usual = NOTHING) => {
    response.writeHead(200, { 'content-type': usual.type, 'content-length': String(usual.bytes.length) })
    response.write(usual.bytes.subarray(0, bytes))
  })
}

/** Answers that never end and bring a byte now and then. */
export function trickle(path: RegExp, every: number): Fault {
  return limited(path, Number.POSITIVE_INFINITY, (_, response, usual = NOTHING) => {
    response.writeHead(200, { 'content-type': usual.type })
    const timer = setInterval(() => response.write(' '), every)
    response.on('close', () => clearInterval(timer))
  })
}

/** No answer at all. */
export function silence(path: RegExp, times = Number.POSITIVE_INFINITY): Fault {
  return limited(path, times, () => {})
}

/** Another answer than the usual one. */
export function answers(
  path: RegExp,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: string | Buffer = '',
  times = Number.POSITIVE_INFINITY,
): Fault {
  return limited(path, times, (_, response) => {
    response.writeHead(status, headers)
    response.end(body)
  })
}

/** Always the whole, whatever range is asked for. */
export function withoutRanges(path: RegExp): Fault {
  return limited(path, Number.POSITIVE_INFINITY, (request, response, usual = NOTHING) => {
    sendPart({ ...request, headers: {} }, response, usual)
  })
}

/** Only who sends one of these Authorization headers gets in; others are told `challenge`. */
export function guarded(challenge: string | readonly string[], allowed: () => readonly string[]): Fault {
  return ({ path, headers }, response) => {
    if (!path.startsWith('/v2/') || allowed().includes(headers.authorization ?? '')) return false
    response.setHeader('www-authenticate', challenge)
    sendError(response, 401, 'UNAUTHORIZED', 'authentication required')
    return true
  }
}

/** A token service below `/token`, which gives each caller the next token. */
export function tokenService(next: (authorization: string | undefined, body: string) => unknown): Fault {
  return ({ path, headers, body }, response) => {
    if (!path.startsWith('/token')) return false
    const answer = next(headers.authorization, body)
    if (answer === undefined) sendError(response, 401, 'UNAUTHORIZED', 'incorrect username or password')
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    return true
  }
}

const NOTHING: Stored = storedJson('application/json', {})

function limited(path: RegExp, times: number, act: (...args: Parameters<Fault>) => void): Fault {
  let left = times
  return (request, response, usual) => {
    if (!path.test(request.path) || left <= 0) return false
    left--
    act(request, response, usual)
    return true
  }
}
