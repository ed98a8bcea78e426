/** Something that people run, in their words. */
export interface RealRun {
  readonly title: string
  /** What is lifted. */
  readonly programs: readonly string[]
  /** What only the user knows: content, and how the lift will be run. */
  readonly more?: readonly string[]
  /** The finder that has to be named besides `--needs likely`, because only some runs of the program need that. */
  readonly finder?: string
  /** What real-run.sh does, in the image and in the lift alike. */
  readonly steps: string
  /** Part of what the original says on stdout: the run must have done its work. */
  readonly says: RegExp
  /** Whether it is worth showing that nothing of this works without the needs. */
  readonly fails?: 'without needs'
}

const HTTPS = `
serve tcp 8443 there sh -c 'cd /srv/www && exec openssl s_server -accept 8443 -cert /srv/tls/server.crt -key /srv/tls/server.key -WWW'
`

/** The name server is the test's own. */
const DNS = `
serve udp 53 "$NODE" "$TESTS/name-server.mjs"
`

const LOGIN = `
lend /srv/ssh
room 0 /run/sshd
room 1000 /home/someone
serve tcp 2222 here /usr/sbin/sshd -D -e -p 2222 -h /srv/ssh/host_key -o ListenAddress=127.0.0.1
export SSH_ASKPASS=/srv/ssh/password SSH_ASKPASS_REQUIRE=force
options='-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o NumberOfPasswordPrompts=1 -p 2222'
`

