#!/usr/bin/env bash
# What scripts/release would hand out, as far as it can be seen in a moment: the wheel of this build, and that the lists of packages agree. The Debian
# packages and bare systems are tried by hand: scripts/release, scripts/bare_packages.
. tests/cli/check.inc
version=$(sed -n 's/^#define ASSAY_VERSION "\(.*\)"/\1/p' src/base/version.h)

if ! command -v dpkg-query >/dev/null || ! command -v python3 >/dev/null; then echo "skip wheel (no dpkg or python3)"; else
    export PYTHONDONTWRITEBYTECODE=1
    mkdir "$work/one" "$work/two" "$work/unpacked"
    scripts/make_wheel . "$version" "$work/one" >/dev/null && scripts/make_wheel . "$version" "$work/two" >/dev/null; say $? wheel-is-made
    cmp -s "$work"/one/*.whl "$work"/two/*.whl; say $? wheel-is-the-same-bytes-again
    python3 - "$work" "$version" <<'PYTHON'
import base64, glob, hashlib, re, sys, zipfile
work, version = sys.argv[1:]
path = glob.glob(work + "/one/*.whl")[0]
wheel = zipfile.ZipFile(path)
wheel.extractall(work + "/unpacked")
names, info = wheel.namelist(), f"assay-{version}.dist-info/"
listed = [line.rsplit(",", 2) for line in wheel.read(info + "RECORD").decode().splitlines()]
right = all(name.endswith("RECORD") or digest == "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(wheel.read(name)).digest()).rstrip(b"=").decode() for name, digest, _ in listed)
say = lambda good, name: print(("ok " if good else "not ok ") + name)
say(right and sorted(name for name, _, _ in listed) == sorted(names), "wheel-lists-its-files")
say(re.search(r"-py3-none-manylinux_\d+_\d+_\w+\.whl$", path) and f"Tag: {path[:-4].split('-', 2)[2]}" in wheel.read(info + "WHEEL").decode(), "wheel-names-its-system")
say(wheel.getinfo("assay/bin/assay").external_attr >> 16 & 0o111, "wheel-has-the-command")
say({"assay/lib/libjansson.so.4", "assay/lib/libmicrohttpd.so.12"} <= set(names) and not [n for n in names if "libc.so" in n], "wheel-has-what-it-needs-and-no-libc")
say(info + "licenses/LICENSE" in names and info + "licenses/libjansson4" in names, "wheel-has-the-licenses")
PYTHON
    (cd "$work" && PYTHONPATH=$work/unpacked python3 -c "import assay; maps = open('/proc/self/maps').read(); assert '$work/unpacked/assay/lib/libassay.so.1' in maps and assay.version() == '$version'")
    say $? wheel-imports-its-own-library
    chmod +x "$work/unpacked/assay/bin/assay"
    (cd "$work" && PYTHONPATH=$work/unpacked python3 -c 'import sys; sys.argv = ["assay", "version"]; from assay._command import main; main()') | grep -q "^assay $version (commit "
    say $? wheel-runs-its-own-program
fi

# Every file that `make install` writes is in one Debian package: dh_missing stops the build over one that is in none.
if command -v make >/dev/null; then
    places='PREFIX=/usr LIBDIR=/usr/lib/here PYTHONDIR=/usr/lib/python3/dist-packages MODULES=/usr/lib/python3/dist-packages'
    # shellcheck disable=SC2086
    make -s install DESTDIR="$work/root" $places >/dev/null 2>"$work/err"; say $? installs-for-packages
    mkdir -p "$work/root/usr/share/zsh/vendor-completions"
    mv "$work/root/usr/share/zsh/site-functions/_assay" "$work/root/usr/share/zsh/vendor-completions" # as debian/rules does
    rm "$work/root/usr/lib/python3/dist-packages/assay/_installed.py"
    in_packages() {
        local pattern
        while read -r pattern; do
            # shellcheck disable=SC2053
            [[ $1 == $pattern ]] && return 0
        done < <(cat contrib/debian/*.install)
        return 1
    }
    while read -r file; do
        in_packages "$file" || echo "not ok $file is installed, and in no Debian package"
    done < <(cd "$work/root" && find . ! -type d -printf '%P\n')
    while read -r pattern; do
        compgen -G "$work/root/$pattern" >/dev/null; say $? "installed-$(basename "$pattern")"
    done < <(cat contrib/debian/*.install)
else echo "skip installs-for-packages (no make)"; fi

# What is needed to build, in all places that say it.
for package in $(grep -o '\blib[a-z0-9-]*-dev\b\|\bzlib1g-dev\b' scripts/deps | grep -v 'libc6-dev\|cmocka' | sort -u); do
    grep -q "^ *$package,\?$" contrib/debian/control; say $? "debian-builds-with-$package"
done
# What is needed to run, in the container's second stage.
if command -v dpkg-query >/dev/null; then
    for library in $(objdump -p "$assay" | sed -n 's/^ *NEEDED *//p' | grep -v '^libc\.\|^libm\.\|^ld-'); do
        package=$(dpkg-query -S "*/$library" 2>/dev/null | sed -n 's/:.*//p' | head -n 1)
        grep -q "\b$package\b" contrib/Containerfile; say $? "container-has-$library"
    done
fi
for left_out in .git build dist; do grep -qx "$left_out" .dockerignore; say $? "container-is-built-without-$left_out"; done
bash -n scripts/release && bash -n scripts/bare_packages; say $? scripts-are-shell
