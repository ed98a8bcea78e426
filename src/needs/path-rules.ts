import type { Confidence } from './finder.js'

/**
 * Paths that a run opens, for objects that import one of the symbols or need one of the libraries. A path is of the
 * image; `{lib}` is the directory of the C library. Paths that the image does not have are passed over, so that
 * those of all distributions stand side by side.
 */
export interface PathRule {
  /** Exact names of imported functions. */
  readonly symbols?: readonly string[]
  /** How the names of needed libraries start: `libssl.so` is every version of it. */
  readonly libraries?: readonly string[]
  readonly paths: readonly string[]
  readonly confidence: Confidence
  /** The end of a sentence that starts with the object. */
  readonly why: string
}

/** What some finders know as lists alone; a row more is all that a path more takes. */
export const PATH_RULES = {
  certificates: {
    describe: 'certificates of authorities, for TLS',
    rules: [
      {
        libraries: ['libssl.so', 'libgnutls.so', 'libnss3.so', 'libmbedtls.so', 'libwolfssl.so'],
        symbols: ['curl_easy_init'],
        paths: [
          '/etc/ssl/certs/ca-certificates.crt',
          '/etc/pki/tls/certs/ca-bundle.crt',
          '/etc/pki/tls/cert.pem',
          '/etc/ssl/cert.pem',
          '/etc/ssl/ca-bundle.pem',
        ],
        confidence: 'likely',
        why: 'speaks TLS',
      },
      {
        symbols: [
          'SSL_CTX_set_default_verify_paths',
          'SSL_CTX_set_default_verify_dir',
          'X509_STORE_set_default_paths',
        ],
        paths: ['/usr/lib/ssl/certs', '/etc/ssl/certs', '/usr/share/ca-certificates', '/etc/pki/tls/certs'],
        confidence: 'possible',
        why: 'looks up certificates by their hash',
      },
    ],
  },
  openssl: {
    describe: "OpenSSL's configuration and modules",
    rules: [
      {
        libraries: ['libcrypto.so', 'libssl.so'],
        paths: ['/usr/lib/ssl/openssl.cnf', '/etc/ssl/openssl.cnf', '/etc/pki/tls/openssl.cnf'],
        confidence: 'likely',
        why: 'uses OpenSSL, which reads its configuration at the start',
      },
      {
        libraries: ['libcrypto.so', 'libssl.so'],
        paths: ['{lib}/ossl-modules', '{lib}/engines-3', '{lib}/engines-1.1'],
        confidence: 'possible',
        why: 'uses OpenSSL, which opens modules that its configuration names',
      },
    ],
  },
  locales: {
    describe: 'locales of the C library',
    rules: [
      {
        symbols: ['setlocale', 'newlocale'],
        paths: ['/usr/lib/locale/C.utf8'],
        confidence: 'likely',
        why: 'follows the locale',
      },
      {
        symbols: ['setlocale', 'newlocale'],
        paths: ['/usr/lib/locale/locale-archive', '/usr/share/locale/locale.alias'],
        confidence: 'possible',
        why: 'follows the locale',
      },
    ],
  },
  gconv: {
    describe: 'converters between character sets',
    rules: [
      {
        symbols: ['iconv_open'],
        paths: ['{lib}/gconv'],
        confidence: 'possible',
        why: 'converts between character sets',
      },
    ],
  },
  terminfo: {
    describe: 'descriptions of terminals',
    rules: [
      {
        symbols: ['setupterm', 'initscr', 'newterm', 'tgetent', 'rl_initialize', 'readline'],
        paths: ['/etc/terminfo', '/lib/terminfo', '/usr/share/terminfo', '/etc/inputrc'],
        confidence: 'likely',
        why: 'draws on a terminal',
      },
    ],
  },
  magic: {
    describe: 'the database of file types',
    rules: [
      {
        symbols: ['magic_open'],
        paths: ['/etc/magic', '/usr/lib/file/magic.mgc', '/usr/share/misc/magic.mgc'],
        confidence: 'likely',
        why: 'tells types of files',
      },
    ],
  },
  pam: {
    describe: 'PAM services and their modules',
    rules: [
      {
        symbols: ['pam_start', 'pam_start_confdir'],
        paths: ['/etc/pam.d', '/etc/pam.conf', '/etc/security', '{lib}/security'],
        confidence: 'likely',
        why: 'authenticates by PAM',
      },
    ],
  },
  krb5: {
    describe: "Kerberos' configuration and plugins",
    rules: [
      {
        symbols: ['krb5_init_context', 'gss_init_sec_context', 'gss_acquire_cred'],
        paths: ['/etc/krb5.conf', '/etc/krb5.conf.d'],
        confidence: 'likely',
        why: 'uses Kerberos',
      },
      {
        symbols: ['krb5_init_context'],
        paths: ['{lib}/krb5/plugins'],
        confidence: 'possible',
        why: 'uses Kerberos',
      },
    ],
  },
  sasl: {
    describe: 'modules of SASL',
    rules: [
      {
        symbols: ['sasl_client_init', 'sasl_server_init'],
        paths: ['{lib}/sasl2', '/etc/sasl2'],
        confidence: 'likely',
        why: 'authenticates by SASL',
      },
    ],
  },
  alsa: {
    describe: "ALSA's configuration and plugins",
    rules: [
      {
        symbols: ['snd_pcm_open'],
        paths: ['/usr/share/alsa', '/etc/asound.conf'],
        confidence: 'likely',
        why: 'plays or records sound',
      },
      {
        symbols: ['snd_pcm_open'],
        paths: ['{lib}/alsa-lib'],
        confidence: 'possible',
        why: 'plays or records sound',
      },
    ],
  },
  pixbuf: {
    describe: 'image loaders of gdk-pixbuf',
    rules: [
      {
        symbols: ['gdk_pixbuf_new_from_file', 'gdk_pixbuf_new_from_stream', 'gdk_pixbuf_loader_new'],
        paths: ['{lib}/gdk-pixbuf-2.0'],
        confidence: 'likely',
        why: 'loads images',
      },
    ],
  },
  fonts: {
    describe: 'fonts and their configuration',
    rules: [
      {
        symbols: ['FcInit', 'FcInitLoadConfigAndFonts', 'FcFontMatch', 'FcConfigGetCurrent'],
        paths: ['/etc/fonts', '/usr/share/fontconfig'],
        confidence: 'likely',
        why: 'looks for fonts',
      },
      {
        symbols: ['FcInit', 'FcInitLoadConfigAndFonts', 'FcFontMatch', 'FcConfigGetCurrent'],
        paths: ['/usr/share/fonts'],
        confidence: 'possible',
        why: 'looks for fonts',
      },
    ],
  },
} as const satisfies Readonly<
  Record<string, { readonly describe: string; readonly rules: readonly PathRule[] }>
>
