import type { Environment } from './engine-command.js'

/**
 * The proxy that the environment names for an address, as curl and Docker read it: HTTPS_PROXY and HTTP_PROXY,
 * lower case first; NO_PROXY lists hosts, domains with all below them, `host:port`, or `*`. This machine itself is
 * never asked through a proxy.
 */
export function proxyFor(url: URL, env: Environment): string | undefined {
  const proxy =
    url.protocol === 'https:' ? env.https_proxy || env.HTTPS_PROXY : env.http_proxy || env.HTTP_PROXY
  if (!proxy || isLoopback(url.hostname) || isExcepted(url, env.no_proxy ?? env.NO_PROXY ?? ''))
    return undefined
  return /^[a-z]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`
}

/** Whether a host is this machine, by its name alone. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(host)
}

function isExcepted(url: URL, list: string): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return list.split(/[\s,]+/).some((item) => {
    if (item === '*') return true
    const [, name = '', itsPort] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(item.toLowerCase()) ?? []
    if (name === '' || (itsPort !== undefined && itsPort !== port)) return false
    return url.hostname === name || url.hostname.endsWith(`.${name}`)
  })
}
