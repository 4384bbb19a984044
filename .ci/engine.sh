#!/usr/bin/env bash
# Makes a Docker engine answer on this machine. A no-op wherever one already does;
# on a bare Debian machine it installs Debian's own engine and starts it by hand.
#
#   engine.sh          start (or find) the engine
#   engine.sh stop     end the engine this script started, and nothing else
#
# DOCKERD_LOG / DOCKERD_PID / DOCKERD_WAIT (seconds) override where and how long.
set -euo pipefail

log=${DOCKERD_LOG:-/var/log/ci-dockerd.log}
pidfile=${DOCKERD_PID:-/run/ci-dockerd.pid}
wait_s=${DOCKERD_WAIT:-60}

say() { printf 'engine: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# Judged by a server's version rather than the exit code, which some clients leave at 0 without a
# server. Bounded, because a socket nobody serves any more can make the client hang.
answers() { [ -n "$(timeout 10 docker info --format '{{.ServerVersion}}' 2>/dev/null)" ]; }

# Is the process recorded in file $1 still the program $2? A number alone proves nothing:
# after a crash or a restored snapshot it may belong to an unrelated process.
alive() { [ -s "$1" ] && [ "$(cat "/proc/$(cat "$1")/comm" 2>/dev/null)" = "$2" ]; }

if [ "${1:-start}" = stop ]; then
  alive "$pidfile" dockerd || { say "no engine of this script is running"; exit 0; }
  kill "$(cat "$pidfile")"
  for _ in $(seq 30); do alive "$pidfile" dockerd || exit 0; sleep 1; done
  die "dockerd did not end within 30 s"
fi

answers && { say "an engine already answers"; exit 0; }
# Started here, an engine would not be the one the client is pointed at.
[ -z "${DOCKER_HOST:-}" ] || die "nothing answers at DOCKER_HOST=$DOCKER_HOST"
[ "$(id -u)" = 0 ] || die "no Docker engine answers, and starting one needs root"

if ! command -v dockerd >/dev/null; then
  command -v apt-get >/dev/null || die "no dockerd here, and no apt-get to install it with"
  say "installing docker.io"
  out=$(mktemp)
  { timeout 120 apt-get -q update &&
    DEBIAN_FRONTEND=noninteractive timeout 300 apt-get -qy install --no-install-recommends \
      docker.io iptables ca-certificates; } >"$out" 2>&1 </dev/null ||
    { tail -n 20 "$out" >&2; rm -f "$out"; die "apt-get could not install docker.io (above)"; }
  rm -f "$out"
  # Where packages may start services (systemd), installing was enough.
  for _ in 1 2 3; do answers && { say "the engine came up with its package"; exit 0; }; sleep 1; done
fi

# dockerd refuses to start (or waits for a containerd that is not one) when a left-over pid file
# names any living process.
alive "$pidfile" dockerd || rm -f "$pidfile"
alive /run/docker/containerd/containerd.pid containerd || rm -f /run/docker/containerd/containerd.pid

# Without a cgroup hierarchy no container can start; a bare VM or chroot may lack the mount.
if ! grep -q ' /sys/fs/cgroup' /proc/mounts; then
  mount -t cgroup2 none /sys/fs/cgroup || die "no cgroups are mounted and they cannot be mounted"
fi

if ! alive "$pidfile" dockerd; then
  # No packet filter, no masquerading, no forwarding: a container reaches the bridge address of this
  # machine (host.docker.internal) and nothing beyond it, and it works on kernels without iptables.
  # Published ports still work from this machine, through docker-proxy.
  # The storage driver is left to dockerd: overlay2 where the disk can, else vfs.
  # setsid: the engine must outlive the CI step (and its terminal) that started it.
  setsid dockerd --pidfile "$pidfile" --iptables=false --ip6tables=false --ip-masq=false \
    --ip-forward=false >"$log" 2>&1 </dev/null &
  started=$!
fi

for _ in $(seq "$wait_s"); do
  answers && { say "started (pid $(cat "$pidfile"), log $log)"; exit 0; }
  # Ended already: no use waiting for the rest of the time.
  [ -z "${started:-}" ] || kill -0 "$started" 2>/dev/null ||
    { tail -n 20 "$log" >&2; die "dockerd ended by itself; the end of $log is above"; }
  sleep 1
done

tail -n 20 "$log" >&2 || true
[ -z "${started:-}" ] || kill "$started" 2>/dev/null || true
die "dockerd did not answer within $wait_s s; the end of $log is above"
