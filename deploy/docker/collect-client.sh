#!/bin/sh
# Puts a built client into the folder ROOT, with the shared libraries that it
# needs, a user, and the certificates of this machine: all that an image needs,
# and no shell. Needs no rights.
#
# usage: collect-client.sh PROGRAM ROOT
set -eu

[ $# -eq 2 ] || { echo "usage: collect-client.sh PROGRAM ROOT" >&2; exit 2; }
program=$1
root=$2

# As Debian has it: /lib is /usr/lib.
mkdir -p "$root/usr/lib" "$root/usr/lib64" "$root/usr/local/bin" "$root/etc/ssl/certs"
ln -sfn usr/lib "$root/lib"
ln -sfn usr/lib64 "$root/lib64"
# Where an engine mounts something, so that it needs not change the image.
mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/run" "$root/tmp" "$root/migrations"
chmod 1777 "$root/tmp"

copy_library() { # PATH
    folder=$(realpath "$(dirname "$1")")
    mkdir -p "$root$folder"
    cp -L "$1" "$root$folder/"
}

# What a program or library needs.
copy_libraries_of() { # PATH
    # Through a file: in a pipe a failure of ldd would not be seen.
    ldd "$1" >"$root/tmp/libraries"
    if grep 'not found' "$root/tmp/libraries" >&2; then exit 1; fi
    # "NAME => PATH (ADDRESS)", and "PATH (ADDRESS)" of the loader itself
    sed -n 's#^[^/]*\(/[^ ]*\) (0x.*#\1#p' "$root/tmp/libraries" | while read -r library; do copy_library "$library"; done
    rm "$root/tmp/libraries"
}

copy_libraries_of "$program"
# Those that the client loads when it needs them, so that ldd does not name them: HTTP, and clouds.yaml.
for name in libcurl.so.4 libyaml-0.so.2; do
    library=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p | sed -n "s#.*$name .*=> ##p" | head -n 1)
    [ -n "$library" ] || continue
    copy_library "$library"
    copy_libraries_of "$library"
done

cp "$program" "$root/usr/local/bin/slipway"
strip "$root/usr/local/bin/slipway" 2>/dev/null || true
chmod 755 "$root/usr/local/bin/slipway"
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
fi
echo 'slipway:x:1000:1000::/:/usr/sbin/nologin' >"$root/etc/passwd"
echo 'slipway:x:1000:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
