#!/usr/bin/env bash
# Builds the base image `sam local invoke` starts from for python3.13 functions, under the name SAM
# looks for, from Debian and PyPI alone: no image registry is asked. A no-op when the image is there.
#
# A stand-in for AWS's image, laid out like it: Python in /var/lang, the runtime client and boto3 in
# /var/runtime, the function in /var/task, layers in /opt. SAM adds aws-lambda-rie and the layers.
#
# Needs root, a running engine, and a Python 3.13: $PYTHON, else the active virtual environment's,
# else python3.13 or python3 on the PATH.
# AWSLAMBDARIC and BOTO3 override the two requirements. To rebuild: docker rmi the image.
set -euo pipefail

image=public.ecr.aws/lambda/python:3.13-x86_64
awslambdaric=${AWSLAMBDARIC:-awslambdaric==4.2.2}
boto3=${BOTO3:-boto3==1.44.5}

say() { printf 'base-image: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

! docker image inspect "$image" >/dev/null 2>&1 || { say "$image is there"; exit 0; }
[ -n "$(timeout 10 docker info --format '{{.ServerVersion}}' 2>/dev/null)" ] || die "no Docker engine answers"
[ "$(id -u)" = 0 ] || die "debootstrap and chroot need root"
[ "$(uname -m)" = x86_64 ] || die "this builds the x86_64 image, on x86_64"

python=
for p in "${PYTHON:-}" "${VIRTUAL_ENV:+$VIRTUAL_ENV/bin/python}" python3.13 python3; do
  # -I: a virtual environment or PYTHONPATH must not change the answer.
  if [ -n "$p" ] && "$p" -Ic 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then
    python=$p; break
  fi
done
[ -n "$python" ] || die "no Python 3.13 found; name one with PYTHON="

# Where the interpreter's parts lie. Asked of Python rather than taken as one prefix to copy, because
# for a distribution's Python that prefix is /usr, and for a virtual environment it holds no library.
{ read -r exe; read -r stdlib; } < <("$python" -Ic '
import os, sys
print(os.path.realpath(sys._base_executable))
print(os.path.dirname(os.__file__))')
[ -d "$stdlib/lib-dynload" ] || die "no standard library at $stdlib"
# Empty where the interpreter holds it itself.
libpython=$(ldd "$exe" | awk '$1 ~ /^libpython/ { print $3 }')

if ! command -v debootstrap >/dev/null; then
  say "installing debootstrap"
  out=$(mktemp)
  { timeout 120 apt-get -q update &&
    DEBIAN_FRONTEND=noninteractive timeout 300 apt-get -qy install --no-install-recommends \
      debootstrap; } >"$out" 2>&1 </dev/null ||
    { tail -n 20 "$out" >&2; rm -f "$out"; die "apt-get could not install debootstrap (above)"; }
  rm -f "$out"
fi

# The image is this machine's own Debian release, from this machine's own mirror: the Python copied
# in was linked against these very libraries.
# shellcheck source=/dev/null
codename=$(. /etc/os-release && printf %s "${VERSION_CODENAME:-}")
# shellcheck disable=SC2016  # apt fills these in, not the shell
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
  awk -v c="$codename" '($2 == c || $3 == c) && $4 == "main" { print $1; exit }')
[ -n "$mirror" ] || die "apt has no source for '$codename' main"

# The Debian packages that own the libraries the interpreter and its modules load; not tkinter's,
# which are all of X. dpkg may know a file by its path before or after /lib became /usr/lib, so ask
# for each form and ignore the misses.
mapfile -t objects < <(find "$stdlib/lib-dynload" -name '*.so' ! -name '_tkinter*'; printf '%s\n' "$exe")
packages=$(ldd "${objects[@]}" | awk '$3 ~ /^\// { print $3 }' | sort -u |
  while read -r lib; do printf '%s\n' "$lib" "/usr$lib" "$(readlink -f "$lib")"; done |
  { xargs dpkg-query -S 2>/dev/null || true; } | sed -n 's/^\([a-z0-9.+-]*\)\(:[a-z0-9]*\)\?: .*/\1/p' |
  sort -u | paste -sd,)

work=$(mktemp -d)
root=$work/root
# A failed debootstrap can leave /proc and /sys mounted inside; rm must never walk into those.
pip=
trap 'kill $pip 2>/dev/null || true; umount "$root/proc" "$root/sys" 2>/dev/null || true; rm -rf --one-file-system "$work"' EXIT

# pip needs nothing from debootstrap, so the two run side by side.
timeout 300 "$exe" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
  --target "$work/runtime" "$awslambdaric" "$boto3" >"$work/pip.log" 2>&1 </dev/null &
pip=$!

say "debootstrap of $codename, with $packages"
timeout 600 debootstrap --variant=minbase --include="$packages" "$codename" "$root" "$mirror" \
  >"$work/debootstrap.log" 2>&1 </dev/null ||
  { tail -n 20 "$work/debootstrap.log" >&2; die "debootstrap failed (above)"; }
wait "$pip" || { grep -v '^WARNING' "$work/pip.log" | tail -n 20 >&2; die "pip failed (above)"; }
pip=  # ended: its number may soon be another process's

# Dead weight: every megabyte is packed, imported and unpacked again.
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* \
  "$root"/usr/share/{doc,man,info,locale,i18n}

mkdir -p "$root"/var/lang/{bin,lib} "$root"/var/task "$root"/opt
cp -aL "$exe" "$root/var/lang/bin/python3.13"
ln -s python3.13 "$root/var/lang/bin/python3"
[ -z "$libpython" ] || cp -aL "$libpython" "$root/var/lang/lib/"
# tar keeps the times, so the compiled modules that come along stay valid and starts stay fast.
tar -C "$stdlib" --exclude=./test --exclude=./idlelib --exclude=./ensurepip --exclude=./site-packages \
  --exclude=./dist-packages --exclude='./config-*' --exclude='_tkinter*' -c . |
  { mkdir "$root/var/lang/lib/python3.13" && tar -C "$root/var/lang/lib/python3.13" -x; }
# The interpreter may know libpython by its old place only.
echo /var/lang/lib >"$root/etc/ld.so.conf.d/lang.conf"
chroot "$root" ldconfig
mv "$work/runtime" "$root/var/runtime"

# aws-lambda-rie starts this for each sandbox, with the handler's name in the environment. The order
# is Lambda's: the function first, then layers, then the boto3 of the runtime.
cat >"$root/var/runtime/bootstrap" <<'BOOTSTRAP'
#!/bin/sh
export PYTHONPATH=/var/task:/opt/python/lib/python3.13/site-packages:/opt/python:/var/runtime
exec /var/lang/bin/python3.13 -m awslambdaric "$_HANDLER"
BOOTSTRAP
chmod 755 "$root/var/runtime/bootstrap"

# A library missing in the image must fail here, not in somebody's handler.
PYTHONPATH=/var/runtime chroot "$root" /var/lang/bin/python3.13 -c \
  'import awslambdaric.bootstrap, boto3, bz2, ctypes, lzma, readline, runtime_client, sqlite3, ssl, uuid, zlib' ||
  die "the Python in the image does not work (above)"

# --numeric-owner: the image's users are not this machine's.
tar -C "$root" --numeric-owner --one-file-system -c . | timeout 300 docker import \
  --change 'ENV PATH=/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin' \
  --change 'ENV LD_LIBRARY_PATH=/var/lang/lib:/var/runtime:/var/task:/var/task/lib:/opt/lib' \
  --change 'ENV LANG=C.UTF-8' \
  --change 'ENV LAMBDA_TASK_ROOT=/var/task' \
  --change 'ENV LAMBDA_RUNTIME_DIR=/var/runtime' \
  --change 'WORKDIR /var/task' \
  - "$image" >/dev/null
# SAM would go on using the image that it made of an earlier base (for functions without layers).
docker image rm "${image%-x86_64}-rapid-x86_64" >/dev/null 2>&1 || true
say "$image is built"
