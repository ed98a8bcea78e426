import { must, run } from './surroundings.js'

/** Copies an image between places as `skopeo` names them. */
export function skopeo(from: string, to: string, ...options: readonly string[]): void {
  const place = from.startsWith('docker-daemon:') ? [`--src-daemon-host=${process.env.DOCKER_HOST}`] : []
  const always = ['copy', '--quiet', '--insecure-policy', '--dest-tls-verify=false']
  must('skopeo', [...always, ...place, ...options, from, to])
}

/** Runs a command of a shell where the engine is at the place that everybody looks at. */
export function withUsualEngine(command: string): void {
  const script = `mount -t tmpfs tmpfs /run && ln -s "\${DOCKER_HOST#unix://}" /run/docker.sock && exec sh -ec "$0"`
  must('unshare', ['--mount', 'sh', '-ec', script, command])
}

/** What engines and builders of other makers do; each must succeed. */
export function tool(command: string, ...args: readonly string[]): string {
  return must(command, args)
}

/** Removes an image from Podman's storage, if it is there. */
export function removeFromPodman(name: string): void {
  run('podman', ['rmi', '--force', name])
}
