import { BlockList, isIP } from 'node:net'
import { LiftError } from '../errors.js'
import type { Environment } from './engine-command.js'

/**
 * The proxy that the environment names for an address, as curl and Docker read it: HTTPS_PROXY and HTTP_PROXY,
 * lower case first; NO_PROXY lists hosts, domains with all below them, `host:port`, networks (`10.0.0.0/8`), or `*`.
 * This machine itself is never asked through a proxy. Throws LiftError 'registry-unreachable' for what is no proxy.
 */
export function proxyFor(url: URL, env: Environment): string | undefined {
  const isSecure = url.protocol === 'https:'
  const proxy = isSecure ? env.https_proxy || env.HTTPS_PROXY : env.http_proxy || env.HTTP_PROXY
  if (!proxy || isLoopback(url.hostname) || isExcepted(url, env.no_proxy ?? env.NO_PROXY ?? ''))
    return undefined
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`
  if (isProxy(address)) return address
  // It is not quoted: it may hold a password.
  throw new LiftError(
    'registry-unreachable',
    `${isSecure ? 'HTTPS_PROXY' : 'HTTP_PROXY'} is not the address of an HTTP proxy`,
    { hint: 'Write it as http://host:port; other kinds of proxies are not known.' },
  )
}

function isProxy(address: string): boolean {
  return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)
}

/** Whether a host is this machine, by its name alone. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(host)
}

function isExcepted(url: URL, list: string): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return list.split(/[\s,]+/).some((item) => {
    if (item === '*') return true
    if (item.includes('/')) return isInNetwork(host, item)
    if (isIP(item)) return host === item
    const [, name = '', itsPort] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(item.toLowerCase()) ?? []
    if (name === '' || (itsPort !== undefined && itsPort !== port)) return false
    return host === name.replace(/^\[|\]$/g, '') || (isIP(host) === 0 && host.endsWith(`.${name}`))
  })
}

function isInNetwork(host: string, network: string): boolean {
  const [address = '', bits = ''] = network.split('/')
  const kind = isIP(address)
  if (kind === 0 || isIP(host) !== kind || !/^\d{1,3}$/.test(bits)) return false
  if (Number(bits) > (kind === 4 ? 32 : 128)) return false
  const type = kind === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(address, Number(bits), type)
  return list.check(host, type)
}
