#!/usr/bin/env bash
# Makes Chromium be there on this machine. A no-op wherever it already is; on a bare Debian machine it
# installs Debian's own.
set -euo pipefail

say() { printf 'browser: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

for name in chromium chromium-browser google-chrome; do
  ! command -v "$name" >/dev/null || exit 0
done

[ "$(id -u)" = 0 ] || die "no Chromium is there, and installing one needs root"
command -v apt-get >/dev/null || die "no Chromium is there, and no apt-get to install it with"
say "installing chromium"
out=$(mktemp)
{ timeout 120 apt-get -q update &&
  DEBIAN_FRONTEND=noninteractive timeout 300 apt-get -qy install --no-install-recommends \
    chromium fonts-dejavu-core; } >"$out" 2>&1 </dev/null ||
  { tail -n 20 "$out" >&2; rm -f "$out"; die "apt-get could not install chromium (above)"; }
rm -f "$out"