/** Original against lifted: the same exit code, stdout and stderr. */
export const REAL_RUNS: readonly RealRun[] = [
  {
    title: 'curl fetches a page by TLS from a host whose certificate an authority of the image has signed',
    programs: ['curl'],
    steps: `${HTTPS} here curl --silent --show-error https://localhost:8443/page.txt`,
    says: /served as asked/,
    fails: 'without needs',
  },
  {
    title: 'getent tells hosts, of the file and of DNS, users, groups, services and protocols',
    programs: ['getent'],
    steps: `${DNS}
      here getent hosts loopback
      here getent ahostsv4 somewhere.test
      here getent hosts nowhere.test || echo "no such host: $?"
      here getent passwd someone postgres
      here getent group adm someone
      here getent services ssh/tcp domain/udp
      here getent protocols udp`,
    says: /192\.0\.2\.7.*STREAM somewhere\.test.*no such host: 2\nsomeone:/s,
    fails: 'without needs',
  },
  {
    title: 'git clones a repository, as a folder and by its protocol, and tells of it',
    programs: ['git'],
    steps: `lend /srv/source
      here git clone /srv/source /tmp/folder
      here git clone file:///srv/source /tmp/protocol
      here git -C /tmp/protocol log --stat
      here git -C /tmp/folder status`,
    says: /numbers \| 1000 \+/,
    fails: 'without needs',
  },
  {
    title: 'python3 has its standard library, with modules of C',
    programs: ['python3'],
    steps: `here python3 -c '
import ssl, sqlite3, json, encodings.idna, ctypes, decimal, hashlib, lzma
print(ssl.create_default_context().cert_store_stats()["x509_ca"] > 100)
print(sqlite3.connect(":memory:").execute("select 6 * 7").fetchone())
print(json.dumps({"a": [1, 2]}), "b\\u00fccher.example".encode("idna"))
print(decimal.Decimal(1) / 7, hashlib.sha256(b"").hexdigest(), len(lzma.compress(b"a" * 99)))
'`,
    says: /True\n\(42,\)\n.*xn--bcher-kva/s,
    fails: 'without needs',
  },
  {
    title: 'perl has its standard library, with modules of C',
    programs: ['perl'],
    steps: `here perl -MPOSIX -MList::Util=sum -MData::Dumper -MEncode -MSocket -e '
      print strftime("%A %d.%m.%Y", gmtime(86400)), " ", floor(3.7), " ", sum(1 .. 10), "\\n";
      print Dumper({ a => [1, 2] }), length(encode("UTF-8", chr(8364))), inet_ntoa(INADDR_LOOPBACK), "\\n"'`,
    says: /Friday 02\.01\.1970 3 55/,
    fails: 'without needs',
  },
  {
    title: 'nginx serves a page as a user without rights',
    programs: ['nginx'],
    more: ['--include', '/var/www/html'],
    steps: `room 33 /var/log/nginx /var/lib/nginx
      serve tcp 8080 as 33 /usr/sbin/nginx -g 'daemon off;'
      there curl --silent --include --header 'Date:' http://localhost:8080/page.txt | sed /^Date:/d
      there curl --silent http://localhost:8080/no-page`,
    says: /200 OK.*Content-Type: text\/plain.*served as asked/s,
  },
  {
    title: 'psql asks a database',
    programs: ['/usr/lib/postgresql/15/bin/psql'],
    steps: `serve tcp 5432 there /sbin/runuser -u postgres -- /usr/lib/postgresql/15/bin/postgres -D /srv/database \\
        -c unix_socket_directories= -c fsync=off
      until there /usr/lib/postgresql/15/bin/pg_isready -q -h localhost; do sleep 0.05; done
      here /usr/lib/postgresql/15/bin/psql -h localhost -U postgres -c 'select 6 * 7 as answer' -c '\\conninfo' -c '\\l'`,
    says: /42/,
  },
  {
    title: 'vim changes a file on a terminal',
    programs: ['vim'],
    steps: `lend /srv/source
      TERM=screen terminal /usr/bin/vim -c 'normal ddGoadded' -c 'syntax on' -c 'wq' /srv/source/numbers
      there tail -n 2 /srv/source/numbers`,
    says: /1000\nadded/,
  },
  {
    title: 'less shows a file on a terminal',
    programs: ['less'],
    steps: `lend /srv/www
      TERM=screen terminal /usr/bin/less --QUIT-AT-EOF --no-init /srv/www/page.txt`,
    says: /served as asked/,
  },
  {
    title: 'date tells the local time',
    programs: ['date'],
    steps: `here date --date=@1000000000`,
    says: /2001.*CEST|CEST 2001/s,
    fails: 'without needs',
  },
  {
    title: 'date tells the time of other zones',
    programs: ['date'],
    finder: 'timezones',
    steps: `TZ=America/St_Johns here date --date=@1000000000; TZ=:Asia/Tokyo here date --date=@1000000000`,
    says: /NDT.*JST/s,
  },
  {
    title: 'iconv converts between character sets',
    programs: ['iconv'],
    steps: `printf '\\xd0\\x96\\xd0\\xb8' | here iconv -f UTF-8 -t KOI8-R | here iconv -f KOI8-R -t CP1251 | od -c
      printf '\\xe6\\x97\\xa5' | here iconv -f UTF-8 -t SHIFT-JIS | od -c
      printf 'a\\xa4' | here iconv -f ISO-8859-15 -t UTF-8`,
    says: /306 +350.*223 +372.*a€/s,
    fails: 'without needs',
  },
  {
    title: 'a program follows the locale that the image is given',
    programs: ['weekday'],
    more: ['--env', 'LC_ALL=C.UTF-8'],
    steps: 'LC_ALL=C.UTF-8 here weekday',
    says: /C\.UTF-8 UTF-8 Thursday/,
    fails: 'without needs',
  },
  {
    title: 'a program follows the locales that it is told when it is run',
    programs: ['weekday'],
    finder: 'locales',
    steps: 'LANG=de_DE.UTF-8 here weekday; LANG=en_US.UTF-8 here weekday',
    says: /UTF-8 Donnerstag, Januar 0,5/,
  },
  {
    title: 'ssh tells its version and logs in',
    programs: ['ssh'],
    steps: `here ssh -V 2>&1
      lend /srv/ssh
      mkdir -p "$space/there/root/run/sshd"
      serve tcp 2222 there /usr/sbin/sshd -D -e -p 2222 -h /srv/ssh/host_key -o ListenAddress=127.0.0.1
      export SSH_ASKPASS=/srv/ssh/password SSH_ASKPASS_REQUIRE=force
      here ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -p 2222 someone@localhost id 2>&1`,
    says: /OpenSSH.*uid=1000\(someone\)/s,
  },
  {
    title: 'sshd lets someone in by the password that PAM knows, and nobody by another',
    programs: ['/usr/sbin/sshd', '/bin/sh', 'id'],
    steps: `${LOGIN}
      there ssh $options someone@localhost 'id; echo $HOME $MAIL; ulimit -n'
      printf '#!/bin/sh\\necho wrong\\n' >"$space/there/root/srv/ssh/password"
      there ssh $options someone@localhost id 2>&1 || echo "refused: $?"`,
    says: /someone.*refused: 255/s,
  },
]
