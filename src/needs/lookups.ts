/** What is looked up, by which functions, in which files, under which names of `nsswitch.conf`. */
export interface Lookup {
  readonly databases: readonly string[]
  readonly symbols: readonly string[]
  readonly files: readonly `/${string}`[]
  /** What the files are for with musl, which has some answers built in and does not know some questions. */
  readonly musl: 'read' | 'not read'
  readonly what: string
}

/** All that glibc looks up by name services. */
export const LOOKUPS: readonly Lookup[] = [
  {
    what: 'users',
    databases: ['passwd'],
    symbols: [
      'getpwnam',
      'getpwnam_r',
      'getpwuid',
      'getpwuid_r',
      'getpwent',
      'getpwent_r',
      'getlogin',
      'getlogin_r',
      'cuserid',
    ],
    files: ['/etc/passwd'],
    musl: 'read',
  },
  {
    what: 'groups',
    databases: ['group', 'initgroups'],
    symbols: [
      'getgrnam',
      'getgrnam_r',
      'getgrgid',
      'getgrgid_r',
      'getgrent',
      'getgrent_r',
      'initgroups',
      'getgrouplist',
    ],
    files: ['/etc/group'],
    musl: 'read',
  },
  {
    what: 'hosts',
    databases: ['hosts'],
    symbols: [
      'getaddrinfo',
      'getnameinfo',
      'gethostbyname',
      'gethostbyname_r',
      'gethostbyname2',
      'gethostbyname2_r',
      'gethostbyaddr',
      'gethostbyaddr_r',
      'gethostent',
    ],
    files: ['/etc/hosts'],
    musl: 'read',
  },
  {
    what: 'services',
    databases: ['services'],
    symbols: ['getservbyname', 'getservbyname_r', 'getservbyport', 'getservbyport_r', 'getservent'],
    files: ['/etc/services'],
    musl: 'read',
  },
  {
    what: 'protocols',
    databases: ['protocols'],
    symbols: ['getprotobyname', 'getprotobyname_r', 'getprotobynumber', 'getprotobynumber_r', 'getprotoent'],
    files: ['/etc/protocols'],
    musl: 'not read',
  },
  {
    what: 'passwords',
    databases: ['shadow'],
    symbols: ['getspnam', 'getspnam_r', 'getspent'],
    files: ['/etc/shadow'],
    musl: 'read',
  },
  {
    what: 'passwords of groups',
    databases: ['gshadow'],
    symbols: ['getsgnam', 'getsgnam_r', 'getsgent'],
    files: ['/etc/gshadow'],
    musl: 'not read',
  },
  {
    what: 'networks',
    databases: ['networks'],
    symbols: ['getnetbyname', 'getnetbyname_r', 'getnetbyaddr', 'getnetbyaddr_r', 'getnetent'],
    files: ['/etc/networks'],
    musl: 'not read',
  },
  {
    what: 'remote procedures',
    databases: ['rpc'],
    symbols: ['getrpcbyname', 'getrpcbyname_r', 'getrpcbynumber', 'getrpcbynumber_r', 'getrpcent'],
    files: ['/etc/rpc'],
    musl: 'not read',
  },
  {
    what: 'addresses of Ethernet',
    databases: ['ethers'],
    symbols: ['ether_hostton', 'ether_ntohost'],
    files: ['/etc/ethers'],
    musl: 'not read',
  },
  {
    what: 'aliases of mail',
    databases: ['aliases'],
    symbols: ['getaliasbyname', 'getaliasbyname_r', 'getaliasent'],
    files: ['/etc/aliases'],
    musl: 'not read',
  },
  {
    what: 'groups of hosts and users',
    databases: ['netgroup'],
    symbols: ['innetgr', 'setnetgrent', 'getnetgrent'],
    files: ['/etc/netgroup'],
    musl: 'not read',
  },
]
