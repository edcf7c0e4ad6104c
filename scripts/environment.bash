# shellcheck shell=bash
# Read by the scripts beside it: where the repository is, and a Swift toolchain in PATH.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1

# find_swift: puts the first toolchain found into PATH; false, with a sentence, without one.
find_swift() {
    local folder
    command -v swift >/dev/null && return 0
    for folder in /opt/swift/usr/bin /usr/local/swift/usr/bin /usr/libexec/swift/bin; do
        if [ -x "$folder/swift" ]; then
            PATH=$folder:$PATH
            return 0
        fi
    done
    echo "asyncattach: no Swift toolchain in PATH nor in /opt/swift;" \
        "install Swift 6.3 from https://www.swift.org/install/linux/" >&2
    return 1
}

# step TEXT: what is being done, for a person who waits; in bold where that can be seen.
step() {
    if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then
        printf '\033[1m==> %s\033[0m\n' "$*" >&2
    else
        printf '==> %s\n' "$*" >&2
    fi
}
